import { describe, expect, it } from 'vitest';
import { crc32 } from '../../../src/hal/crc32.ts';
import { FlashNvm } from '../../../src/hal/flash/flash-nvm.ts';
import { PowerLoss } from '../../../src/hal/nvm/power-loss.ts';
import { nvmContract } from '../../contract/nvm.ts';
import { SimulatedFlash, type SimulatedFlashOptions } from './simulated-flash.ts';

const SMALL: SimulatedFlashOptions = { pageSize: 256, pages: 12, writeGranule: 8 };

nvmContract('log in flash', 'durable', (content) => {
  const flash = new SimulatedFlash(SMALL);
  return { nvm: FlashNvm.create(flash, content), reopen: () => FlashNvm.open(flash.poweredAgain())! };
});

function contentOf(nvm: FlashNvm): string {
  return Buffer.from(nvm.bytes).toString('hex');
}

/** One flush: a few writes here and there, from a small generator of its own. */
function change(nvm: FlashNvm, round: number): void {
  let state = round * 2_654_435_761;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
  for (let i = 0; i <= next(4); i++) {
    const length = 1 + next(20);
    const bytes = Uint8Array.from({ length }, () => next(256));
    nvm.write(next(nvm.size - length), bytes, 0, length);
  }
  nvm.flush();
}

it('the CRC is that of the standard: its check value', () => {
  const digits = new TextEncoder().encode('123456789');
  expect(crc32(digits, 0, 9)).toBe(0xcbf43926);
  expect(crc32(digits, 4, 5, crc32(digits, 0, 4))).toBe(0xcbf43926);
});

describe('power cut at every granule programmed and every page erased', { timeout: 240_000 }, () => {
  const ROUNDS = 60;
  const states = (options: SimulatedFlashOptions): string[] => {
    const nvm = FlashNvm.create(new SimulatedFlash(options), new Uint8Array(300));
    const all = [contentOf(nvm)];
    for (let round = 1; round <= ROUNDS; round++) {
      change(nvm, round);
      all.push(contentOf(nvm));
    }
    return all;
  };

  it.each(
    [8, 16, 32].flatMap((writeGranule) => (['nothing', 'half', 'all'] as const).map((cut) => ({ writeGranule, cut }))),
  )('granule $writeGranule, $cut of it done: the last flush or the one before, whole', ({ writeGranule, cut }) => {
    const options = { ...SMALL, writeGranule, cut };
    const expected = states(options);
    let cuts = 0;
    for (let at = 0; ; at++) {
      const flash = new SimulatedFlash({ ...options, losesPowerAt: at });
      let round = -1;
      try {
        const nvm = FlashNvm.create(flash, new Uint8Array(300));
        for (round = 0; round < ROUNDS; ) {
          change(nvm, round + 1);
          round++;
        }
        break;
      } catch (error) {
        if (!(error instanceof PowerLoss)) throw error;
      }
      cuts++;
      const again = flash.poweredAgain();
      const nvm = FlashNvm.open(again);
      // Before the first content was there, none may be.
      if (nvm === null) {
        expect(round, `cut ${at}`).toBe(-1);
        continue;
      }
      expect([expected[Math.max(0, round)], expected[round + 1]], `cut ${at}`).toContain(contentOf(nvm));
      // It goes on, over every reuse of pages, and no granule is programmed twice.
      for (let more = 1000; more < 1020; more++) change(nvm, more);
      expect(contentOf(FlashNvm.open(again.poweredAgain())!), `cut ${at}`).toBe(contentOf(nvm));
      expect(flash.spoilt + again.spoilt, `cut ${at}`).toBe(0);
    }
    expect(cuts).toBeGreaterThan(200);
  });

  it('twice in a row, the second time at each of the first steps after the first', () => {
    const options = { ...SMALL, cut: 'nothing' } as const;
    for (let first = 60; first < 200; first += 7) {
      const flash = new SimulatedFlash({ ...options, losesPowerAt: first });
      const nvm = FlashNvm.create(flash, new Uint8Array(300));
      expect(() => {
        for (let round = 1; round <= ROUNDS; round++) change(nvm, round);
      }).toThrow(PowerLoss);
      for (let second = 0; second < 12; second++) {
        const again = flash.poweredAgain(second);
        const before = FlashNvm.open(flash.poweredAgain())!;
        const reopened = FlashNvm.open(again)!;
        expect(() => {
          for (let round = 500; round < 520; round++) change(reopened, round);
        }).toThrow(PowerLoss);
        const third = again.poweredAgain();
        const last = FlashNvm.open(third)!;
        // Nothing older than what was there after the first cut.
        if (second < 3) expect(contentOf(last)).toBe(contentOf(before));
        for (let round = 600; round < 620; round++) change(last, round);
        expect(contentOf(FlashNvm.open(third.poweredAgain())!)).toBe(contentOf(last));
        expect(again.spoilt + third.spoilt).toBe(0);
      }
    }
  });
});

describe('wear and bad pages', { timeout: 60_000 }, () => {
  it('uses all pages alike', () => {
    const flash = new SimulatedFlash(SMALL);
    const nvm = FlashNvm.create(flash, new Uint8Array(300));
    for (let round = 1; round <= 3000; round++) change(nvm, round);
    const [least, most] = [Math.min(...flash.erases), Math.max(...flash.erases)];
    expect(least).toBeGreaterThan(50);
    expect(most - least).toBeLessThanOrEqual(1);
  });

  it('writes nothing for what is the same as before', () => {
    const flash = new SimulatedFlash(SMALL);
    const nvm = FlashNvm.create(flash, new Uint8Array(300).fill(7));
    const before = flash.steps;
    nvm.write(10, new Uint8Array(50).fill(7), 0, 50);
    nvm.flush();
    expect(flash.steps).toBe(before);
  });

  it.each(['erase', 'program'] as const)('sets a page aside that does not %s, for good', (what) => {
    const flash = new SimulatedFlash(SMALL);
    const nvm = FlashNvm.create(flash, new Uint8Array(300));
    for (let round = 1; round <= 20; round++) change(nvm, round);
    if (what === 'erase') flash.badErase.add(7);
    else flash.badFrom.set(7, 64);
    for (let round = 21; round <= 400; round++) change(nvm, round);
    expect(nvm.badPages).toEqual([7]);
    const again = flash.poweredAgain();
    const reopened = FlashNvm.open(again)!;
    expect([contentOf(reopened), reopened.badPages]).toEqual([contentOf(nvm), [7]]);
    const tried = again.erases[7]!;
    for (let round = 401; round <= 800; round++) change(reopened, round);
    expect(again.erases[7]).toBe(tried);
    expect(again.spoilt).toBe(0);
  });

  it('says when no sound page is left, and what was stored is still whole', () => {
    const flash = new SimulatedFlash(SMALL);
    const nvm = FlashNvm.create(flash, new Uint8Array(300));
    // The snapshot lies in pages 0 and 1; changes go into page 2, and then there is no other.
    for (let page = 3; page < SMALL.pages; page++) flash.badErase.add(page);
    let stored = contentOf(nvm);
    const fill = (): void => {
      for (let round = 1; round <= 50; round++) {
        change(nvm, round);
        stored = contentOf(nvm);
      }
    };
    expect(fill).toThrow('no sound page of the flash is left');
    expect(contentOf(FlashNvm.open(flash.poweredAgain())!)).toBe(stored);
  });

  it('needs room for two snapshots', () => {
    expect(() => FlashNvm.create(new SimulatedFlash({ ...SMALL, pages: 4 }), new Uint8Array(300))).toThrow(
      '300 bytes need 6 pages of 256, not 4',
    );
    expect(FlashNvm.open(new SimulatedFlash(SMALL))).toBeNull();
  });
});
