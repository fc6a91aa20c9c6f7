import { describe, expect, it } from 'vitest';
import { readBoard } from '../../../../rig/board/firmware/board-description.ts';
import { judgeHeap } from '../../../../rig/board/firmware/heap-need.ts';

/** 786,432 bytes of RAM; the H7A3 has 1,048,576, the RP2350's PSRAM 8 MiB. */
const board = readBoard('nucleo-u575zi-q');
const sizes = { ram: 86_432, heap: 700_000 };
const judged = (start: number, work: number, channel = false): string | null =>
  judgeHeap({ board, sizes }, { start, work }, channel);

describe('what a card takes of the heap, against what its board has', () => {
  it.each([
    ['less', 600_000, 699_999],
    ['exactly as much', 600_000, 700_000],
  ])('%s fits', (_words, start, work) => expect(judged(start, work)).toBeNull());

  it('is not judged where nobody knows it', () => expect(judgeHeap({ board, sizes }, null, true)).toBeNull());

  it('too much at the start: refused, with figures and what helps', () => {
    expect(() => judged(780_000, 845_600)).toThrow(
      'does not fit on nucleo-u575zi-q: the card takes 780 kB of heap to start, and nucleo-u575zi-q has 700 kB for the heap, 80 kB too little; build it for nucleo-h7a3zi-q (962.2 kB) or pico-plus-2 (8388.7 kB)',
    );
    expect(() => judged(780_000, 845_600)).toThrow(/8388\.7 kB\)$/);
    expect(() => judged(780_000, 845_600, true)).toThrow(/, or leave the secure channel out with --no-channel$/);
  });

  it('too much at work: a warning', () => {
    expect(judged(650_000, 700_001)).toBe(
      'the card starts, and may run out of RAM in the middle of a command, which is answered by 6F00 and a new start: it takes up to 700.1 kB, and nucleo-u575zi-q has 700 kB for the heap; build it for nucleo-h7a3zi-q (962.2 kB) or pico-plus-2 (8388.7 kB)',
    );
  });

  it('names only boards with room, and none that is emulated', () => {
    expect(() => judged(970_000, 1_000_000)).toThrow(/; build it for pico-plus-2 \(8388\.7 kB\)$/);
    expect(() => judged(9_000_000, 9_000_000)).toThrow(/; no board here has so much$/);
    expect(() => judged(9_000_000, 9_000_000, true)).toThrow(/; leave the secure channel out with --no-channel$/);
  });
});
