import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseProfile } from '../../../../rig/card/profile/index.ts';
import { readDeclaration } from '../../../../rig/judge/conform/declaration-file.ts';
import type { CaseResult } from '../../../../rig/judge/conform/model.ts';
import { countVerdicts } from '../../../../rig/judge/conform/model.ts';
import { runSuite, selectsId } from '../../../../rig/judge/conform/run-suite.ts';
import { loadSuite } from '../../../../rig/judge/conform/suites/index.ts';
import { Card } from '../../../../src/applet/card.ts';
import { personalise } from '../../../../src/applet/image/personalise.ts';
import { nobleHashes } from '../../../../src/hal/noble/hashes.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { MemoryNvm } from '../../../../src/hal/nvm/memory.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { keptCard } from './kept-card.ts';

const profiles = join(import.meta.dirname, '../../../vectors/profiles');

async function judge(only: string | null): Promise<readonly CaseResult[]> {
  const crypto = nobleCrypto();
  const text = readFileSync(join(profiles, 'declared.yaml'), 'utf8');
  const specification = parseProfile(text, 'declared.yaml', { random: new SeededRandom('conform'), crypto });
  const nvm = new MemoryNvm(personalise(specification, crypto));
  const card = new Card({ nvm, clock: systemClock, crypto: nobleHashes(), random: new SeededRandom('card') });
  const declaration = readDeclaration(join(profiles, 'declared-declaration.yaml'));
  const { cases } = await loadSuite('iso7816-4');
  const selects = selectsId(only);
  const selected = cases.filter(({ id }) => selects(id));
  const settings = { declaration, destructive: true, signal: new AbortController().signal };
  return runSuite(selected, keptCard(card.port('contact')), settings, () => {});
}

const verdictsOf = (results: readonly CaseResult[], verdict: string): string[] =>
  results.filter((each) => each.verdict === verdict).map(({ id, reason }) => `${id}: ${reason}`);

describe('a declared card that is not renewed, with cases that change it', () => {
  it('has no case that fails, and few that cannot be judged', { timeout: 60_000 }, async () => {
    const results = await judge('!SEL-118,!RBI-028,!RBI-029,!RRX-?7');
    expect(verdictsOf(results, 'fail')).toEqual([]);
    // One case blocks the code of the card, and nothing gives its tries back: the others that block it have none.
    const blocked = 'the card is not as it is declared any more; code 01: 0 of its 3 tries are left';
    expect(verdictsOf(results, 'inconclusive')).toEqual([
      `VER-K06: ${blocked}`,
      `VER-K09: ${blocked}`,
      `CHG-K3: ${blocked}`,
    ]);
    expect(countVerdicts(results).pass).toBeGreaterThan(300);
  });
});
