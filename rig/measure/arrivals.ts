import type { Random } from '../../src/hal/random.ts';

/**
 * When taps come, as people do:
 *
 * `even`: one after the other, all the same distance apart. `waiting-room`: each on its own, at any time (a Poisson
 * process). `turnstile`: most of them in the seconds after a train, the others at any time.
 */
export const ARRIVAL_PATTERNS = ['even', 'waiting-room', 'turnstile'] as const;
export type ArrivalPattern = (typeof ARRIVAL_PATTERNS)[number];

/** Seconds from one train to the next. */
export const TRAIN_SECONDS = 2;
/** How many of a turnstile's passengers come from a train. */
const FROM_TRAINS = 0.8;
/** Mean time that such a passenger takes to the turnstile, in seconds. */
const WALK_SECONDS = TRAIN_SECONDS / 8;

/**
 * Times at which taps are meant to begin, in milliseconds from the start, in ascending order. The same for the same
 * source of random bytes.
 * @param perSecond taps a second, on average
 */
export function arrivals(pattern: ArrivalPattern, taps: number, perSecond: number, random: Random): Float64Array {
  const times = new Float64Array(taps);
  const duration = taps / perSecond;
  switch (pattern) {
    case 'even':
      for (let i = 0; i < taps; i++) times[i] = i / perSecond;
      break;
    case 'waiting-room':
      for (let i = 0, at = 0; i < taps; i++) {
        at += exponential(random, 1 / perSecond);
        times[i] = at;
      }
      break;
    case 'turnstile': {
      const trains = Math.ceil(duration / TRAIN_SECONDS);
      for (let i = 0; i < taps; i++) {
        const train = TRAIN_SECONDS * Math.floor(uniform(random) * trains);
        const byTrain = uniform(random) < FROM_TRAINS;
        times[i] = byTrain ? train + exponential(random, WALK_SECONDS) : uniform(random) * duration;
      }
      times.sort();
      break;
    }
  }
  return times.map((seconds) => seconds * 1000);
}

const DRAWN = new Uint8Array(4);
const DRAWN_NUMBER = new DataView(DRAWN.buffer);

/** From 0 up to, and without, 1. */
function uniform(random: Random): number {
  random.fill(DRAWN, 0, 4);
  return DRAWN_NUMBER.getUint32(0) / 2 ** 32;
}

function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - uniform(random));
}
