import { describe, expect, it } from 'vitest';
import { FlashLogNvm } from '../../../src/hal/nvm/flash-log.ts';
import { MemoryFlash, type MemoryFlashOptions } from '../../../src/hal/nvm/memory-flash.ts';
import { PowerLoss } from '../../../src/hal/nvm/power-loss.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import { nvmContract } from '../../contract/nvm.ts';

const SMALL: MemoryFlashOptions = { pageSize: 2048, pages: 8, granule: 8 };
const counting = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 7) & 0xff);

for (const granule of [1, 8, 16, 32]) {
  nvmContract(`log on flash with granules of ${granule}`, 'durable', (content) => {
    const flash = new MemoryFlash({ ...SMALL, granule });
    return {
      nvm: new FlashLogNvm(flash, content),
      reopen: () => new FlashLogNvm(flash, new Uint8Array(content.length)),
    };
  });
}

describe('a log on flash', () => {
  it('keeps what was flushed, over many pages and snapshots', () => {
    const flash = new MemoryFlash(SMALL);
    let nvm = new FlashLogNvm(flash, counting(1500));
    const expected = counting(1500);
    const random = new SeededRandom('flash');
    const draw = new Uint8Array(4);
    for (let i = 0; i < 3000; i++) {
      random.fill(draw, 0, 4);
      const [address, length] = [(draw[0]! * 6) % 1490, 1 + (draw[1]! % 10)];
      const bytes = new Uint8Array(length).fill(draw[2]!);
      nvm.write(address, bytes, 0, length);
      expected.set(bytes, address);
      if (draw[3]! < 100) nvm.flush();
      if (i % 500 === 499) {
        nvm.flush();
        nvm = new FlashLogNvm(flash, new Uint8Array(1500));
        expect(nvm.bytes).toEqual(expected);
      }
    }
    const { erasures } = flash;
    expect(Math.max(...erasures) - Math.min(...erasures)).toBeLessThanOrEqual(2);
    expect(Math.min(...erasures)).toBeGreaterThan(2);
  });

  it('loses nothing that was flushed, wherever the power goes', () => {
    // Enough writes to turn pages and to make snapshots.
    const story = (nvm: FlashLogNvm, done: (content: Uint8Array) => void): void => {
      for (let i = 0; i < 60; i++) {
        nvm.write((i * 37) % 1400, counting(90).fill(i + 1), 0, 90);
        if (i % 3 === 0) nvm.write((i * 11) % 1450, Uint8Array.of(i, ~i & 0xff), 0, 2);
        nvm.flush();
        done(Uint8Array.from(nvm.bytes));
      }
    };
    const whole = new MemoryFlash(SMALL);
    /** The content after each flush, the first being that before any. */
    const states: Uint8Array[] = [counting(1500)];
    story(new FlashLogNvm(whole, counting(1500)), (content) => states.push(content));
    expect(whole.steps).toBeGreaterThan(500);
    let violations = 0;
    for (let step = 0; step < whole.steps; step++) {
      const flash = new MemoryFlash(SMALL);
      flash.losesPowerAt = step;
      let flushes = 0;
      try {
        story(new FlashLogNvm(flash, counting(1500)), () => {
          flushes++;
        });
      } catch (error) {
        if (!(error instanceof PowerLoss)) throw error;
      }
      flash.losesPowerAt = Number.POSITIVE_INFINITY;
      const after = new FlashLogNvm(flash, counting(1500));
      // What was being written may be there or not, each byte for itself; what was flushed before it is.
      const [flushed, next] = [states[flushes]!, states[flushes + 1] ?? states[flushes]!];
      for (let i = 0; i < 1500; i++) {
        if (after.bytes[i] !== flushed[i] && after.bytes[i] !== next[i]) violations++;
      }
      // It goes on from there, and says the same at the next start.
      const content = Uint8Array.from(after.bytes);
      after.write(0, Uint8Array.of(0xab), 0, 1);
      after.flush();
      content[0] = 0xab;
      expect(new FlashLogNvm(flash, counting(1500)).bytes).toEqual(content);
    }
    expect(violations).toBe(0);
  }, 120_000);

  it('leaves bad pages out, and says when none is left', () => {
    const flash = new MemoryFlash({ ...SMALL, bad: [0, 3] });
    const nvm = new FlashLogNvm(flash, counting(1500));
    for (let i = 0; i < 200; i++) {
      nvm.write(i, Uint8Array.of(i), 0, 1);
      nvm.flush();
    }
    expect(nvm.wear.bad).toBe(2);
    expect(new FlashLogNvm(flash, new Uint8Array(1500)).readByte(199)).toBe(199);
    const worn = new MemoryFlash({ ...SMALL, endurance: 5 });
    const wearing = new FlashLogNvm(worn, counting(1500));
    expect(() => {
      for (let i = 0; i < 100_000; i++) {
        wearing.write(i % 1500, Uint8Array.of(i & 0xff), 0, 1);
        wearing.flush();
      }
    }).toThrow(/no page of the flash is left/);
  });

  it('refuses a memory of another size, one with parts missing, and flash that is too small', () => {
    const flash = new MemoryFlash(SMALL);
    new FlashLogNvm(flash, counting(1500));
    expect(() => new FlashLogNvm(flash, counting(1000))).toThrow(/of another size|of 1500 bytes, not 1000/);
    const nvm = new FlashLogNvm(flash, counting(1500));
    for (let i = 0; i < 2000; i++) {
      nvm.write(i % 1500, Uint8Array.of(i & 0xff), 0, 1);
      nvm.flush();
    }
    // Every snapshot begins with a record of its own kind: without them nothing can be told from nothing.
    for (let at = 0; at < flash.bytes.length; at += 8) {
      if (flash.bytes[at] === 0 && flash.bytes[at + 2] === 2) flash.bytes[at + 2] = 0;
    }
    expect(() => new FlashLogNvm(flash, counting(1500))).toThrow(/parts are missing/);
    expect(() => new FlashLogNvm(new MemoryFlash(SMALL), counting(9000))).toThrow(/too few/);
  });
});
