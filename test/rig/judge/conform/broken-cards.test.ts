import { describe, expect, it } from 'vitest';
import { type CardUnderTest, InProcessCard } from '../../../../rig/judge/conform/card-under-test.ts';
import { declareProfile } from '../../../../rig/judge/conform/declare-profile.ts';
import type { CaseResult } from '../../../../rig/judge/conform/model.ts';
import { openRenewable, specificationOf } from '../../../../rig/judge/conform/open-card.ts';
import { runSuite, selectsId } from '../../../../rig/judge/conform/run-suite.ts';
import { loadSuite } from '../../../../rig/judge/conform/suites/index.ts';
import type { CardSpecification } from '../../../../src/applet/image/specification.ts';
import { HalError } from '../../../../src/hal/errors.ts';
import { MeddlingCard } from './scripted-card.ts';

/** The suite must be able to fail: cards that are wrong in one way each, and the cases that must see it. */

const suite = await loadSuite('iso7816-4');
const lab = await openRenewable({ kind: 'profile', name: 'lab' }, null);
const declaration = declareProfile((await specificationOf('lab')) as CardSpecification);

type Change = (command: string, answer: string, count: number) => string;

async function judge(only: string, change: Change): Promise<readonly CaseResult[]> {
  const card: CardUnderTest = new InProcessCard('broken', (onFault) => new MeddlingCard(lab.make(onFault), change));
  const selects = selectsId(only);
  const cases = suite.cases.filter(({ id }) => selects(id));
  const settings = { declaration, destructive: true, signal: new AbortController().signal };
  return runSuite(cases, card, settings, () => {});
}

const ids = (results: readonly CaseResult[], verdict: CaseResult['verdict']): string[] =>
  results.filter((each) => each.verdict === verdict).map(({ id }) => id);

const isCommand = (command: string, ins: string): boolean => command.slice(2, 4) === ins;

describe('a card that is wrong in one way', () => {
  it.each<[string, string, Change]>([
    [
      'takes any wrong code for right',
      'VER-A04',
      (command, answer) => (isCommand(command, '20') && answer.startsWith('63') ? '9000' : answer),
    ],
    [
      'counts no tries',
      'VER-A05',
      (command, answer) => (isCommand(command, '20') && answer.startsWith('63') ? '63C2' : answer),
    ],
    ['says 9000 where it refuses a rule', 'REF-D6-7', (_, answer) => (answer === '6982' ? '9000' : answer)],
    ['says not found where a rule refuses', 'REF-D6-7', (_, answer) => (answer === '6982' ? '6A82' : answer)],
    [
      'swaps the first two bytes that it reads',
      'RBI-002',
      (command, answer) =>
        isCommand(command, 'B0') && answer.length > 8
          ? answer.slice(2, 4) + answer.slice(0, 2) + answer.slice(4)
          : answer,
    ],
    [
      'gives one byte less than asked',
      'RBI-045',
      (command, answer) =>
        isCommand(command, 'B0') && answer.length > 8 ? answer.slice(0, -6) + answer.slice(-4) : answer,
    ],
    ['gives data with a refusal', 'REF-D6-7', (_, answer) => (answer === '6982' ? 'AA6982' : answer)],
    ['knows every instruction', 'INS-001', (_, answer) => (answer === '6D00' ? '9000' : answer)],
    [
      'confuses first and last',
      'RRE-F0-N',
      (command, answer) => (command === '00B2000000' ? `${'00'.repeat(16)}9000` : answer),
    ],
    ['opens no channel', 'CHA-001', (command, answer) => (isCommand(command, '70') ? '6A81' : answer)],
    [
      'warns of nothing at the end of a file',
      'RBI-024',
      (_, answer) => (answer.endsWith('6282') ? `${answer.slice(0, -4)}9000` : answer),
    ],
    [
      'answers a wrong structure as a security refusal',
      'REF-002',
      (_, answer) => (answer === '6981' ? '6982' : answer),
    ],
  ])('%s: %s sees it', async (_, id, change) => {
    const [result] = await judge(id, change);
    expect(result).toMatchObject({ id, verdict: 'fail' });
    expect(result?.steps.at(-1)?.faults).not.toEqual([]);
    const [sound] = await judge(id, (_command, answer) => answer);
    expect(sound).toMatchObject({ id, verdict: 'pass' });
  });

  it('keeps files written although it refused: the step that reads them sees it', async () => {
    const [result] = await judge('REF-005', (command, answer) => (command === '00B0000004' ? 'DEADBEEF9000' : answer));
    expect(result?.verdict).toBe('fail');
    expect(result?.reason).toContain('READ BINARY: the data differ from byte 0 on: DEADBEEF instead of 00010203');
  });
});

describe('a card that goes away', () => {
  it('for one command leaves that case without a verdict, and the next is judged', async () => {
    let fallen = false;
    const results = await judge('RBI-00?', (_, answer) => {
      if (fallen) return answer;
      fallen = true;
      throw new HalError('card-removed', 'the card was taken out');
    });
    expect(ids(results, 'inconclusive')).toEqual(['RBI-001']);
    expect(results[0]?.reason).toBe('the link died: the card was taken out');
    expect(results[0]?.steps).toHaveLength(1);
    expect(ids(results, 'pass')).toHaveLength(5);
  });

  it('for good fails nothing and passes nothing', async () => {
    const results = await judge('RBI-0??', () => {
      throw new HalError('card-removed', 'the card was taken out');
    });
    expect(ids(results, 'pass')).toEqual([]);
    expect(ids(results, 'fail')).toEqual([]);
    expect(ids(results, 'inconclusive').length).toBeGreaterThan(10);
  });
});

describe('a card that selects nothing', () => {
  it('leaves the cases that need a selection without a verdict', async () => {
    const results = await judge('RBI-0??', (command, answer) => (isCommand(command, 'A4') ? '6A82' : answer));
    expect(ids(results, 'inconclusive').length).toBe(results.length);
    expect(results[0]?.reason).toMatch(/^a precondition failed: step 1, SELECT/);
  });
});
