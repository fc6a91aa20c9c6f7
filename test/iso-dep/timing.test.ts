import { describe, expect, it } from 'vitest';
import { activationCycles, blockPairs, exchangeCycles, ppsCycles } from '../../src/iso-dep/air-time.ts';
import { BackToBack } from '../../src/iso-dep/back-to-back.ts';
import type { BitRate } from '../../src/iso-dep/bit-rate.ts';
import { IsoDepCard } from '../../src/iso-dep/card.ts';
import { IsoDepReader } from '../../src/iso-dep/reader.ts';
import {
  answerDelayCycles,
  cyclesToNs,
  fdtToReaderCycles,
  frameCycles,
  microsecondsToCycles,
  nsToCycles,
  sfgtCycles,
} from '../../src/iso-dep/timing.ts';
import { counting, PLAIN_ATS, TestCard } from './cards.ts';
import { vectors } from './vectors.ts';

const microseconds = (cycles: number): number => cycles / 13.56;
const both = (rate: BitRate) => ({ toCard: rate, toReader: rate });
const FRAMES = { fsc: 256, fsd: 256 };

describe('units', () => {
  it('a second is 13,560,000 cycles, one cycle 73.7 ns', () => {
    expect(cyclesToNs(13_560_000)).toBe(1e9);
    expect(cyclesToNs(1)).toBe(74);
    expect(nsToCycles(1e9)).toBe(13_560_000);
    expect(nsToCycles(74)).toBe(2);
    expect(microsecondsToCycles(100)).toBe(1356);
    expect(microsecondsToCycles(1)).toBe(14);
  });

  it.each(vectors.frameWaitingTimes.map((row) => [row.fwi, row] as const))('FWI %i in microseconds', (_, row) => {
    expect(cyclesToNs(row.cycles) / 1000).toBeCloseTo(row.microseconds, 1);
  });

  it('no guard time for SFGI 0', () => expect([sfgtCycles(0), sfgtCycles(1)]).toEqual([0, 8192]));
});

describe('frames and delays', () => {
  // 9 bits a byte and the start bit, of 128 cycles at 106 kbit/s; 512 cycles ahead of a fast answer.
  it.each([
    [16, 1, 'to-card', 145 * 128],
    [16, 1, 'to-reader', 145 * 128],
    [64, 8, 'to-card', 577 * 16],
    [64, 8, 'to-reader', 577 * 16 + 512],
    [3, 2, 'to-reader', 28 * 64 + 512],
    [3, 4, 'to-card', 28 * 32],
  ] as const)('%i bytes at rate %i %s', (bytes, rate, direction, cycles) => {
    expect(frameCycles(bytes, rate, direction)).toBe(cycles);
  });

  // The known delays at 106 kbit/s are 91.15 and 86.43 µs; above, n is 8.
  it.each([
    [1, 1172, 1236],
    [2, 1140, 1172],
    [4, 1124, 1140],
    [8, 1116, 1124],
  ] as const)('answer at rate %i after %i cycles, or %i after a 1', (rate, zero, one) => {
    expect([fdtToReaderCycles(rate, 0), fdtToReaderCycles(rate, 1)]).toEqual([zero, one]);
    expect(fdtToReaderCycles(rate)).toBe((zero + one) / 2);
  });

  it('work is part of the delay, which grows in steps of 128', () => {
    expect(answerDelayCycles(1, 0, 1)).toBe(1236);
    expect(answerDelayCycles(1, 1236, 1)).toBe(1236);
    expect(answerDelayCycles(1, 1237, 1)).toBe(1364);
    expect(answerDelayCycles(1, 13_560, 0)).toBe(1172 + 97 * 128);
  });
});

describe('activation at 106 kbit/s', () => {
  // REQA 8, ATQA 19, anticollision 19 and 46, SELECT 82, SAK 28, RATS 37, ATS of 5 bytes 64 bits of 128 cycles: 303;
  // delays before the answers 1172, 1172 and twice the mean of 1172 and 1236; four silences of 1172.
  it('of a 4-byte UID by hand', () => {
    expect(activationCycles({ uidLength: 4 })).toBe(303 * 128 + 1172 + 1172 + 1204 + 1204 + 4 * 1172);
    // WUPA ends in a 1.
    expect(activationCycles({ uidLength: 4, wake: 'WUPA' }) - activationCycles({ uidLength: 4 })).toBe(64);
    // PPS 46 and its answer 28 bits.
    expect(ppsCycles()).toBe(74 * 128 + 1204 + 1172);
    expect(activationCycles({ uidLength: 4, sfgtCycles: 16_384 }) - activationCycles({ uidLength: 4 })).toBe(
      16_384 - 1172,
    );
  });

  it.each([
    [4, false, 3.56],
    [4, true, 4.44],
    [7, false, 5.57],
    [7, true, 6.44],
  ] as const)('UID of %i bytes, PPS %s: %f ms', (uidLength, pps, ms) => {
    expect(Math.abs(microseconds(activationCycles({ uidLength, pps })) / 1000 / ms - 1)).toBeLessThan(0.005);
  });

  it('every cascade level costs the same', () => {
    const [four, seven, ten] = ([4, 7, 10] as const).map((uidLength) => activationCycles({ uidLength })) as [
      number,
      number,
      number,
    ];
    expect(ten - seven).toBe(seven - four);
    expect(seven - four).toBe(175 * 128 + 1172 + 1204 + 2 * 1172);
  });
});

describe('exchanges: T = a·(c + r) + b·pairs', () => {
  // From a computation of its own, in microseconds; above 106 kbit/s its start-of-frame and delays were rounded.
  it.each([
    [1, 84.96, 704],
    [2, 42.48, 472],
    [4, 21.24, 340],
    [8, 10.62, 274],
  ] as const)('rate %i: a %f, b %f', (rate, a, b) => {
    const of = (commandLength: number, responseLength: number): number =>
      microseconds(exchangeCycles({ commandLength, responseLength, ...FRAMES, rates: both(rate) }));
    expect((of(113, 13) - of(13, 13)) / 100).toBeCloseTo(a, 2);
    expect((of(13, 113) - of(13, 13)) / 100).toBeCloseTo(a, 2);
    expect(Math.abs((of(13, 13) - 26 * a) / b - 1)).toBeLessThan(0.005);
  });

  it.each([
    ['SELECT 13 → 13', 13, 13, [2.91, 1.58, 0.89, 0.55]],
    ['READ 5 → 102', 5, 102, [9.79, 5.02, 2.61, 1.41]],
  ] as const)('%s', (_, commandLength, responseLength, ms) => {
    for (const [i, rate] of ([1, 2, 4, 8] as const).entries()) {
      const cycles = exchangeCycles({ commandLength, responseLength, ...FRAMES, rates: both(rate) });
      expect(Math.abs(microseconds(cycles) / 1000 - ms[i]!)).toBeLessThan(0.006);
    }
  });

  it('pairs of blocks: parts of the command and of the response less one, and extensions', () => {
    const pairs = (commandLength: number, responseLength: number, more = {}): number =>
      blockPairs({ commandLength, responseLength, fsc: 32, fsd: 16, ...more });
    expect(pairs(29, 13)).toBe(1);
    expect(pairs(30, 13)).toBe(2);
    expect(pairs(30, 14)).toBe(3);
    expect(pairs(29, 13, { cid: true })).toBe(3);
    expect(pairs(0, 0)).toBe(1);
    expect(pairs(29, 13, { extensions: 2 })).toBe(3);
  });

  it('different rates both ways, with a CID and an extension, by hand', () => {
    const exchange = { commandLength: 20, responseLength: 10, fsc: 16, fsd: 16, cid: true, extensions: 1 };
    // Reader: I 16, I 12, S(WTX) 5 bytes at 424; card: R(ACK) 4, S(WTX) 5, I 14 at 212; means of delays at 212.
    const cycles = (145 + 109 + 46) * 32 + (37 + 46 + 127) * 64 + 3 * 512 + 3 * 1156 + 3 * 1172;
    expect(exchangeCycles({ ...exchange, rates: { toCard: 4, toReader: 2 } })).toBe(cycles);
  });
});

describe('the machines back to back', () => {
  /** The clock of the machines counts the real last bits, the model their mean: 32 cycles a pair at 106, less above. */
  it.each([
    [13, 13, 1, 256, 256, 0],
    [5, 102, 1, 64, 64, 0],
    [261, 258, 8, 64, 32, 0],
    [400, 5000, 2, 4096, 1024, 0],
    [13, 13, 4, 256, 256, 60_000],
    [13, 13, 1, 256, 256, 200_000],
  ] as const)('%i → %i at rate %i, FSC %i, FSD %i, work %i', (commandLength, responseLength, rate, fsc, fsd, work) => {
    const sizes = [16, 24, 32, 40, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096];
    let pending = 0;
    const linked = new TestCard(() => {
      pending = work;
      return counting(responseLength);
    });
    const ats = { ...PLAIN_ATS, fsci: sizes.indexOf(fsc), toCard: [2, 4, 8], toReader: [2, 4, 8] };
    const card = new IsoDepCard(linked, { ats, cost: () => work });
    const reader = new IsoDepReader({ fsd, wantedRates: both(rate) });
    const joined = new BackToBack(reader, card, null, () => {
      const cycles = pending;
      pending = 0;
      return cycles;
    });
    card.start();
    joined.run(reader.activate());
    const exchange = {
      commandLength,
      responseLength,
      fsc,
      fsd,
      rates: both(rate),
      workCycles: work,
      extensions: work > 65_000 ? 1 : 0,
    };
    const before = { cycles: joined.cycles, frames: joined.frames };
    expect(joined.run(reader.transmit(counting(commandLength), 0, commandLength))).toBe('done');
    const pairs = blockPairs(exchange);
    expect(joined.frames - before.frames).toBe(2 * pairs);
    // The work is rounded up to a step once.
    const slack = pairs * 32 + (work > 0 ? 128 : 0);
    expect(Math.abs(joined.cycles - before.cycles - exchangeCycles(exchange))).toBeLessThanOrEqual(slack);
  });

  it('an answer that never comes costs the waiting time, three times', () => {
    const card = new IsoDepCard(new TestCard(), { ats: PLAIN_ATS });
    const reader = new IsoDepReader({ fsd: 256 });
    const joined = new BackToBack(reader, card);
    expect(joined.run(reader.activate())).toBe('lost');
    // RATS of 4 bytes with its CRC.
    expect(joined.cycles).toBe(3 * (37 * 128 + 1172 + 65_536));
  });
});
