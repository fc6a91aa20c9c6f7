import { describeFailure } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import { type Baselines, onItsDay } from './baselines.ts';
import type { LocalDevice } from './devices.ts';
import { listening } from './judged.ts';
import { PLAIN_TAPS } from './plain-taps.ts';

const TAPS = 5;
const TIMEOUT_MS = 10_000;
/** A bench that is so much slower with the same card measures something else than it did. */
const MOST_SLOWER = 0.5;
/** What a busy machine adds to a short tap. */
const LEAST_MORE_MS = 5;

/** What is measured: medians in milliseconds. @throws what the reader throws */
export type Measure = (device: LocalDevice, signal: AbortSignal) => Promise<number | null>;

/**
 * Reads the reference card that lies in a reader and compares with the first time.
 * @returns what is not as it was, in one sentence; null: nothing
 */
export async function referenceDrift(
  device: LocalDevice,
  baselines: Baselines,
  measure: Measure,
  signal: AbortSignal,
): Promise<string | null> {
  const label = device.card?.label;
  if (label === undefined) return null;
  let medianMs: number | null;
  try {
    medianMs = await measure(device, signal);
  } catch (error) {
    signal.throwIfAborted();
    return `the reference card ${label} cannot be read: ${describeFailure(error).sentences.join(' ')}`;
  }
  if (medianMs === null) return `no tap of the reference card ${label} was good`;
  const first = baselines.first(`${device.capability.device} ${label}`, medianMs);
  if (first === null || medianMs <= Math.max(first.medianMs * (1 + MOST_SLOWER), first.medianMs + LEAST_MORE_MS))
    return null;
  return `the reference card ${label} takes ${medianMs.toFixed(1)} ms, and took ${onItsDay(first)}`;
}

/** By taps that read the identity. */
export function tapMeasure(env: CommandIo['env']): Measure {
  return async (device, signal) => {
    if (device.reader === null) return null;
    const { benchTap } = await import('../../measure/tap/bench-tap.ts');
    const { result } = await benchTap(
      {
        reader: device.reader,
        readerText: device.readerText,
        card: null,
        interface: null,
        sequence: 'identity',
        plan: 'classic',
        taps: TAPS,
        warmUp: 1,
        timeoutMs: TIMEOUT_MS,
        ...PLAIN_TAPS,
      },
      listening({ env, signal, note: () => {} }).io,
    );
    return result.figures === null ? null : result.figures.total.p50.value / 1e6;
  };
}
