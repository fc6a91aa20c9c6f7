import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { journalRegionSize, largestContent } from '../../../src/applet/nvm/journal.ts';
import { TransactionalNvm, TransactionTooLarge } from '../../../src/applet/nvm/transactional-nvm.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { PowerLoss, PowerLossNvm } from '../../../src/hal/nvm/power-loss.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';

const DATA = 64;
const REGION = { address: DATA, size: journalRegionSize(48) };
const SIZE = DATA + REGION.size;

type Write = readonly [address: number, bytes: readonly number[]];
type Transaction = readonly Write[];

const bytesOf = (nvm: { read: MemoryNvm['read'] }): number[] => {
  const bytes = new Uint8Array(DATA);
  nvm.read(0, bytes, 0, DATA);
  return [...bytes];
};

function play(nvm: TransactionalNvm, transaction: Transaction): void {
  for (const [address, bytes] of transaction) nvm.write(address, Uint8Array.from(bytes), 0, bytes.length);
  nvm.flush();
}

/** The data after 0, 1, 2 … transactions. */
function states(transactions: readonly Transaction[]): string[] {
  const data: number[] = new Array(DATA).fill(0xff);
  const seen = [data.join()];
  for (const transaction of transactions) {
    for (const [address, bytes] of transaction) data.splice(address, bytes.length, ...bytes);
    seen.push(data.join());
  }
  return seen;
}

/** Cuts the power at every step of the transactions; gives the number of cuts, and calls `check` for each survivor. */
function cutEverywhere(
  transactions: readonly Transaction[],
  region: typeof REGION | null,
  check: (survivor: MemoryNvm, done: number) => void,
): number {
  const whole = new PowerLossNvm(SIZE);
  const nvm = new TransactionalNvm(whole, region);
  for (const transaction of transactions) play(nvm, transaction);
  for (let step = 0; step < whole.steps; step++) {
    const failing = new PowerLossNvm(SIZE, { losesPowerAt: step });
    let done = 0;
    try {
      const cut = new TransactionalNvm(failing, region);
      for (const transaction of transactions) {
        play(cut, transaction);
        done++;
      }
    } catch (error) {
      if (!(error instanceof PowerLoss)) throw error;
    }
    for (const kept of ['kept', 'lost', new SeededRandom(`${step}`)] as const) check(failing.survivor(kept), done);
  }
  return whole.steps;
}

const someTransactions = fc.array(
  fc.array(
    fc
      .tuple(
        fc.integer({ min: 0, max: DATA - 8 }),
        fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 8 }),
      )
      .map(([address, bytes]): Write => [address, bytes]),
    { minLength: 1, maxLength: 3 },
  ),
  { minLength: 1, maxLength: 6 },
);

describe('a transaction', () => {
  it('is seen by its own reads, and by the memory below only after the flush', () => {
    const memory = new MemoryNvm(SIZE);
    const nvm = new TransactionalNvm(memory, REGION);
    nvm.write(4, Uint8Array.of(1, 2, 3, 4), 0, 4);
    nvm.write(6, Uint8Array.of(9), 0, 1);
    const read = new Uint8Array(6);
    nvm.read(3, read, 0, 6);
    expect([...read]).toEqual([0xff, 1, 2, 9, 4, 0xff]);
    expect(nvm.readByte(6)).toBe(9);
    expect(memory.readByte(4)).toBe(0xff);
    nvm.flush();
    expect(bytesOf(memory).slice(4, 8)).toEqual([1, 2, 9, 4]);
  });

  it('is gone after a rollback', () => {
    const memory = new MemoryNvm(SIZE);
    const nvm = new TransactionalNvm(memory, REGION);
    nvm.write(0, Uint8Array.of(1), 0, 1);
    nvm.rollback();
    nvm.flush();
    expect(nvm.readByte(0)).toBe(0xff);
    expect(memory.snapshot().every((byte) => byte === 0xff)).toBe(true);
  });

  it('that is too large is refused before anything is written', () => {
    const memory = new MemoryNvm(SIZE);
    const nvm = new TransactionalNvm(memory, REGION);
    const most = largestContent(REGION) - 8;
    nvm.write(0, new Uint8Array(Math.min(most, DATA)), 0, Math.min(most, DATA));
    expect(() => {
      for (let i = 0; i < 10; i++) nvm.write(0, new Uint8Array(DATA), 0, DATA);
    }).toThrow(TransactionTooLarge);
    nvm.rollback();
    expect(memory.snapshot().every((byte) => byte === 0xff)).toBe(true);
  });

  it('whose flush fails has not happened, and does not happen later', () => {
    let failing = true;
    const memory = new MemoryNvm(SIZE);
    const nvm = new TransactionalNvm(
      Object.assign(Object.create(memory), {
        size: SIZE,
        read: memory.read.bind(memory),
        readByte: memory.readByte.bind(memory),
        write: memory.write.bind(memory),
        flush: () => {
          if (failing) throw new HalError('storage', 'the disk is full');
        },
      }) as MemoryNvm,
      REGION,
    );
    nvm.write(0, Uint8Array.of(1), 0, 1);
    expect(() => nvm.flush()).toThrow('full');
    expect(nvm.readByte(0)).toBe(0xff);
    failing = false;
    nvm.write(1, Uint8Array.of(2), 0, 1);
    nvm.flush();
    expect(bytesOf(new TransactionalNvm(new MemoryNvm(memory.snapshot()), REGION)).slice(0, 2)).toEqual([0xff, 2]);
  });
});

describe('power lost at every byte of every write', () => {
  it('leaves a whole number of transactions, and none that was over is undone', () => {
    let cuts = 0;
    fc.assert(
      fc.property(someTransactions, (transactions) => {
        const expected = states(transactions);
        cuts += cutEverywhere(transactions, REGION, (survivor, done) => {
          const state = bytesOf(new TransactionalNvm(survivor, REGION)).join();
          expect([expected[done], expected[done + 1]]).toContain(state);
        });
      }),
      { numRuns: 40 },
    );
    expect(cuts).toBeGreaterThan(1000);
  });

  it('and lost again while the last cut is being mended', () => {
    const transactions: Transaction[] = [
      [[0, [1, 1, 1, 1]]],
      [
        [2, [2, 2, 2, 2]],
        [40, [2]],
      ],
      [[0, [3, 3, 3, 3, 3, 3]]],
    ];
    const expected = states(transactions);
    cutEverywhere(transactions, REGION, (survivor, done) => {
      for (let step = 0; ; step++) {
        const failing = new PowerLossNvm(survivor.snapshot(), { losesPowerAt: step });
        try {
          new TransactionalNvm(failing, REGION);
          break; // nothing left to mend before this step
        } catch (error) {
          if (!(error instanceof PowerLoss)) throw error;
        }
        for (const kept of ['kept', 'lost', new SeededRandom(`${step}`)] as const) {
          const state = bytesOf(new TransactionalNvm(failing.survivor(kept), REGION)).join();
          expect([expected[done], expected[done + 1]]).toContain(state);
        }
      }
    });
  });

  it('without a journal this test fails: half a transaction is left', () => {
    let torn = 0;
    const transactions: Transaction[] = [[[0, [1, 1, 1, 1]]], [[0, [2, 2, 2, 2]]]];
    const expected = states(transactions);
    cutEverywhere(transactions, null, (survivor, done) => {
      const state = bytesOf(new TransactionalNvm(survivor, null)).join();
      if (state !== expected[done] && state !== expected[done + 1]) torn++;
    });
    expect(torn).toBeGreaterThan(0);
  });
});

describe('the ring', () => {
  it('wears evenly: no byte of it is written much more often than another', () => {
    const writes = new Uint32Array(SIZE);
    const memory = new MemoryNvm(SIZE);
    const nvm = new TransactionalNvm(
      Object.assign(Object.create(memory), {
        size: SIZE,
        read: memory.read.bind(memory),
        readByte: memory.readByte.bind(memory),
        flush: () => {},
        write: (address: number, source: Uint8Array, offset: number, length: number) => {
          for (let i = 0; i < length; i++) writes[address + i] = writes[address + i]! + 1;
          memory.write(address, source, offset, length);
        },
      }) as MemoryNvm,
      REGION,
    );
    for (let i = 0; i < 1000; i++) play(nvm, [[i % DATA, [i & 0xff]]]);
    const ring = [...writes.subarray(REGION.address)];
    expect(Math.max(...ring) - Math.min(...ring)).toBeLessThanOrEqual(1);
    expect(Math.max(...ring)).toBeLessThan(1000 / 3);
  });

  it('data that look like a record are not taken for one', () => {
    const memory = new MemoryNvm(SIZE);
    const victim = new TransactionalNvm(memory, REGION);
    play(victim, [[0, [7]]]);
    // A genuine record of a high sequence number, taken from another ring and written as data.
    const other = new MemoryNvm(SIZE);
    const forger = new TransactionalNvm(other, REGION);
    for (let i = 0; i < 9; i++) play(forger, [[0, [0x66]]]);
    for (let line = REGION.address; line < SIZE; line += 16) {
      const forged = [...Uint8Array.from(other.snapshot().subarray(line, line + 16))];
      for (let shift = 0; shift < 16; shift++) play(victim, [[8, [...forged.slice(shift), ...forged.slice(0, shift)]]]);
    }
    expect(new TransactionalNvm(new MemoryNvm(memory.snapshot()), REGION).readByte(0)).toBe(7);
  });
});
