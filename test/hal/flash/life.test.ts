import { expect, it } from 'vitest';
import { FlashNvm } from '../../../src/hal/flash/flash-nvm.ts';
import { flashLife } from '../../../src/hal/flash/life.ts';
import { SimulatedFlash } from './simulated-flash.ts';

it('by hand: 32 pages of 4096 in granules of 8, 14317 bytes, 10000 erases, two changes of 20 bytes', () => {
  // A page has 4096 - 24 = 4072 bytes, 4060 of a snapshot: four pages, the last with 14317 - 3 x 4060 = 2137 bytes.
  // The log has 32 - 4 - 4 - 1 = 23 pages. A flush takes 2 x 32 = 64 bytes: 63 in a page, and 30 in what
  // 2152 bytes leave of the last page of the snapshot; one more goes with the next snapshot.
  // 27 pages a round: 320000 / 27 = 11851 rounds.
  expect(flashLife({ pageSize: 4096, pages: 32, writeGranule: 8 }, 14_317, [20, 20], 10_000)).toEqual({
    flushes: 11_851 * (23 * 63 + 30 + 1),
    afterPowerOn: 11_851 * 24,
  });
});

it.each([
  [{ pageSize: 256, pages: 12, writeGranule: 8 }, 300],
  [{ pageSize: 512, pages: 10, writeGranule: 32 }, 700],
])('is what a simulated flash lasts, within 5 percent: %j', (layout, size) => {
  const endurance = 40;
  const flash = new SimulatedFlash(layout);
  const nvm = FlashNvm.create(flash, new Uint8Array(size));
  let flushes = 0;
  while (Math.max(...flash.erases) <= endurance) {
    flushes++;
    for (const address of [10, 100]) {
      nvm.write(
        address,
        Uint8Array.from({ length: 20 }, () => flushes),
        0,
        20,
      );
    }
    nvm.flush();
  }
  const computed = flashLife(layout, size, [20, 20], endurance).flushes;
  expect(Math.abs(flushes - computed) / flushes).toBeLessThan(0.05);
});
