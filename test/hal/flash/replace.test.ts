import { describe, expect, it } from 'vitest';
import { FlashNvm } from '../../../src/hal/flash/flash-nvm.ts';
import { PowerLoss } from '../../../src/hal/nvm/power-loss.ts';
import { SimulatedFlash } from './simulated-flash.ts';

const OPTIONS = { pageSize: 256, pages: 12, writeGranule: 8 } as const;
const content = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
/** Length and bytes; all alike. */
const found = (flash: SimulatedFlash): [number, number] => {
  const { bytes } = FlashNvm.open(flash)!;
  expect(new Set(bytes).size).toBe(1);
  return [bytes.length, bytes[0] as number];
};

/** Flash in which 300 bytes were changed so often that its log is long. */
function used(): SimulatedFlash {
  const flash = new SimulatedFlash(OPTIONS);
  const nvm = FlashNvm.create(flash, content(300, 0));
  for (let i = 1; i <= 40; i++) {
    nvm.write(0, content(300, i % 3), 0, 300);
    nvm.flush();
  }
  return flash;
}

describe('another memory in the place of this one', () => {
  it.each([60, 300, 700])('of %i bytes: power cut at every step leaves the old one whole, or the new one', (length) => {
    const old = found(used().poweredAgain());
    const seen = new Set<string>();
    for (let at = 0; ; at++) {
      for (const cut of ['nothing', 'half', 'all'] as const) {
        const flash = new SimulatedFlash({ ...OPTIONS, losesPowerAt: at, cut }, used());
        let done = false;
        try {
          FlashNvm.open(flash)!.replaceBy(content(length, 0xee));
          done = true;
        } catch (error) {
          expect(error).toBeInstanceOf(PowerLoss);
        }
        const after = flash.poweredAgain();
        const there = found(after);
        seen.add(String(there));
        expect([[length, 0xee], old]).toContainEqual(there);
        expect(after.spoilt).toBe(0);
        if (done) {
          expect(there).toEqual([length, 0xee]);
          expect(seen).toEqual(new Set([String(old), String(there)]));
          return;
        }
      }
    }
  });

  it('of more than the pages hold is refused, and the old one stays usable', () => {
    const flash = used();
    const nvm = FlashNvm.open(flash)!;
    expect(() => nvm.replaceBy(content(1200, 1))).toThrow(RangeError);
    nvm.write(0, content(300, 9), 0, 300);
    nvm.flush();
    expect(found(flash.poweredAgain())).toEqual([300, 9]);
  });
});
