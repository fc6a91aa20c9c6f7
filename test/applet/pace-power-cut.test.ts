import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/apdu/hex.ts';
import { openImage } from '../../src/applet/image/card-image.ts';
import { PIN, SUPERBLOCK } from '../../src/applet/image/layout.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import { openMemory } from '../../src/applet/nvm/open-memory.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { PowerLoss, PowerLossNvm } from '../../src/hal/nvm/power-loss.ts';
import type { Nvm } from '../../src/hal/nvm.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { PASSWORD } from '../../src/secure-channel/index.ts';
import { bootPace, CAN, crypto, openPace, PIN_CODE, PUK, paceSpecification } from './pace-card.ts';

/**
 * The PIN changed and unblocked inside a channel, cut short by a loss of power at every byte of every write and at every
 * flush. Card and terminal draw from seeds: what the terminal sends is recorded once, and sent again to each card.
 */
interface Scene {
  readonly name: string;
  /** Tries that the PIN has left before. */
  readonly triesLeft: number;
  readonly play: (send: (command: string) => string) => void;
}

const NEW_PIN = '654321';
const newPin = toHex(new TextEncoder().encode(NEW_PIN));

const SCENES: readonly Scene[] = [
  {
    name: 'the PIN changed by RESET RETRY COUNTER',
    triesLeft: 2,
    play: (send) => expect(openPace(send, 'PIN', PIN_CODE).within(`002C 0203 06 ${newPin}`)).toBe('9000'),
  },
  {
    name: 'the PIN changed by CHANGE REFERENCE DATA',
    triesLeft: 3,
    play: (send) => expect(openPace(send, 'PIN', PIN_CODE).within(`0024 0103 06 ${newPin}`)).toBe('9000'),
  },
  {
    name: 'the PIN unblocked by the PUK',
    triesLeft: 0,
    play: (send) => expect(openPace(send, 'PUK', PUK).within('002C 0303')).toBe('9000'),
  },
  {
    name: 'a suspended PIN resumed by the CAN',
    triesLeft: 1,
    play: (send) => {
      const can = openPace(send, 'CAN', CAN);
      openPace(can.within, 'PIN', PIN_CODE, { resume: true });
    },
  },
  {
    name: 'a wrong PIN',
    triesLeft: 3,
    play: (send) => expect(() => openPace(send, 'PIN', '000000')).toThrow(),
  },
];

describe.each(SCENES)('power cut at every byte of $name', ({ triesLeft, play }) => {
  it('old or new, no counter risen, no try for nothing, and nothing open', { timeout: 300_000 }, () => {
    const image = personalise(paceSpecification(), crypto);
    const { pins } = openImage(new MemoryNvm(image));
    const counter = (pins.find(({ password }) => password === PASSWORD.PIN)?.address ?? 0) + PIN.TRIES_LEFT;
    image[counter] = triesLeft;

    const whole = new PowerLossNvm(image);
    const states = [content(new MemoryNvm(image))];
    const commands: string[] = [];
    const flushing = onFlush(whole, () => states.push(content(new MemoryNvm(whole.survivor('kept').snapshot()))));
    const { send } = bootPace({ image, memory: flushing });
    play((command) => {
      commands.push(command);
      return send(command);
    });
    expect(states.length).toBeGreaterThan(1);

    const violations: string[] = [];
    for (let step = 0; step < whole.steps; step++) {
      const failing = new PowerLossNvm(image, { losesPowerAt: step });
      let flushes = 0;
      const memory = onFlush(failing, () => flushes++);
      const cut = bootPace({ image, memory });
      let lost = false;
      for (const command of commands) {
        cut.send(command);
        lost = cut.faults.some((fault) => fault instanceof PowerLoss);
        if (lost) break;
      }
      if (!lost) violations.push(`step ${step}: the power stayed`);
      for (const kept of ['kept', 'lost', new SeededRandom(`cut ${step}`)] as const) {
        const survivor = failing.survivor(kept);
        const after = bootPace({ image, memory: survivor });
        const state = content(survivor);
        const at = states[flushes] === state ? flushes : states[flushes + 1] === state ? flushes + 1 : null;
        if (at === null) violations.push(`step ${step}: neither old nor new`);
        const left = survivor.readByte(counter);
        const told = states
          .slice(0, flushes + 2)
          .map((each) => Number.parseInt(each.slice(2 * counter, 2 * counter + 2), 16));
        if (!told.includes(left)) violations.push(`step ${step}: ${left} tries`);
        if (after.send('0CB0 9C00 0D 970100 8E08 0000000000000000 00') !== '6882')
          violations.push(`step ${step}: a channel is open`);
      }
    }
    expect(violations).toEqual([]);
  });
});

it.each([
  ['right', PIN_CODE],
  ['wrong', '000000'],
])('a try that cannot be paid is not compared: the %s PIN learns nothing', (_, text) => {
  const image = personalise(paceSpecification(), crypto);
  const { send, faults } = bootPace({ image, memory: new PowerLossNvm(image, { losesPowerAt: 0 }) });
  let last = '';
  const exchange = (command: string): string => {
    last = send(command);
    return last;
  };
  expect(() => openPace(exchange, 'PIN', text)).toThrow();
  expect(last).toBe('6F00');
  expect(faults).toEqual([expect.any(PowerLoss)]);
});

/** What the card holds, behind its journal. */
function content(nvm: Nvm): string {
  let journal = 0;
  for (let i = 0; i < 4; i++) journal = journal * 256 + nvm.readByte(SUPERBLOCK.JOURNAL + i);
  const bytes = new Uint8Array(journal);
  openMemory(nvm).read(0, bytes, 0, bytes.length);
  return toHex(bytes);
}

function onFlush(inner: PowerLossNvm, flushed: () => void): Nvm {
  return {
    size: inner.size,
    eraseValue: inner.eraseValue,
    writeGranule: inner.writeGranule,
    read: (...args) => inner.read(...args),
    readByte: (address) => inner.readByte(address),
    write: (...args) => inner.write(...args),
    flush: () => {
      inner.flush();
      flushed();
    },
  };
}
