import { setImmediate as turn } from 'node:timers/promises';
import type { CurveName } from '../../../src/hal/crypto.ts';
import { ascending, quantile } from '../../figures/quantile.ts';
import { type CurveOperation, type OperationName, timeAlone } from './curve-operations.ts';
import type { Protocol } from './protocol-runs.ts';
import type { Phase, Stopwatch } from './stopwatch.ts';
import { type Spent, sumOf } from './timed.ts';

export interface Quantiles {
  readonly p50ms: number;
  readonly p99ms: number;
}

/** One side of a protocol over all runs. Times of the clock; ratios of processor time, medians of both. */
export interface ProtocolFigures {
  readonly id: string;
  readonly protocol: Protocol['name'];
  readonly curve: CurveName;
  readonly side: 'card' | 'reader';
  readonly n: number;
  readonly before: Quantiles;
  readonly tap: Quantiles;
  /** How often each curve operation was asked for. */
  readonly operations: Readonly<Record<Phase, Readonly<Partial<Record<OperationName, number>>>>>;
  /** These operations by noble alone, in the same run. */
  readonly alone: Readonly<Record<Phase, Quantiles>>;
  /** All of the side, divided by all of its operations alone. */
  readonly ratio: number;
  /** What the side does in the tap, divided by the operations that cannot be done before. */
  readonly tapRatio: number;
  /** Median of each command in the tap; for the reader of what it does before sending it, and after the last. */
  readonly steps: readonly { readonly command: string; readonly p50ms: number }[];
}

/** Until the compiler has finished with what only a run uses. */
const WARM_UP = 15;
const PHASES: readonly Phase[] = ['before', 'tap'];

/** Runs of one side, and the same operations alone, taken in turn. */
interface Samples {
  readonly sides: Readonly<Record<Phase, Spent[]>>;
  readonly alone: Readonly<Record<Phase, Spent[]>>;
  readonly steps: number[][];
  operations: Readonly<Record<Phase, readonly CurveOperation[]>>;
}

/** @returns card, then reader; nothing when it was interrupted */
export async function protocolFigures(
  protocol: Protocol,
  count: number,
  signal: AbortSignal,
  warmUp: number = WARM_UP,
): Promise<ProtocolFigures[]> {
  const samples = { card: noSamples(), reader: noSamples() };
  for (let i = -warmUp; i < count; i++) {
    // So that Ctrl-C is heard: nothing else here waits for anything.
    await turn();
    if (signal.aborted) return [];
    const run = protocol.run();
    for (const side of ['card', 'reader'] as const) take(samples[side], run[side], i >= 0);
  }
  return (['card', 'reader'] as const).map((side) => figuresOf(protocol, side, samples[side]));
}

function noSamples(): Samples {
  return {
    sides: { before: [], tap: [] },
    alone: { before: [], tap: [] },
    steps: [],
    operations: { before: [], tap: [] },
  };
}

function take(samples: Samples, side: Stopwatch, counts: boolean): void {
  samples.operations = side.operations;
  for (const phase of PHASES) {
    const alone = timeAlone(side.operations[phase]);
    if (!counts) continue;
    samples.alone[phase].push(alone);
    samples.sides[phase].push(sumOf(side.steps[phase]));
  }
  if (counts) samples.steps.push(side.steps.tap.map(({ wallMs }) => wallMs));
}

function figuresOf(protocol: Protocol, side: 'card' | 'reader', samples: Samples): ProtocolFigures {
  const { sides, alone, steps } = samples;
  const names = side === 'card' ? protocol.steps : [...protocol.steps, 'end'];
  return {
    id: `${protocol.id}-${side}`,
    protocol: protocol.name,
    curve: protocol.curve,
    side,
    n: steps.length,
    before: quantiles(sides.before),
    tap: quantiles(sides.tap),
    operations: { before: counted(samples.operations.before), tap: counted(samples.operations.tap) },
    alone: { before: quantiles(alone.before), tap: quantiles(alone.tap) },
    ratio: (processorMs(sides.before) + processorMs(sides.tap)) / (processorMs(alone.before) + processorMs(alone.tap)),
    tapRatio: processorMs(sides.tap) / processorMs(alone.tap),
    steps: names.map((command, index) => ({ command, p50ms: middle(steps.map((run) => run[index] as number)) })),
  };
}

function counted(operations: readonly CurveOperation[]): Partial<Record<OperationName, number>> {
  const counts: Partial<Record<OperationName, number>> = {};
  for (const { name } of operations) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function quantiles(spent: readonly Spent[]): Quantiles {
  const sorted = ascending(spent.map(({ wallMs }) => wallMs));
  return { p50ms: quantile(sorted, 0.5), p99ms: quantile(sorted, 0.99) };
}

function processorMs(spent: readonly Spent[]): number {
  return middle(spent.map(({ processorMs: each }) => each));
}

function middle(values: readonly number[]): number {
  return quantile(ascending(values), 0.5);
}
