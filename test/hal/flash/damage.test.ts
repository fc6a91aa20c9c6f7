import { describe, expect, it } from 'vitest';
import { HalError } from '../../../src/hal/errors.ts';
import { FlashNvm } from '../../../src/hal/flash/flash-nvm.ts';
import { PowerLoss } from '../../../src/hal/nvm/power-loss.ts';
import { SimulatedFlash } from './simulated-flash.ts';

const SIZE = 300;

/** Flash with this many flushes of one byte each; what was stored before the last one, and after it. */
function used(flushes: number): { flash: SimulatedFlash; before: string; last: string } {
  const flash = new SimulatedFlash({ pageSize: 256, pages: 12, writeGranule: 8 });
  let nvm = FlashNvm.create(flash, new Uint8Array(SIZE));
  const content = (): string => Buffer.from(nvm.bytes).toString('hex');
  let [before, last] = ['', content()];
  for (let i = 0; i < flushes; i++) {
    // Power comes back now and then: a new page is begun.
    if (i % 7 === 6) nvm = FlashNvm.open(flash)!;
    nvm.write((i * 37) % SIZE, Uint8Array.of(i + 1), 0, 1);
    nvm.flush();
    [before, last] = [last, content()];
  }
  return { flash, before, last };
}

/** What is found in it: `damaged`, `none`, or the content. */
function found(flash: SimulatedFlash): string {
  try {
    const nvm = FlashNvm.open(flash.poweredAgain());
    return nvm === null ? 'none' : Buffer.from(nvm.bytes).toString('hex');
  } catch (error) {
    expect(error).toMatchObject({ kind: 'damaged' });
    expect(error).toBeInstanceOf(HalError);
    return 'damaged';
  }
}

describe('one wrong byte in flash', { timeout: 60_000 }, () => {
  it.each([1, 5, 23, 60])(
    'after %i flushes: the last state, or damage; never none, never an older state',
    (flushes) => {
      const { flash, before, last } = used(flushes);
      expect(found(flash)).toBe(last);
      const counts = { last: 0, damaged: 0, before: 0 };
      for (let at = 0; at < flash.bytes.length; at++) {
        const right = flash.bytes[at] as number;
        flash.bytes[at] = right ^ 0x10;
        const outcome = found(flash);
        flash.bytes[at] = right;
        if (outcome === last) counts.last++;
        else if (outcome === 'damaged') counts.damaged++;
        else {
          // In the last record alone, it looks like a loss of power: 12 bytes of header and one of data, padded to 16.
          expect([at, outcome === before]).toEqual([at, true]);
          counts.before++;
        }
      }
      expect(counts.before).toBeLessThanOrEqual(16);
      expect(counts.damaged).toBeGreaterThan(SIZE);
    },
  );
});

describe('a flash whose first snapshot was cut short', () => {
  it('holds none: nothing was ever stored in it, however often that happened', () => {
    let flash = new SimulatedFlash({ pageSize: 256, pages: 12, writeGranule: 8 });
    for (const at of [3, 40, 17, 29]) {
      flash = flash.poweredAgain(at);
      expect(() => FlashNvm.create(flash, new Uint8Array(SIZE).fill(7))).toThrow(PowerLoss);
      expect(found(flash)).toBe('none');
    }
  });
});
