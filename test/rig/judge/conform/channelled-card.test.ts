import { describe, expect, it } from 'vitest';
import { NO_CHANNEL } from '../../../../rig/channel/choice.ts';
import { ReaderChannel } from '../../../../rig/channel/reader-channel.ts';
import { InProcessCard } from '../../../../rig/judge/conform/card-under-test.ts';
import { ChannelledCard } from '../../../../rig/judge/conform/channelled-card.ts';
import { declareProfile } from '../../../../rig/judge/conform/declare-profile.ts';
import { defineCase, given, ok, send, sweep } from '../../../../rig/judge/conform/define.ts';
import type { CaseResult, Step } from '../../../../rig/judge/conform/model.ts';
import { runSuite } from '../../../../rig/judge/conform/run-suite.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { bootPace, CAN, paceSpecification } from '../../../applet/pace-card.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { MeddlingCard } from './scripted-card.ts';

const SELECT_MF = '00A4000C023F00';
const MISSING = '00A4000C02BEEF';
/** On logical channel 1, which is not open. */
const ELSEWHERE = '01A4000C023F00';

/** Runs cases of these steps through a channel that the CAN opens, on a card whose answers are changed. */
async function judge(
  cases: Readonly<Record<string, readonly Step[]>>,
  change: (command: string, answer: string) => string = (_, answer) => answer,
): Promise<readonly CaseResult[]> {
  const io = fakeIo({ env: { VITAP_CAN: CAN } });
  const channel = (await ReaderChannel.from({ ...NO_CHANNEL, code: 'can' }, io, false)) as ReaderChannel;
  const inClear = new InProcessCard('ours', () => new MeddlingCard(bootPace().port, change));
  const card = new ChannelledCard(inClear, (session) => channel.open(session, io.signal), systemClock);
  const definitions = Object.entries(cases).map(([id, steps]) =>
    defineCase({ id, title: 'a test', commands: ['SELECT'], steps: () => steps }),
  );
  const declaration = declareProfile(paceSpecification(), 'contactless');
  return runSuite(definitions, card, { declaration, destructive: true, signal: io.signal }, () => {});
}

/** The last byte before the status word is the end of the MAC (DO 8E). */
function otherMac(answer: string): string {
  const last = Number.parseInt(answer.slice(-6, -4), 16) ^ 0xff;
  return `${answer.slice(0, -6)}${last.toString(16).padStart(2, '0').toUpperCase()}${answer.slice(-4)}`;
}

const inShort = (results: readonly CaseResult[]) =>
  results.map(({ id, verdict, reason, linkLimited }) => [id, verdict, reason, linkLimited]);
const RIGHT = [send('SELECT', SELECT_MF, ok())];
const PASSED = ['AFTER', 'pass', '', false];

describe('a case through a secure channel', { timeout: 60_000 }, () => {
  it.each([
    ['a class that is not of ISO/IEC 7816-4', '80A4000C023F00', /the command 80A4000C cannot be protected: its class/],
    ['a logical channel of its own', ELSEWHERE, /the card answers this command outside of the channel \(6881\)/],
  ])(
    'is not applicable where no channel carries its command, and the next is judged: %s',
    async (_, command, words) => {
      for (const step of [given('a command', command), send('a command', command, ok())]) {
        const [first, after] = inShort(await judge({ FIRST: [step], AFTER: RIGHT }));
        expect(first).toEqual(['FIRST', 'not-applicable', expect.stringMatching(words), true]);
        expect(first?.[2]).toMatch(/^LINK-LIMITED: /);
        expect(after).toEqual(PASSED);
      }
    },
  );

  it.each([
    ['in clear', () => '6A82', /the card answered in clear inside the channel \(6A82\)/],
    ['with 6988', () => '6988', /the card does not take our protected command \(6988\)/],
    ['with a wrong MAC', otherMac, /is not from the card/],
  ])('fails alone where the answer is not believed: %s', async (_, change, words) => {
    let asked = 0;
    const meddle = (command: string, answer: string): string => {
      if (!command.startsWith('0CA4000C')) return answer;
      asked++;
      return asked === 1 ? change(answer) : answer;
    };
    const results = await judge({ FIRST: [send('SELECT', SELECT_MF, ok())], AFTER: RIGHT }, meddle);
    expect(inShort(results)).toEqual([['FIRST', 'fail', expect.stringMatching(words), false], PASSED]);
    expect(results[0]?.steps).toMatchObject([{ role: 'judged', response: '', faults: [expect.stringMatching(words)] }]);
  });

  it('is inconclusive where that was a precondition, and ends a sweep', async () => {
    let asked = 0;
    const meddle = (command: string, answer: string): string =>
      command.startsWith('0CA4000C') && ++asked % 2 === 0 ? '6A82' : answer;
    const values = ['3F00', '3F00', '3F00'];
    const results = await judge(
      {
        GIVEN: [given('SELECT', SELECT_MF), given('SELECT again', SELECT_MF), send('no file', MISSING, ok())],
        SWEEP: [sweep('SELECT', '00A4000C02{value}', values, ok())],
        AFTER: RIGHT,
      },
      meddle,
    );
    expect(inShort(results)).toEqual([
      [
        'GIVEN',
        'inconclusive',
        expect.stringMatching(/^a precondition failed: step 2, SELECT again: .* in clear/),
        false,
      ],
      ['SWEEP', 'fail', expect.stringMatching(/: 1 of 3 wrong, .* in clear/), false],
      PASSED,
    ]);
  });
});
