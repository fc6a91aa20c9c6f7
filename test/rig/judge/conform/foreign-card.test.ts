import { describe, expect, it } from 'vitest';
import { parseDeclaration } from '../../../../rig/judge/conform/declaration-file.ts';
import { deriveDeclaration } from '../../../../rig/judge/conform/derive.ts';
import type { CaseResult } from '../../../../rig/judge/conform/model.ts';
import { countVerdicts } from '../../../../rig/judge/conform/model.ts';
import { runSuite } from '../../../../rig/judge/conform/run-suite.ts';
import { withSelectionWays } from '../../../../rig/judge/conform/selection-ways.ts';
import { loadSuite } from '../../../../rig/judge/conform/suites/index.ts';
import { type Fci, FOREIGN_DECLARATION, ForeignCard } from './foreign-card.ts';
import { keptCard } from './kept-card.ts';

const wrong = (results: readonly CaseResult[], verdict: string): string[] =>
  results.filter((each) => each.verdict === verdict).map(({ id, reason }) => `${id}: ${reason}`);

async function judge(fci: Fci, declared: boolean): Promise<readonly CaseResult[]> {
  const card = keptCard(new ForeignCard(fci));
  const declaration = declared
    ? parseDeclaration(FOREIGN_DECLARATION, 'foreign.yaml')
    : await deriveDeclaration({ session: await card.begin(), atr: card.atr as Uint8Array, protocol: 'T=1' });
  const settings = {
    declaration: await withSelectionWays(declaration, card),
    destructive: declared,
    signal: new AbortController().signal,
    offered: new Set<string>(),
  };
  const { cases } = await loadSuite('iso7816-4');
  return runSuite(cases, card, settings, () => {});
}

describe.each<Fci>(['6F', '62', 'bare', 'none'])(
  'a card of another maker that selects by identifier and by name alone, control information: %s',
  (fci) => {
    it('declared, and changed by cases: none fails, and those on its files are judged', {
      timeout: 60_000,
    }, async () => {
      const results = await judge(fci, true);
      expect(wrong(results, 'fail')).toEqual([]);
      // Blocked once, its code stays so: nothing that is declared unblocks it.
      expect(wrong(results, 'inconclusive').filter((each) => !each.includes('tries are left'))).toEqual([]);
      expect(countVerdicts(results).pass).toBeGreaterThan(120);
    });

    it('judged by what it says of itself: none fails', { timeout: 60_000 }, async () => {
      const results = await judge(fci, false);
      expect(wrong(results, 'fail')).toEqual([]);
      expect(wrong(results, 'inconclusive')).toEqual([]);
      expect(countVerdicts(results).pass).toBeGreaterThan(20);
    });
  },
);

it('ways of selecting that it does not offer are not applicable', async () => {
  const results = await judge('6F', true);
  const ways = results.filter(({ id }) => /^SEL-P1-0[1289]D?-0[04C]/.test(id));
  expect(ways.length).toBeGreaterThan(10);
  expect(new Set(ways.map(({ verdict }) => verdict))).toEqual(new Set(['not-applicable']));
});
