import { describe, expect, it } from 'vitest';
import { InProcessCard } from '../../../../../rig/judge/conform/card-under-test.ts';
import type { CardDeclaration } from '../../../../../rig/judge/conform/declaration.ts';
import { parseDeclaration } from '../../../../../rig/judge/conform/declaration-file.ts';
import { declareProfile } from '../../../../../rig/judge/conform/declare-profile.ts';
import type { CaseResult } from '../../../../../rig/judge/conform/model.ts';
import { countVerdicts } from '../../../../../rig/judge/conform/model.ts';
import { runSuite } from '../../../../../rig/judge/conform/run-suite.ts';
import { loadSuite, type SuiteName } from '../../../../../rig/judge/conform/suites/index.ts';
import { withChannel } from '../../../../../rig/judge/conform/terminal/find-channel.ts';
import { encodePassword } from '../../../../../src/secure-channel/index.ts';
import { bootPace, PIN_CODE, paceSpecification } from '../../../../applet/pace-card.ts';
import { SMALL_DECLARATION, SmallCard, SmallChip } from './small-chip.ts';

async function judge(suite: SuiteName, declared: CardDeclaration, card: InProcessCard): Promise<readonly CaseResult[]> {
  const declaration = await withChannel(declared, card);
  const settings = { declaration, destructive: true, signal: new AbortController().signal };
  return runSuite((await loadSuite(suite)).cases, card, settings, () => {});
}

const wrong = (results: readonly CaseResult[]): string[] =>
  results
    .filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive')
    .map(({ id, verdict, reason }) => `${verdict} ${id}: ${reason}`);

let seed = 0;
const ours = (): InProcessCard => new InProcessCard('ours', () => bootPace({ seed: `${seed++}` }).port);
const small = (): InProcessCard =>
  new InProcessCard('small', () => new SmallCard(() => new SmallChip(undefined, `${seed++}`)));

describe('a card of ours with CAN, PIN and PUK', () => {
  it.each<[SuiteName, number]>([
    ['sm', 85],
    ['pace', 100],
  ])('%s: nothing fails, %i cases and more are judged', { timeout: 600_000 }, async (suite, least) => {
    const results = await judge(suite, declareProfile(paceSpecification(), 'contactless'), ours());
    expect(wrong(results)).toEqual([]);
    expect(countVerdicts(results).pass).toBeGreaterThanOrEqual(least);
  });
});

describe('a small card of another make, as its owner declares it', () => {
  it.each<[SuiteName, number]>([
    ['sm', 75],
    ['pace', 80],
  ])('%s: nothing fails, %i cases and more are judged', { timeout: 600_000 }, async (suite, least) => {
    const results = await judge(suite, parseDeclaration(SMALL_DECLARATION, 'small.yaml'), small());
    expect(wrong(results)).toEqual([]);
    expect(countVerdicts(results).pass).toBeGreaterThanOrEqual(least);
  });
});

it('a card without a password that is known is asked nothing, and no case applies', async () => {
  const specification = paceSpecification();
  const declaration = {
    ...declareProfile(specification, 'contactless'),
    channelWords: { passwords: { PIN: encodePassword(PIN_CODE) }, tries: {}, confined: null, granted: null },
  };
  const results = await judge('pace', declaration, ours());
  expect(countVerdicts(results)['not-applicable']).toBe(results.length);
});
