import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../../rig/sim/faults/plan.ts';
import { type Bench, bench, FLASH, type FlashMore, fault, imageOf, program } from './bench.ts';

const F40X = 0x413;

const [OLD, NEW] = [program(300, 7), program(300, 9)];

/** What each end of a sentence says that the flash may hold. */
const STATES: Readonly<Record<string, readonly Held[]>> = {
  'the board was not changed': ['old'],
  'the board has its old program still, or is in its bootloader without one that starts; flash it again': [
    'old',
    'none that starts',
  ],
  'the board is in its bootloader without a program that starts; flash it again': ['none that starts'],
  'the new program is there whole, or the board is in its bootloader with all of it but its start; flash it again with --resume':
    ['new', 'none that starts'],
  'the new program is there and was read back; reset the board to start it': ['new'],
  'the new program was sent whole and not read back whole: it may start; flash it again with --resume': ['new'],
};

type Held = 'old' | 'new' | 'none that starts' | 'something else that starts';

function held({ board }: Bench): Held {
  const { bytes } = board.chip.flash;
  const is = (whole: Uint8Array): boolean => Buffer.compare(bytes.subarray(0, whole.length), whole) === 0;
  if (is(OLD)) return 'old';
  if (is(NEW)) return 'new';
  // Without a reset vector nothing starts.
  return bytes.subarray(4, 8).every((byte) => byte === 0xff) ? 'none that starts' : 'something else that starts';
}

interface Seen {
  readonly run: Bench;
  /** Whether the fault had its occasion. */
  readonly struck: boolean;
  /** Null: it was flashed. */
  readonly sentence: string | null;
}

async function flashWith(id: number, one: Fault, more: FlashMore = {}): Promise<Seen> {
  const run = bench(id, { faults: [one] });
  run.board.chip.flash.bytes.set(OLD);
  let struck = false;
  run.board.onEvent = ({ type }) => {
    struck ||= type === 'fault';
  };
  const sentence = await run.flash(imageOf(NEW), more).then(
    () => null,
    (error: Error) => error.message,
  );
  return { run, struck, sentence };
}

/** Whether what is said of the board is what it is. */
function expectTruth({ run, sentence }: Seen, where: string): void {
  if (sentence === null) {
    expect(held(run), where).toBe('new');
    return;
  }
  const end = Object.keys(STATES).find((each) => sentence.endsWith(`; ${each}`));
  expect(end, `${where}: ${sentence}`).toBeDefined();
  expect(STATES[end!], `${where}: ${sentence}`).toContain(held(run));
}

describe('the board is old, new, or without a program that starts, and is said to be', { timeout: 120_000 }, () => {
  it.each([
    [0x413, 3],
    [0x450, 19],
    [0x480, 19],
    [0x482, 19],
  ])('the cable pulled at bytes of the line: chip %i, at every %i.', async (id, step) => {
    const { wireBytes } = await bench(id).flash(imageOf(NEW), { start: true });
    // Each byte is written and read.
    expect(wireBytes).toBeGreaterThan(2 * NEW.length);
    const states = new Set<Held>();
    for (let at = 1; at < wireBytes; at += step) {
      const seen = await flashWith(id, fault('unplug', at), { start: true });
      expect(seen.sentence, `byte ${at}`).toContain('unplugged');
      expectTruth(seen, `byte ${at}`);
      states.add(held(seen.run));
    }
    expect([...states].toSorted()).toEqual(['new', 'none that starts', 'old']);
  });

  it.each([
    ['silence', 'stuck', 'command', 1],
    ['one NACK', 'refuse', 'command', 1],
    ['NACKs from then on', 'refuse', 'command', 9999],
    ['one garbage', 'garbage', 'answer', 1],
    ['garbage from then on', 'garbage', 'answer', 9999],
  ] as const)('%s (%s) at every %s', async (_, name, what, times) => {
    let at = 1;
    for (; ; at++) {
      const seen = await flashWith(F40X, fault(name, at, at + times - 1), { start: true });
      if (!seen.struck) break;
      expectTruth(seen, `${what} ${at}`);
    }
    // Get, Get Version, Get ID, two reads of what the chip is, an erase and two looks at it; 3 blocks written and read.
    expect(at - 1).toBeGreaterThanOrEqual(3 + 2 + 3 + 2 * 3);
  });

  it('silence at every command, and Ctrl-C in it: half a second at most', async () => {
    for (let at = 1; ; at++) {
      const stop = new AbortController();
      const run = bench(F40X, { faults: [fault('stuck', at)] });
      run.board.chip.flash.bytes.set(OLD);
      let stoppedNs: number | null = null;
      run.board.onEvent = ({ type }) => {
        if (type !== 'fault') return;
        run.clock.after(10_000_000, () => {
          stoppedNs = run.clock.nowNs();
          stop.abort();
        });
      };
      const sentence = await run.flash(imageOf(NEW), { signal: stop.signal }).then(
        () => null,
        (error: Error) => error.message,
      );
      if (stoppedNs === null) break;
      expect(sentence, `command ${at}`).toMatch(/^interrupted; /);
      expectTruth({ run, struck: true, sentence }, `command ${at}`);
      expect(run.clock.nowNs() - stoppedNs).toBeLessThan(500_000_000);
    }
  });

  it.each([
    ['while nothing answers at all', [fault('mute')]],
    ['while a page is erased for 30 s', [fault('slow-erase', 1, 9, 30_000)]],
  ])('Ctrl-C %s: half a second at most', async (_, faults) => {
    const stop = new AbortController();
    const run = bench(F40X, { faults });
    run.board.chip.flash.bytes.set(OLD);
    run.clock.after(600_000_000, () => stop.abort());
    const sentence = await run.flash(imageOf(NEW), { signal: stop.signal }).then(
      () => null,
      (error: Error) => error.message,
    );
    expect(sentence).toMatch(/^interrupted; /);
    expectTruth({ run, struck: true, sentence }, 'Ctrl-C');
    expect(run.clock.nowNs()).toBeLessThan(1_100_000_000);
  });

  it('a block that starts the program, written badly: its page is written anew, with all that is in it', async () => {
    const run = bench(F40X);
    const { chip } = run.board;
    const [programs, sends] = [chip.flash.program.bind(chip.flash), chip.onSend!];
    let bad = true;
    let loses = false;
    chip.flash.program = (address, data, part) => {
      const strikes = bad && address === FLASH && part === 1;
      if (strikes) [bad, loses] = [false, true];
      programs(address, strikes ? data.map((byte) => byte & 0x7e) : data, part);
    };
    chip.onSend = (bytes) => {
      if (loses) loses = false;
      else sends(bytes);
    };
    expect((await run.flash(imageOf(NEW))).repairs).toMatchObject({ pagesAgain: 1 });
    expect([bad, held(run)]).toEqual([false, 'new']);
  });
});
