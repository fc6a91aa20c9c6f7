import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { describeFailure } from '../../console/failure.ts';
import { readInputText } from '../../console/input-file.ts';
import type { CommandIo } from '../../console/io.ts';
import type { LocalDevice } from './devices.ts';
import { listening } from './judged.ts';
import { PLAIN_TAPS } from './plain-taps.ts';

/** How long the identity of a reference card takes, as it was first measured at this bench. */
const BASELINES = z.record(z.string(), z.object({ medianMs: z.number().positive(), measuredAt: z.string() }));
type Baselines = z.infer<typeof BASELINES>;

const FILE = 'references.json';
const TAPS = 5;
const TIMEOUT_MS = 10_000;
/** A bench that is so much slower with the same card measures something else than it did. */
const MOST_SLOWER = 0.5;

/** What is measured: medians in milliseconds. @throws what the reader throws */
export type Measure = (device: LocalDevice, signal: AbortSignal) => Promise<number | null>;

/**
 * Reads the reference card that lies in a reader and compares with the first time, which is kept in the bench's folder.
 * @returns what is not as it was, in one sentence; null: nothing
 */
export async function referenceDrift(
  device: LocalDevice,
  folder: string,
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
  const key = `${device.capability.device} ${label}`;
  const known = baselines(folder);
  const before = known[key];
  if (before === undefined) {
    const now: Baselines = { ...known, [key]: { medianMs, measuredAt: new Date().toISOString() } };
    replaceFile(join(folder, FILE), [Buffer.from(`${JSON.stringify(now, null, 2)}\n`)]);
    return null;
  }
  if (medianMs <= before.medianMs * (1 + MOST_SLOWER)) return null;
  return `the reference card ${label} takes ${medianMs.toFixed(1)} ms, and took ${before.medianMs.toFixed(1)} ms on ${before.measuredAt.slice(0, 10)}`;
}

function baselines(folder: string): Baselines {
  const path = join(folder, FILE);
  if (!existsSync(path)) return {};
  const read = BASELINES.safeParse(JSON.parse(readInputText(path, 'the reference times of a bench')));
  // A file that nobody can read any more is written anew: a drift is seen against the next time.
  return read.success ? read.data : {};
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
