import { afterEach, describe, expect, it, vi } from 'vitest';
import { openCard } from '../../../rig/card/open.ts';
import { PhoneScreen, unlockOnce } from '../../../rig/card/phone-screen.ts';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import type * as pin from '../../../rig/console/pin.ts';
import { CardPort } from '../../../src/applet/card-port.ts';
import { fakeIo } from './fake-io.ts';

/** The codes that were given out. */
const given: Uint8Array[] = [];
vi.mock('../../../rig/console/pin.ts', async (original) => {
  const { readPin } = await original<typeof pin>();
  const kept: typeof readPin = async (...args) => {
    const code = await readPin(...args);
    if (code !== null) given.push(code);
    return code;
  };
  return { readPin: kept };
});
afterEach(() => {
  given.length = 0;
});

const CODE = '274916';
const SIX_ZEROS = [new Uint8Array(CODE.length)];

async function vitap(line: string, signal?: AbortSignal): Promise<number> {
  const io = fakeIo({ env: { VITAP_PIN: CODE }, ...(signal === undefined ? {} : { signal }) });
  return runCommandLine(line.split(' '), '0.0.0', VERBS, io);
}

describe('a code is overwritten', { timeout: 120_000 }, () => {
  it.each([
    'tap --profile vitale2',
    'tap --profile apcv',
    'bench tap --profile vitale2 --taps 2',
    'apdu --profile vitale2 00A4040C0AF0617043562D454D5501 verify',
  ])('when all goes well: %s', async (line) => {
    expect(await vitap(line)).toBe(0);
    expect(given).toEqual(SIX_ZEROS);
  });

  it.each([
    'tap --image no-such-card.img',
    'bench tap --image no-such-card.img',
    'apdu --image no-such-card.img verify',
    'tap --reader pn532:/no/such/port',
    'bench tap --reader pn532:/no/such/port',
  ])('when there is no card: %s', async (line) => {
    expect(await vitap(line)).toBe(2);
    expect(given).toEqual(SIX_ZEROS);
  });

  it.each(['tap --profile vitale2', 'bench tap --profile vitale2 --taps 2', 'apdu --profile vitale2 verify'])(
    'when it is interrupted: %s',
    async (line) => {
      expect(await vitap(line, AbortSignal.abort())).not.toBe(0);
      expect(given).toEqual(SIX_ZEROS);
    },
  );

  it('when the card fails', async () => {
    const screen = new PhoneScreen((await openCard({ kind: 'profile', name: 'apcv' })).card);
    vi.spyOn(screen, 'unlock').mockImplementation(() => {
      throw new Error('a fault of the card');
    });
    const code = new TextEncoder().encode(CODE);
    expect(() => unlockOnce(screen, code)).toThrow('a fault of the card');
    expect([code]).toEqual(SIX_ZEROS);
  });

  it('so is the command that carried it to the card', async () => {
    const { card } = await openCard({ kind: 'profile', name: 'apcv' });
    const { process } = CardPort.prototype;
    const sent: Uint8Array[] = [];
    vi.spyOn(CardPort.prototype, 'process').mockImplementation(function (this: CardPort, command, offset, length) {
      sent.push(command);
      if (command[1] === 0x20) throw new Error('a fault of the card');
      return process.call(this, command, offset, length);
    });
    const screen = new PhoneScreen(card);
    expect(() => screen.unlock(new TextEncoder().encode(CODE))).toThrow('a fault of the card');
    vi.restoreAllMocks();
    expect(sent.at(-1)).toEqual(new Uint8Array(5 + CODE.length));
  });
});
