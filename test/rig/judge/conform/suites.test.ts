import { describe, expect, it } from 'vitest';
import { InProcessCard } from '../../../../rig/judge/conform/card-under-test.ts';
import { coverageOf } from '../../../../rig/judge/conform/coverage.ts';
import { declareProfile } from '../../../../rig/judge/conform/declare-profile.ts';
import type { CaseResult } from '../../../../rig/judge/conform/model.ts';
import { countVerdicts } from '../../../../rig/judge/conform/model.ts';
import { makerOf, openRenewable, specificationOf } from '../../../../rig/judge/conform/open-card.ts';
import { runSuite } from '../../../../rig/judge/conform/run-suite.ts';
import { loadSuite, SUITE_NAMES, type SuiteName } from '../../../../rig/judge/conform/suites/index.ts';
import { VITAP_COMMANDS } from '../../../../rig/judge/conform/vitap-commands.ts';
import { fromHex } from '../../../../src/apdu/hex.ts';
import type { Applet } from '../../../../src/applet/applet.ts';
import type { CardSpecification } from '../../../../src/applet/image/specification.ts';
import { ISO7816_COMMANDS } from '../../../../src/applet/iso7816/index.ts';
import { SECURITY_COMMANDS } from '../../../../src/applet/iso7816/security-commands.ts';
import type { CardInterface } from '../../../../src/hal/card-link.ts';

async function judge(
  suite: SuiteName,
  profile: string,
  applets: readonly Applet[] = [],
  cardInterface: CardInterface | null = null,
): Promise<readonly CaseResult[]> {
  const card = await openRenewable({ kind: 'profile', name: profile }, cardInterface, applets);
  const declaration = declareProfile((await specificationOf(profile)) as CardSpecification, card.cardInterface);
  const settings = { declaration, destructive: true, signal: new AbortController().signal };
  const { cases } = await loadSuite(suite);
  return runSuite(cases, new InProcessCard(profile, makerOf(card)), settings, () => {});
}

/** What failed or could not be judged, with the reason: nothing. */
const wrong = (results: readonly CaseResult[]): string[] =>
  results
    .filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive')
    .map(({ id, verdict, reason }) => `${verdict} ${id}: ${reason}`);

describe.each(SUITE_NAMES)('the suite %s', (name) => {
  it('has ids of one form, each once, of groups that have a name', async () => {
    const { cases, groups } = await loadSuite(name);
    const ids = cases.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) {
      expect(id).toMatch(/^[A-Z0-9]{3}-[A-Z0-9-]+$/);
      expect(Object.keys(groups)).toContain(id.split('-')[0]);
    }
  });

  it('names commands by the names of the standards', async () => {
    const { cases } = await loadSuite(name);
    for (const { commands } of cases) for (const each of commands) expect(VITAP_COMMANDS).toContain(each);
  });

  it('has a title for every case, and no two alike', async () => {
    const { cases } = await loadSuite(name);
    const titles = cases.map(({ title }) => title);
    expect(titles.filter((title, i) => titles.indexOf(title) !== i)).toEqual([]);
  });
});

/** Every instruction, in three proprietary classes of the own application. */
const APPLET: Applet = {
  aid: fromHex('D250000002564954414C45'),
  commands: Array.from({ length: 256 }, (_, ins) => ins)
    .filter((ins) => ins !== 0xc0)
    .map((ins) => ({
      ins,
      classes: [0x80, 0x90, 0xb0],
      name: 'PROPRIETARY',
      standard: 'none',
      cases: [1, 2, 3, 4],
      parameters: [{ p1: [0, 255], p2: [0, 255], meaning: 'anything' }],
      chaining: false,
      lifeCycle: 'any',
      security: 'none',
      cost: 'ram',
      execute: () => 0x9000,
    })),
};

describe('our cards', () => {
  it('lab: 300 cases and more are judged, every row is reached, and nothing fails', { timeout: 300_000 }, async () => {
    const results = await judge('iso7816-4', 'lab');
    expect(wrong(results)).toEqual([]);
    expect(countVerdicts(results).pass).toBeGreaterThanOrEqual(300);
    // Channels and keys are judged by suites of their own.
    const judged = ISO7816_COMMANDS.filter((row) => !SECURITY_COMMANDS.includes(row));
    const { rows } = coverageOf(results, judged);
    expect(rows.filter(({ cases, commands }) => cases === 0 || commands === 0)).toEqual([]);
  });

  it('vitale2 with an applet of classes 80, 90 and B0: nothing fails', { timeout: 60_000 }, async () => {
    const { cases } = await loadSuite('iso7816-4');
    const results = await judge('iso7816-4', 'vitale2', [APPLET]);
    expect(wrong(results)).toEqual([]);
    const classes = results.filter(({ id }) => id.startsWith('CLA-'));
    expect(classes.length).toBe(cases.filter(({ id }) => id.startsWith('CLA-')).length);
    expect(classes.find(({ id }) => id === 'CLA-004')?.verdict).toBe('pass');
  });

  it.each<[SuiteName, string, number, CardInterface?]>([
    ['iso7816-4', 'vitale2', 300],
    ['iso7816-4', 'vitale2-t0', 300],
    ['iso7816-4', 'apcv', 250],
    ['iso7816-4', 'reference', 200],
    ['iso7816-4', 'ndef', 200],
    ['vitale', 'vitale2', 20],
    ['vitale', 'vitale2-t0', 20],
    ['vitale', 'apcv', 5, 'contact'],
    // In clear over an antenna: nothing is given, and no code is taken.
    ['vitale', 'apcv', 2, 'contactless'],
    ['t4t', 'ndef', 25],
  ])(
    '%s on %s: nothing fails, %i cases and more are judged',
    { timeout: 300_000 },
    async (suite, profile, least, on) => {
      const results = await judge(suite, profile, [], on);
      expect(wrong(results)).toEqual([]);
      expect(countVerdicts(results).pass).toBeGreaterThanOrEqual(least);
    },
  );

  it('a suite for another kind of card applies to none of its cases', async () => {
    const results = await judge('t4t', 'lab');
    expect(countVerdicts(results)['not-applicable']).toBe(results.length);
  });
});
