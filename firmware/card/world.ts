import type { Clock } from '../../src/hal/clock.ts';
import type { Random } from '../../src/hal/random.ts';
import { board } from './board.ts';

/** No board here has a calendar: wall time is what passed since the start. */
export const clock: Clock = {
  nowNs: () => board.microseconds() * 1000,
  wallSeconds: () => Math.floor(board.microseconds() / 1_000_000),
};

/**
 * The board's own source where it has one. Elsewhere (an emulator) xorshift32 from the time of the draw: bytes that
 * anyone can guess, good for tests of the transport alone.
 */
export const random: Random = {
  fill(target, offset, length) {
    const span = target.subarray(offset, offset + length);
    if (board.random(span)) return;
    let state = (board.microseconds() | 1) >>> 0;
    for (let i = 0; i < length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      span[i] = state >>> 24;
    }
  },
};
