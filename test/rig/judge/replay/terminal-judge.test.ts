import { describe, expect, it } from 'vitest';
import type { ReplayEntry } from '../../../../rig/judge/replay/model.ts';
import { loadSession } from '../../../../rig/judge/replay/recorded-session.ts';
import { ReplayedCard, type ReplayedCardOptions } from '../../../../rig/judge/replay/replayed-card.ts';
import { RuleCard } from '../../../../rig/judge/replay/rule-card.ts';
import { parseRules } from '../../../../rig/judge/replay/rules-file.ts';
import { Scope } from '../../../../rig/judge/replay/scope.ts';
import { NO_SECRETS, parseSecrets } from '../../../../rig/judge/replay/secrets.ts';
import { TerminalJudge } from '../../../../rig/judge/replay/terminal-judge.ts';
import { fromHex, toHex } from '../../../../src/apdu/hex.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { VirtualClock } from '../../../../src/hal/virtual/clock.ts';
import { CARD_KEY, HOST_KEY } from './challenge-card.ts';
import { type Pair, recorded } from './recorded.ts';
import { world } from './replaying.ts';

const SELECT_A = '00A4040001AA';
const SELECT_B = '00A4040001BB';
const READ = '00B2010400';
/** The same READ RECORD in two applications. */
const TRACE: readonly (Pair | 'reset' | 'off' | 'on')[] = [
  'on',
  [SELECT_A, '9000'],
  [READ, 'A1 9000'],
  [SELECT_B, '9000'],
  [READ, 'B1 9000'],
  ['002000810431323334', '9000'],
  'off',
];

/** Plays a terminal: commands, and power between them. */
async function play(
  steps: readonly string[],
  options: {
    match?: 'order' | 'best';
    trace?: typeof TRACE;
    rules?: string;
    secrets?: string;
    card?: Partial<ReplayedCardOptions>;
  } = {},
) {
  const secrets = options.secrets === undefined ? NO_SECRETS : parseSecrets(options.secrets, 'secrets.yaml');
  const session = await loadSession(recorded(...(options.trace ?? TRACE)), secrets);
  const entries: ReplayEntry[] = [];
  let sessionEnds = 0;
  const rules = options.rules === undefined ? null : parseRules(options.rules, 'rules.yaml').card;
  const card = new ReplayedCard({
    atr: fromHex('3B80800101'),
    rules: rules === null ? null : new RuleCard(rules, new Scope(secrets, world())),
    judge: options.trace?.length === 0 ? null : new TerminalJudge(session.exchanges, options.match ?? 'order'),
    otherwise: fromHex(rules?.otherwise?.text ?? '6F00'),
    responseTime: 'none',
    clock: systemClock,
    keepSecrets: false,
    onEntry: (entry) => entries.push(entry),
    onSessionEnd: () => sessionEnds++,
    ...options.card,
  });
  const answers: string[] = [];
  for (const step of steps) {
    if (step === 'off') card.fieldOff();
    else if (step === 'on') card.powerOn();
    else if (step === 'reset') card.reset();
    else {
      const bytes = fromHex(step);
      answers.push(toHex(card.response.subarray(0, card.process(bytes, 0, bytes.length))));
    }
  }
  card.end();
  return {
    answers: answers.join(' '),
    sessionEnds,
    entries,
    said: entries.map(({ index, verdict, divergence }) => `${index ?? '-'} ${divergence?.kind ?? verdict}`).join(', '),
  };
}

const ALL = [SELECT_A, READ, SELECT_B, READ, '002000810431323334'];

describe('a terminal in the order of the trace', () => {
  it.each([
    ['does all', ['on', ...ALL, 'off'], '9000 A19000 9000 B19000 9000', '1 PASS, 2 PASS, 3 PASS, 4 PASS, 5 PASS'],
    [
      'does all twice',
      ['on', SELECT_A, READ, SELECT_B, READ, ALL[4]!, 'reset', ...ALL, 'off'],
      '9000 A19000 9000 B19000 9000 9000 A19000 9000 B19000 9000',
      '1 PASS, 2 PASS, 3 PASS, 4 PASS, 5 PASS, 1 PASS, 2 PASS, 3 PASS, 4 PASS, 5 PASS',
    ],
    [
      'leaves one out',
      ['on', SELECT_A, SELECT_B, READ, ALL[4]!],
      '9000 9000 B19000 9000',
      '1 PASS, 2 missing, 3 PASS, 4 PASS, 5 PASS',
    ],
    ['ends early', ['on', SELECT_A, READ, 'off'], '9000 A19000', '1 PASS, 2 PASS, 3 missing, 4 missing, 5 missing'],
    [
      'sends one again',
      [SELECT_A, SELECT_A, READ, SELECT_B, READ, ALL[4]!],
      '9000 9000 A19000 9000 B19000 9000',
      '1 PASS, - command, 2 PASS, 3 PASS, 4 PASS, 5 PASS',
    ],
    [
      'sends another one',
      [SELECT_A, '00B2020400', SELECT_B, READ, ALL[4]!],
      '9000 6F00 9000 B19000 9000',
      '1 PASS, - command, 2 missing, 3 PASS, 4 PASS, 5 PASS',
    ],
    [
      'sends more',
      [...ALL, '00CA0000'],
      '9000 A19000 9000 B19000 9000 6F00',
      '1 PASS, 2 PASS, 3 PASS, 4 PASS, 5 PASS, - extra',
    ],
  ])('%s', async (_, steps, answers, said) => {
    expect(await play(steps)).toMatchObject({ answers, said });
  });

  it('says where a command differs from the expected one', async () => {
    const { entries } = await play([SELECT_A, '00B2020400']);
    expect(entries[1]?.divergence).toMatchObject({
      where: 'instead of exchange 2, READ RECORD: P1 differs',
      offset: 2,
      expected: READ,
      got: '00B2020400',
    });
  });

  it('knows two sessions of one trace', async () => {
    const trace = ['on', [SELECT_A, '9000'], 'reset', [SELECT_B, '9000'], 'off'] as const;
    expect((await play(['on', SELECT_A, 'off', 'on', SELECT_B, 'off'], { trace })).said).toBe('1 PASS, 2 PASS');
    expect((await play(['on', SELECT_A, SELECT_B, 'off'], { trace })).said).toBe('1 PASS, 2 command');
  });

  it('tells the end of a session, not that a card was switched on and off', async () => {
    expect((await play(['on', 'off', 'on', SELECT_A, 'off', 'on', 'off'])).sessionEnds).toBe(1);
  });

  it('takes any code where the trace is masked, and only the right one where it is given', async () => {
    const trace = [['0020008104XXXXXXXX', '9000']] as const;
    const wrong = ['002000810439393939'];
    expect((await play(wrong, { trace })).answers).toBe('9000');
    const given = await play(wrong, { trace, secrets: "codes: {'81': '1234'}" });
    expect(given.answers).toBe('6F00');
    expect(JSON.stringify(given.entries)).not.toMatch(/39393939|31323334/);
  });
});

describe('the best match', () => {
  it.each([
    ['another order', [SELECT_B, READ, SELECT_A, READ], '9000 B19000 9000 A19000', '3 PASS, 4 PASS, 1 PASS, 2 PASS'],
    ['again and again', [SELECT_B, READ, READ, READ], '9000 B19000 B19000 B19000', '3 PASS, 4 PASS, 4 PASS, 4 PASS'],
    ['an unknown command', ['00CA0000'], '6F00', '- command'],
  ])('%s', async (_, steps, answers, said) => {
    expect(await play(steps, { match: 'best' })).toMatchObject({ answers, said });
  });
});

describe('a card of rules', () => {
  const RULES = `
version: 1
card:
  otherwise: 6D00
  answers:
    - {command: 00A4040001 AA, answer: '9000', next: a}
    - {command: 00A4040001 BB, answer: '9000', next: b}
    - {command: 00B2010400, in: a, answer: A1 9000}
    - {command: 00B2010400, in: [b], answer: [B1 9000, B2 9000]}
    - {command: 00B2 *, answer: 6A83}
    - command: 00 84 00 00 08
      compute: {challenge: {plug: random, length: '8'}}
      answer: '{challenge} 9000'
    - command: 00 82 00 01 08 *
      compute: {wanted: {plug: aes-cmac, key: host, data: '{challenge}', length: '8'}}
      check: {at: command data, value: '{wanted}', otherwise: '6300'}
      answer: 9000
      next: proven
    - command: 00 88 00 02 08 *
      capture: {question: command data}
      compute: {proof: {plug: aes-cmac, key: card, data: '{question}'}}
      answer: '{proof} 9000'
    - {command: 00B0000000, in: proven, answer: C0FFEE 9000}
`;
  const rules = (steps: readonly string[]) =>
    play(steps, { trace: [], rules: RULES, secrets: `keys: {host: ${HOST_KEY}, card: ${CARD_KEY}}` });

  it.each([
    ['answers by state', [READ, SELECT_A, READ, SELECT_B, READ], '6A83 9000 A19000 9000 B19000'],
    ['in turn, the last one stays', [SELECT_B, READ, READ, READ], '9000 B19000 B29000 B29000'],
    ['forgets at a reset', [SELECT_A, READ, 'reset', READ], '9000 A19000 6A83'],
    ['says what it does not know', ['00CA0000'], '6D00'],
    ['does not take a cryptogram without a challenge', ['00820001080000000000000000'], '6F00'],
  ])('%s', async (_, steps, answers) => {
    expect((await rules(steps)).answers).toBe(answers);
  });

  it('answers a challenge and judges one', async () => {
    const { cmac } = nobleCrypto();
    // RFC 4493 computed with the same primitive as in the toy card; the check is that both sides meet.
    const proof = toHex(cmac(fromHex(CARD_KEY), fromHex('0102030405060708')));
    expect((await rules(['00880002080102030405060708'])).answers).toBe(`${proof}9000`);
    const wrong = await rules(['0084000008', '0082000108FFFFFFFFFFFFFFFF', '00B0000000']);
    expect(wrong.answers.split(' ').slice(1)).toEqual(['6300', '6D00']);
  });
});

it('holds an answer back for as long as it was recorded, or as is set', async () => {
  for (const [responseTime, leastNs] of [
    ['recorded', 1_000_000],
    [3, 3_000_000],
  ] as const) {
    const { entries } = await play([SELECT_A], { card: { responseTime } });
    expect(entries[0]?.time?.tookNs).toBeGreaterThanOrEqual(leastNs);
    expect(entries[0]?.time?.recordedNs).toBe(1_000_000);
  }
  const clock = new VirtualClock();
  const { entries } = await play([SELECT_A], { card: { clock } });
  expect(entries[0]?.time?.tookNs).toBe(0);
});

describe('what a link can carry', () => {
  const rules = `
version: 1
card:
  answers:
    - {command: 00B00000 *, answer: ${'AB'.repeat(261)} 9000}
    - {command: 00B00001 *, answer: ${'AB'.repeat(260)} 9000}
    - {command: 00B00002 *, answer: 9000, responseTime: 300 ms}
`;

  it('an answer that is too long for it is 6F00, and the session goes on', async () => {
    const steps = ['00B0000000', '00B0000100'];
    const { answers, entries } = await play(steps, { trace: [], rules, card: { largestAnswer: 262 } });
    expect(answers).toBe(`6F00 ${'AB'.repeat(260)}9000`);
    expect(entries[0]).toMatchObject({
      verdict: 'INCONCLUSIVE',
      problem: 'an answer of 263 bytes cannot be given: the link carries 262',
    });
    expect((await play(steps, { trace: [], rules })).answers).toMatch(/^(AB){261}9000 /);
  });

  it('is told beforehand how long an answer is held back', async () => {
    const secrets = NO_SECRETS;
    const session = await loadSession(recorded(...TRACE), secrets);
    const slowest = (responseTime: ReplayedCardOptions['responseTime'], command: string): number => {
      const bytes = fromHex(command);
      return new ReplayedCard({
        atr: fromHex('3B80800101'),
        rules: new RuleCard(parseRules(rules, 'rules.yaml').card!, new Scope(secrets, world())),
        judge: new TerminalJudge(session.exchanges, 'order'),
        otherwise: fromHex('6F00'),
        responseTime,
        clock: systemClock,
        keepSecrets: false,
        onEntry: () => {},
        onSessionEnd: () => {},
      }).expectedMicroseconds(bytes, 0, bytes.length);
    };
    expect(slowest('none', SELECT_A)).toBe(0);
    expect(slowest('recorded', SELECT_A)).toBe(1000);
    expect(slowest('recorded', '00CA0000')).toBe(0);
    expect(slowest(40, '00CA0000')).toBe(40_000);
    expect(slowest('none', '00B0000200')).toBe(300_000);
  });
});
