import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { fakeIo } from '../console/fake-io.ts';

const ADVICE =
  'profiles vitale2 and reference can be measured here, other cards by `vitap bench tap`, with --apdu by any commands';
const NO_APPLICATION = `(6A82): it does not have the application whose commands are measured; ${ADVICE}\n`;
const NO_CODE = `(6982): it does not take the test code by VERIFY on this interface (the card of a phone is unlocked by its holder); ${ADVICE}\n`;
const OVER_T0 = `(612A): over T=0 the answer waits for GET RESPONSE, which is not measured here; ${ADVICE}\n`;

describe('a card that a benchmark cannot measure', { timeout: 120_000 }, () => {
  it.each([
    ['ndef', 'SELECT', NO_APPLICATION],
    ['lab', 'SELECT', NO_APPLICATION],
    ['apcv', 'VERIFY', NO_CODE],
    ['vitale2-t0', 'SELECT', OVER_T0],
  ])('%s: %s is refused, and why', async (profile, command, why) => {
    for (const [line, place] of [
      ['bench apdu', 'this card'],
      ['bench apdu --reader loopback', 'the card in the reader'],
      ['bench soak --minutes 0.01', 'the card'],
    ] as const) {
      const io = fakeIo();
      expect(await runCommandLine([...line.split(' '), '--profile', profile], '0.0.0', VERBS, io)).toBe(2);
      expect(io.err.join('')).toBe(`vitap: ${command} is refused by ${place} ${why}`);
    }
  });

  it.each(['vitale2', 'reference'])('%s can be measured, as is said', async (profile) => {
    for (const line of ['bench apdu --count 5', 'bench soak --minutes 0.01']) {
      expect(await runCommandLine([...line.split(' '), '--profile', profile], '0.0.0', VERBS, fakeIo())).toBe(0);
    }
  });

  it.each(['--profile ndef', '--profile apcv', '--profile vitale2-t0', '--profile lab --apdu 00A4000C023F00'])(
    '%s can be tapped, as is said',
    async (card) => {
      const line = `bench tap --taps 2 ${card}`;
      const env = card.includes('apcv') ? { VITAP_CAN: '161803', VITAP_PIN: '274916' } : {};
      expect(await runCommandLine(line.split(' '), '0.0.0', VERBS, fakeIo({ env }))).toBe(0);
    },
  );
});
