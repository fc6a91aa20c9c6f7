import { median } from '../figures/quantile.ts';
import { trendOf } from '../figures/trend.ts';
import { counted } from '../report/words.ts';

/** What one stretch of a soak run was like. */
export interface SoakSample {
  /** Seconds since the start, at its end. */
  readonly atSeconds: number;
  readonly taps: number;
  readonly failed: number;
  /** Median of whole taps. */
  readonly p50us: number;
  readonly p99us: number;
  /** Live objects after a collection, or what was in use where none can be asked for. */
  readonly heapBytes: number;
  readonly residentBytes: number;
  /** Sockets, timers and other things that keep the process alive. */
  readonly handles: number;
  /** Open files and sockets, or null where the system does not tell. */
  readonly descriptors: number | null;
}

export interface SoakLimits {
  /** Share by which the median tap may be slower at the end than at the start. */
  readonly drift: number;
  /** Bytes by which the heap may grow from the start to the end. */
  readonly growthBytes: number;
}

export interface SoakCheck {
  readonly id: 'failures' | 'drift' | 'memory' | 'handles' | 'descriptors';
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly detail: string;
}

export const SOAK_LIMITS: SoakLimits = { drift: 0.05, growthBytes: 1_000_000 };

/** Fewer samples than these do not tell a trend from chance. */
export const FEWEST_SAMPLES = 8;

/** Z beyond which figures in no order come in less than one run of a hundred. */
const CERTAIN = 2.58;

/** @param samples without what was measured while the program warmed up */
export function judgeSoak(samples: readonly SoakSample[], limits: SoakLimits, failures: string): SoakCheck[] {
  const failed = samples.reduce((sum, sample) => sum + sample.failed, 0);
  const taps = samples.reduce((sum, sample) => sum + sample.taps, 0);
  const judged = samples.filter((sample) => sample.taps > sample.failed);
  return [
    {
      id: 'failures',
      verdict: failed > 0 ? 'fail' : taps > 0 ? 'pass' : 'inconclusive',
      detail:
        failed > 0
          ? `${failed} of ${counted(taps, 'tap')} failed: ${failures}`
          : `${counted(taps, 'tap')}, none failed`,
    },
    judgeDrift(
      judged.map(({ p50us }) => p50us),
      limits.drift,
    ),
    judgeMemory(samples, limits.growthBytes),
    judgeLeak(
      'handles',
      samples.map(({ handles }) => handles),
    ),
    judgeLeak(
      'descriptors',
      samples.flatMap(({ descriptors }) => (descriptors === null ? [] : [descriptors])),
    ),
  ];
}

function judgeDrift(medians: readonly number[], limit: number): SoakCheck {
  if (medians.length < FEWEST_SAMPLES) return tooFew('drift', medians.length);
  const { change, z } = trendOf(medians);
  const share = change / (median(medians) - change / 2);
  const slower = z > CERTAIN && share > limit;
  const words = `median tap ${percent(share)} from the start to the end (Z ${z.toFixed(1)})`;
  return { id: 'drift', verdict: slower ? 'fail' : 'pass', detail: `${words}; ${percent(limit)} are allowed` };
}

function judgeMemory(samples: readonly SoakSample[], limit: number): SoakCheck {
  if (samples.length < FEWEST_SAMPLES) return tooFew('memory', samples.length);
  const { change, z } = trendOf(samples.map(({ heapBytes }) => heapBytes));
  const taps = samples.slice(1).reduce((sum, sample) => sum + sample.taps, 0);
  const grows = z > CERTAIN && change > limit;
  const words = `heap ${signed(change / 1e6, 2)} MB from the start to the end, ${signed(change / Math.max(taps, 1), 1)} bytes a tap`;
  return { id: 'memory', verdict: grows ? 'fail' : 'pass', detail: `${words}; ${limit / 1e6} MB are allowed` };
}

/** What is never given back: the fewest at the end are more than the most at the start. */
function judgeLeak(id: 'handles' | 'descriptors', counts: readonly number[]): SoakCheck {
  if (counts.length < FEWEST_SAMPLES) return tooFew(id, counts.length);
  const quarter = counts.length >> 2;
  const before = Math.max(...counts.slice(0, quarter));
  const after = Math.min(...counts.slice(-quarter));
  return {
    id,
    verdict: after > before ? 'fail' : 'pass',
    detail: `at most ${before} at the start, at least ${after} at the end`,
  };
}

function tooFew(id: SoakCheck['id'], count: number): SoakCheck {
  return { id, verdict: 'inconclusive', detail: `${counted(count, 'sample')}; a trend takes ${FEWEST_SAMPLES}` };
}

function percent(share: number): string {
  return `${signed(100 * share, 1)} %`;
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}
