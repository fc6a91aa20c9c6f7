import { describe, expect, it } from 'vitest';
import { BoardFault } from '../../../../rig/board/phase.ts';
import { CannotRun } from '../../../../rig/console/failure.ts';
import type { Stm32BoardOptions } from '../../../../rig/sim/stm32/board.ts';
import { type Bench, bench, FLASH, type FlashMore, fault, imageOf, program } from './bench.ts';

const CHIPS = [
  [0x413, 'STM32F40x/41x'],
  [0x450, 'STM32H74x/75x'],
  [0x480, 'STM32H7A3/7B3'],
  [0x482, 'STM32U575/585'],
] as const;
const F40X = 0x413;
const H7A3 = 0x480;

const NOT_CHANGED = 'the board was not changed';
const TORN = 'the board is in its bootloader without a program that starts; flash it again';
const ERASING = 'the board has its old program still, or is in its bootloader without one that starts; flash it again';
const LAST_BLOCK =
  'the new program is there whole, or the board is in its bootloader with all of it but its start; flash it again with --resume';

/** What becomes of a board whose flashing goes wrong: the sentence, and its flash. */
async function sentence(board: Bench, image = imageOf(program(5000)), more: FlashMore = {}): Promise<string> {
  const error = await board.flash(image, more).then(
    () => new Error('it was flashed'),
    (thrown: Error) => thrown,
  );
  return error.message;
}

const holds = ({ board }: Bench, bytes: Uint8Array): boolean =>
  Buffer.compare(board.chip.flash.bytes.subarray(0, bytes.length), bytes) === 0;

describe('flashing an STM32', { timeout: 60_000 }, () => {
  it.each(CHIPS)('writes and reads back chip %i, a %s', async (id, name) => {
    const at = bench(id);
    const { board, flash } = at;
    const bytes = program(20_001);
    const flashed = await flash(imageOf(bytes));
    expect(holds(at, bytes)).toBe(true);
    expect(board.chip.flash.bytes.subarray(bytes.length).every((byte) => byte === 0xff)).toBe(true);
    expect(flashed).toMatchObject({
      chip: {
        id: `0x${id.toString(16).toUpperCase()}`,
        name,
        uid: '03696D73696D73696D73696D',
        flashKib: board.chip.flash.bytes.length / 1024,
        bootloader: '3.1',
      },
      repairs: { resynchronised: 0, blocksAgain: 0, readsAgain: 0, pagesAgain: 0 },
      started: false,
    });
  });

  it('leaves pages alone that the image does not touch, and fills the pages that it does', async () => {
    const at = bench(H7A3);
    const { bytes } = at.board.chip.flash;
    bytes.fill(0x5a);
    const first = program(8192 + 100);
    await at.flash(imageOf(first, [{ address: FLASH + 40 * 8192 + 3, bytes: Uint8Array.of(1, 2, 3) }]));
    expect(holds(at, first)).toBe(true);
    expect(bytes.subarray(8192 + 100, 2 * 8192).every((byte) => byte === 0xff)).toBe(true);
    expect(bytes.subarray(2 * 8192, 40 * 8192).every((byte) => byte === 0x5a)).toBe(true);
    expect([...bytes.subarray(40 * 8192, 40 * 8192 + 8)]).toEqual([0xff, 0xff, 0xff, 1, 2, 3, 0xff, 0xff]);
    expect(bytes[41 * 8192]).toBe(0x5a);
  });

  it('writes the vector table last', async () => {
    const at = bench(F40X);
    const order: number[] = [];
    const { chip } = at.board;
    const programs = chip.flash.program.bind(chip.flash);
    chip.flash.program = (address, data, part) => {
      if (part === 1) order.push(address);
      programs(address, data, part);
    };
    await at.flash(imageOf(program(20_000)));
    // 79 blocks, the first of which is written in two.
    expect(order).toHaveLength(80);
    expect(order.at(-1)).toBe(FLASH);
    expect(order.slice(0, -1)).toEqual(order.slice(0, -1).toSorted((a, b) => a - b));
  });

  it('takes little more of the line than the bytes that must go: 256 KiB at 115200 baud', async () => {
    const at = bench(H7A3);
    const { wireBytes, leastWireBytes } = await at.flash(imageOf(program(256 * 1024)));
    // 1024 blocks, and one more for what starts the program. Around each 2 + 5 + 2 + 3 to write and 2 + 5 + 2 + 3 + 256 to read.
    expect(leastWireBytes).toBe(1025 * (12 + 12) + 2 * 256 * 1024);
    expect(wireBytes / leastWireBytes).toBeLessThan(1.1);
    // The time that passed, less that of the chip: 1 ms for a block, 0.3 ms for a KiB erased. 11 bits a byte.
    const wireMs = at.clock.nowNs() / 1e6 - 1024 - 256 * 0.3;
    expect(wireMs / ((leastWireBytes * 11 * 1000) / 115_200)).toBeLessThan(1.1);
  });

  it('waits for what a slow line carries: at 1200 baud a block takes longer than an answer may', async () => {
    const at = bench(H7A3);
    const { repairs } = await at.flash(imageOf(program(1000)), { baudRate: 1200 });
    expect(at.board.chip.flash.bytes.subarray(0, 1000)).toEqual(program(1000));
    expect(repairs).toEqual({ resynchronised: 0, blocksAgain: 0, readsAgain: 0, pagesAgain: 0 });
  });

  it('drives BOOT0 and RESET by the lines of the port, into the bootloader and out of it', async () => {
    const at = bench(F40X);
    at.board.chip.boot0 = false;
    at.board.chip.reset();
    const started: number[] = [];
    at.board.onEvent = (event) => void (event.type === 'started' && started.push(event.address));
    const bytes = program(1000);
    // The simulated board's program does not answer.
    expect(await sentence(at, imageOf(bytes), { bootLines: 'boot0=!rts,reset=dtr' })).toMatch(/^nothing answers/);
    started.length = 0;
    const flashed = await at.flash(imageOf(bytes), { bootLines: 'boot0=rts,reset=dtr', start: true });
    expect([flashed.started, holds(at, bytes), started]).toEqual([true, true, [FLASH]]);
  });

  it('starts the program by Go where no lines are there', async () => {
    const at = bench(F40X);
    const started: number[] = [];
    at.board.onEvent = (event) => void (event.type === 'started' && started.push(event.address));
    expect((await at.flash(imageOf(program(1000)), { start: true })).started).toBe(true);
    expect(started).toEqual([FLASH]);
  });
});

describe('what goes wrong is one sentence, and says what the board has become', { timeout: 60_000 }, () => {
  const wrong = (bytes: readonly number[]): Uint8Array => {
    const own = program(5000);
    own.set(bytes);
    return own;
  };

  it.each<[string, number, Partial<Stm32BoardOptions>, Uint8Array, FlashMore, string]>([
    [
      'another chip than --chip says',
      F40X,
      {},
      program(5000),
      { chip: 0x450 },
      `the chip is 0x413 (STM32F40x/41x), not 0x450 (STM32H74x/75x) as --chip says; ${NOT_CHANGED}`,
    ],
    [
      'an image that is too large',
      F40X,
      {},
      program(1024 * 1024 + 1),
      {},
      `program.bin is too large: it ends at 0x08100001, and the flash of this STM32F40x/41x (0x413) has 1024 KiB and ends at 0x08100000; ${NOT_CHANGED}`,
    ],
    [
      'a stack where the chip has no RAM',
      F40X,
      {},
      wrong([0x00, 0x00, 0x08, 0x24]),
      {},
      `program.bin is for another board: its stack begins at 0x24080000, where a STM32F40x/41x has no RAM; ${NOT_CHANGED}`,
    ],
    [
      'a program that starts elsewhere',
      F40X,
      {},
      wrong([0x00, 0x20, 0x00, 0x20, 0x01, 0x01, 0x00, 0x10]),
      {},
      `program.bin is for another board: it starts at 0x10000101, which is no program in the flash of a STM32F40x/41x; ${NOT_CHANGED}`,
    ],
    [
      'silence',
      F40X,
      { faults: [fault('mute')] },
      program(5000),
      {},
      `nothing answers the byte 7F at sim: is the board in its bootloader (BOOT0 high, then a reset); ${NOT_CHANGED}`,
    ],
    [
      'garbage',
      F40X,
      { faults: [fault('garbage', 1, 999)] },
      program(5000),
      {},
      `what answers the byte 7F at sim is DC, not ACK (79): another program runs on the board, or the line has another speed; ${NOT_CHANGED}`,
    ],
    [
      'a line without parity',
      F40X,
      {},
      program(5000),
      { framing: '8N1' },
      `the bootloader answers 7F and no command: has the line the parity of the bootloader, which is even (8E1); ${NOT_CHANGED}`,
    ],
    [
      'a flash that cannot be read',
      F40X,
      { readoutProtected: true },
      program(5000),
      {},
      `the flash is protected from being read out, so nothing can be written; --unprotect takes the protection away and erases the whole flash of the STM32F40x/41x; ${NOT_CHANGED}`,
    ],
    [
      'sectors that the option bytes protect',
      F40X,
      { writeProtected: [0, 1, 9] },
      program(20_000),
      {},
      `2 pages (0 to 1) that the new program needs are protected from writing; --unprotect takes the write protection from the whole flash, and erases these pages; ${NOT_CHANGED}`,
    ],
    [
      'a bootloader that does not answer any more',
      F40X,
      { faults: [fault('stuck', 20)] },
      program(5000),
      {},
      `the bootloader does not answer Write Memory any more; ${TORN}`,
    ],
    ['a bit that stays 1', H7A3, { faults: [fault('bad-flash', 3)] }, program(5000), {}, 'the flash holds'],
  ])('%s', async (_, id, options, bytes, more, expected) => {
    const at = bench(id, options);
    at.board.chip.flash.bytes.fill(0x77);
    const said = await sentence(at, imageOf(bytes), more);
    if (expected === 'the flash holds')
      expect(said).toMatch(
        new RegExp(`^the flash holds [0-9A-F]{2} at 0x0800[0-9A-F]{4}, where [0-9A-F]{2} was written; ${TORN}$`),
      );
    else expect(said).toBe(expected);
    const untouched = at.board.chip.flash.bytes.every((byte) => byte === 0x77);
    expect(untouched).toBe(said.endsWith(NOT_CHANGED));
  });

  it('protected pages that nothing tells of: the first is not erased, and so nothing is', async () => {
    const at = bench(H7A3, { writeProtected: [0] });
    at.board.chip.flash.bytes.fill(0x77);
    expect(await sentence(at, imageOf(program(20_000)))).toBe(
      `1 page (0) that the new program needs is protected from writing; --unprotect takes the write protection from the whole flash, and erases these pages; ${NOT_CHANGED}`,
    );
    expect(at.board.chip.flash.bytes.every((byte) => byte === 0x77)).toBe(true);
  });

  it.each([
    ['from reading', F40X, { readoutProtected: true }],
    ['from writing, as the option bytes say', F40X, { writeProtected: [0, 1] }],
    ['from writing, as nothing says', H7A3, { writeProtected: [1, 2] }],
  ])('--unprotect takes a protection away: %s', async (_, id, options) => {
    const at = bench(id, options);
    at.board.chip.flash.bytes.fill(0x77);
    const bytes = program(20_000);
    await at.flash(imageOf(bytes), { unprotect: true });
    expect(holds(at, bytes)).toBe(true);
    expect(at.said.some((words) => words.includes('protection away'))).toBe(true);
  });

  it('Ctrl-C at any block', async () => {
    const stop = new AbortController();
    const at = bench(F40X);
    let blocks = 0;
    at.board.onEvent = (event) => {
      if (event.type === 'command' && event.code === 0x31 && ++blocks === 5) stop.abort();
    };
    expect(await sentence(at, imageOf(program(5000)), { signal: stop.signal })).toBe(`interrupted; ${TORN}`);
    expect([...at.board.chip.flash.bytes.subarray(0, 4)]).toEqual([0xff, 0xff, 0xff, 0xff]);
  });

  it('whose fault it is', async () => {
    const thrown = (at: Bench, more: FlashMore): Promise<unknown> =>
      at.flash(imageOf(program(5000)), more).catch((error: unknown) => error);
    expect(await thrown(bench(F40X), { chip: 0x450 })).toBeInstanceOf(BoardFault);
    expect(await thrown(bench(F40X, { writeProtected: [0] }), {})).toBeInstanceOf(BoardFault);
    expect(
      await bench(F40X)
        .flash(imageOf(program(1024 * 1025)))
        .catch((error: unknown) => error),
    ).toBeInstanceOf(CannotRun);
  });
});

describe('a bad line', { timeout: 120_000 }, () => {
  it.each([
    ['bytes lost on the way to the chip', 'lose-to-chip'],
    ['bytes lost on the way to the host', 'lose-to-host'],
    ['wrong bits on the way to the chip', 'flip-to-chip'],
    ['wrong bits on the way to the host', 'flip-to-host'],
  ] as const)(
    '%s: at each of 40 places the flash is right in the end, and the repairs are counted',
    async (_, name) => {
      const bytes = program(3000);
      let repaired = 0;
      for (let place = 30; place < 3000; place += 75) {
        const at = bench(F40X, { faults: [fault(name, place)] });
        const { repairs } = await at.flash(imageOf(bytes));
        expect(holds(at, bytes), `${name} ${place}`).toBe(true);
        repaired += Object.values(repairs).reduce((sum, count) => sum + count, 0) > 0 ? 1 : 0;
      }
      // A wrong bit can be one that is not looked at, as in the version of the bootloader.
      expect(repaired).toBeGreaterThan(35);
    },
  );

  it('BUSY, slow erases and noise before the sync do not disturb it', async () => {
    const at = bench(F40X, { faults: [fault('busy', 1, 99, 3), fault('slow-erase', 1, 99, 3000)] });
    const bytes = program(20_000);
    expect((await at.flash(imageOf(bytes))).repairs).toEqual({
      resynchronised: 0,
      blocksAgain: 0,
      readsAgain: 0,
      pagesAgain: 0,
    });
    expect(holds(at, bytes)).toBe(true);
    // Once more, with the bootloader in sync already.
    expect((await at.flash(imageOf(program(4000, 2)))).pagesErased).toBe(1);
  });
});

describe('power that fails at every erase and every write', { timeout: 300_000 }, () => {
  it.each(CHIPS)('leaves chip %i, a %s, old, new, or without a program; resuming makes it new', async (id) => {
    const [before, after] = [program(20_000, 7), program(20_000, 9)];
    let cuts = 0;
    const states: string[] = [];
    for (let at = 1; ; at++) {
      const run = bench(id, { faults: [fault('power-fail', at, at, 1)] });
      run.board.chip.flash.bytes.set(before);
      const said = await sentence(run, imageOf(after));
      if (said === 'it was flashed') break;
      cuts++;
      const { bytes } = run.board.chip.flash;
      const isOld = Buffer.compare(bytes.subarray(0, before.length), before) === 0;
      const isBlank = bytes.subarray(4, 8).every((byte) => byte === 0xff);
      const state = said.slice(said.indexOf('; ') + 2);
      // Half of the first page is erased at the first cut, which takes the vector table.
      states.push(state);
      // Half of what starts the program does not: in words of 4 bytes it is the stack pointer.
      expect([isBlank, isOld], `cut ${at}: ${said}`).toEqual([true, false]);
      run.board.plug();
      const resumed = await run.flash(imageOf(after), { resume: true });
      expect(holds(run, after), `resumed after cut ${at}`).toBe(true);
      expect(resumed.pagesKept + resumed.pagesErased).toBeGreaterThan(0);
    }
    // Every page of the image, and its 79 blocks, the first in two.
    expect(cuts).toBe(80 + (id === F40X ? 2 : id === 0x450 ? 1 : 3));
    expect(states).toEqual([ERASING, ...Array.from({ length: cuts - 2 }, () => TORN), LAST_BLOCK]);
  });
});
