import { describe, expect, it } from 'vitest';
import { listCommands } from '../../../../rig/card/commands.ts';
import { InProcessCard } from '../../../../rig/judge/conform/card-under-test.ts';
import { defineCase } from '../../../../rig/judge/conform/define.ts';
import type { CaseResult } from '../../../../rig/judge/conform/model.ts';
import { citations, citationsInWords } from '../../../../rig/judge/conform/report.ts';
import { runSuite } from '../../../../rig/judge/conform/run-suite.ts';
import { loadSuite, SUITE_NAMES } from '../../../../rig/judge/conform/suites/index.ts';
import { ISO7816_COMMANDS } from '../../../../src/applet/iso7816/index.ts';
import { HalError } from '../../../../src/hal/errors.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { declared, ScriptedCard } from './scripted-card.ts';

/** As looked up in texts that quote ISO/IEC 7816-4:2005; src/applet/iso7816/index.ts names them. */
const CLAUSES_2005: Readonly<Record<string, string>> = {
  SELECT: '7.1.1',
  'MANAGE CHANNEL': '7.1.2',
  'READ BINARY': '7.2.3',
  'WRITE BINARY': '7.2.4',
  'UPDATE BINARY': '7.2.5',
  'ERASE BINARY': '7.2.7',
  'READ RECORD': '7.3.3',
  'WRITE RECORD': '7.3.4',
  'UPDATE RECORD': '7.3.5',
  'ERASE RECORD': '7.3.8',
  'GET DATA': '7.4.2',
  'PUT DATA': '7.4.3',
  VERIFY: '7.5.6',
  'CHANGE REFERENCE DATA': '7.5.7',
  'ENABLE VERIFICATION REQUIREMENT': '7.5.8',
  'DISABLE VERIFICATION REQUIREMENT': '7.5.9',
  'RESET RETRY COUNTER': '7.5.10',
  'GET RESPONSE': '7.6.1',
  ENVELOPE: '7.6.2',
};
const ISO_2005 = 'ISO/IEC 7816-4:2005';
const T4T_20 = 'NFC Forum Type 4 Tag Operation Specification 2.0';
/** Class byte and instruction byte of the same edition; the procedures of the table of contents of T4TOP 2.0. */
const OTHERS = [`${ISO_2005}, 5.1.1`, `${ISO_2005}, 5.1.2`, ...[1, 2, 3, 4, 5, 6, 7].map((n) => `${T4T_20}, 5.4.${n}`)];

const withoutOdd = (name: string): string => name.replace(' (odd INS)', '');

describe('the command rows', () => {
  it('cite the clauses that were looked up and no others, even and odd instruction alike', () => {
    for (const { name, standard, clause } of ISO7816_COMMANDS) {
      const found = CLAUSES_2005[withoutOdd(name)];
      expect(clause, name).toBe(found);
      if (found === undefined) expect(standard, name).toMatch(/^ISO\/IEC 7816-[489]$/);
      else expect(standard, name).toBe(ISO_2005);
    }
  });

  it('are listed with their clause, or with the word that there is none', async () => {
    const io = fakeIo();
    await listCommands({}, io);
    expect(io.out.join('')).toContain('READ BINARY  (ISO/IEC 7816-4:2005, 7.2.3; case 2');
    expect(io.out.join('')).toContain('SEARCH RECORD  (ISO/IEC 7816-4 (no clause looked up); case');
  });
});

describe.each(SUITE_NAMES)('the suite %s', (name) => {
  it('cites nothing that was not looked up, and an edition with every clause', { timeout: 30_000 }, async () => {
    const known = new Set([...Object.values(CLAUSES_2005).map((clause) => `${ISO_2005}, ${clause}`), ...OTHERS]);
    const { cases } = await loadSuite(name);
    for (const { id, standard, clause } of cases) {
      if (clause === undefined) expect(standard, id).not.toMatch(/\d{4}$|2\.0$/);
      else expect(known, id).toContain(`${standard}, ${clause}`);
    }
  });
});

describe('a case', () => {
  const cited = (text: { id?: string; commands?: string[]; standard?: string }): unknown[] => {
    const { standard, clause } = defineCase({ id: 'TST-1', title: '', commands: [], steps: () => [], ...text });
    return [standard, clause];
  };

  it('cites the clause of its first command', () => {
    expect(cited({ commands: ['READ RECORD (odd INS)', 'VERIFY'] })).toEqual([ISO_2005, '7.3.3']);
    expect(cited({ commands: ['SEARCH BINARY'] })).toEqual(['ISO/IEC 7816-4', undefined]);
    expect(cited({ commands: ['CREATE FILE'] })).toEqual(['ISO/IEC 7816-9', undefined]);
    expect(cited({})).toEqual(['ISO/IEC 7816-4', undefined]);
  });

  it('cites what its group is about where that is no command', () => {
    expect(cited({ id: 'CLA-001', commands: ['SELECT'] })).toEqual([ISO_2005, '5.1.1']);
    expect(cited({ id: 'CHN-001', commands: ['UPDATE BINARY'] })).toEqual(['ISO/IEC 7816-4', undefined]);
  });

  it('of another standard cites no clause of this one', () => {
    expect(cited({ commands: ['SELECT'], standard: 'field practice' })).toEqual(['field practice', undefined]);
  });
});

it.each(SUITE_NAMES)(
  'the counts of %s are those of its cases, whatever became of them',
  { timeout: 30_000 },
  async (name) => {
    const { cases } = await loadSuite(name);
    const dies = (): never => {
      throw new HalError('card-removed', 'no card');
    };
    const card = new InProcessCard('dead', () => new ScriptedCard(dies));
    const settings = { declaration: declared(), destructive: true, signal: new AbortController().signal };
    const results: readonly CaseResult[] = await runSuite(cases, card, settings, () => {});
    const citing = cases.filter(({ clause }) => clause !== undefined).length;
    expect(citations(results)).toEqual({ clause: citing, standardOnly: cases.length - citing });
    expect(citationsInWords(results)).toContain(`cite a clause: ${citing};`);
    for (const [i, { standard, clause }] of results.entries())
      expect([standard, clause]).toEqual([cases[i]?.standard, cases[i]?.clause]);
  },
);
