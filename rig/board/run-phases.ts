import type { Clock } from '../../src/hal/clock.ts';
import { HalError, type HalErrorKind } from '../../src/hal/errors.ts';
import type { Reader } from '../../src/hal/reader.ts';
import { CannotRun } from '../console/failure.ts';
import type { BoardUnderTest } from './board-under-test.ts';
import { judgeMeasurement, limitsInWords, type MeasuredValue, type Measurement, valueInWords } from './measurement.ts';
import { BoardFault, type Phase, type PhaseContext, type PhaseResult, type Series } from './phase.ts';

export interface RunOptions {
  readonly board: BoardUnderTest;
  readonly partner: BoardUnderTest | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Ids of phases to run; null for all. Fatal ones always run: the others stand on them. */
  readonly only: readonly string[] | null;
  readonly onStart?: (phase: Phase) => void;
  readonly onEnd?: (result: PhaseResult) => void;
  readonly say?: (text: string) => void;
  /** Puts what writes a trace around a reader. */
  readonly recorded?: (reader: Reader) => Reader;
  readonly instruct?: (text: string) => Promise<void>;
}

/** Runs phases in order. A phase never throws out of here: what goes wrong is a result. */
export async function runPhases(phases: readonly Phase[], options: RunOptions): Promise<readonly PhaseResult[]> {
  const results: PhaseResult[] = [];
  let stopped: string | null = null;
  for (const phase of phases) {
    const why: string | null = stopped ?? notWanted(phase, options);
    const result: PhaseResult = why === null ? await runPhase(phase, options) : skipped(phase, why);
    if (why === null && result.verdict !== 'pass' && (phase.fatal || options.signal.aborted)) {
      stopped = options.signal.aborted ? 'the test was interrupted' : `“${phase.title}” did not pass`;
    }
    results.push(result);
    options.onEnd?.(result);
  }
  return results;
}

function notWanted(phase: Phase, { only, partner, signal }: RunOptions): string | null {
  if (signal.aborted) return 'the test was interrupted';
  if (only !== null && !phase.fatal && !only.includes(phase.id)) return 'not asked for';
  if (phase.needsPartner === true && partner === null) return 'there is no second board (--partner)';
  return null;
}

function skipped(phase: Phase, reason: string): PhaseResult {
  const measurements = phase.measurements.map((plan) => judgeMeasurement(plan, null));
  const { id, title } = phase;
  return { id, title, verdict: 'skipped', reason, startedAt: null, durationMs: 0, measurements, series: [] };
}

async function runPhase(phase: Phase, options: RunOptions): Promise<PhaseResult> {
  options.onStart?.(phase);
  const values = new Map<string, MeasuredValue>();
  const series: Series[] = [];
  const context: PhaseContext = {
    board: options.board,
    partner: options.partner,
    clock: options.clock,
    signal: options.signal,
    measure: (id, value) => {
      if (!phase.measurements.some((plan) => plan.id === id)) throw new Error(`${phase.id} has no measurement ${id}`);
      if (values.has(id)) throw new Error(`${phase.id} measures ${id} twice`);
      values.set(id, value);
    },
    keep: (kept) => void series.push(kept),
    say: (text) => options.say?.(text),
    recorded: (reader) => options.recorded?.(reader) ?? reader,
    instruct: async (text) => options.instruct?.(text),
  };
  const startNs = options.clock.nowNs();
  const startedAt = new Date().toISOString();
  let thrown: { readonly error: unknown } | null = null;
  try {
    await phase.run(context);
  } catch (error) {
    thrown = { error };
  }
  const measurements = phase.measurements.map((plan) => judgeMeasurement(plan, values.get(plan.id) ?? null));
  return {
    id: phase.id,
    title: phase.title,
    ...(thrown === null ? judge(measurements) : whose(thrown.error, options.signal)),
    startedAt,
    durationMs: (options.clock.nowNs() - startNs) / 1e6,
    measurements,
    series,
  };
}

type Judged = Pick<PhaseResult, 'verdict' | 'reason'>;

function judge(measurements: readonly Measurement[]): Judged {
  const wrong = measurements.filter(({ verdict }) => verdict === 'fail');
  const unset = measurements.filter(({ verdict }) => verdict === 'unset');
  const sentences = [
    ...wrong.map((each) => `${each.what}: ${valueInWords(each)}, must be ${limitsInWords(each)}`),
    ...unset.map((each) => `${each.what}: not measured`),
  ];
  return sentences.length === 0 ? { verdict: 'pass', reason: '' } : { verdict: 'fail', reason: sentences.join('; ') };
}

/** What the port or the station does wrong says nothing about the board. */
const RIG_KINDS: readonly HalErrorKind[] = [
  'no-port',
  'busy',
  'permission',
  'reader-lost',
  'no-service',
  'no-reader',
  'aborted',
  'storage',
  'damaged',
];

/** Whether the board or the rig is to blame for an exception. */
export function whose(error: unknown, signal: AbortSignal): Judged {
  if (signal.aborted) return { verdict: 'error', reason: 'interrupted' };
  if (error instanceof BoardFault) return { verdict: 'fail', reason: error.message };
  if (error instanceof CannotRun) return { verdict: 'error', reason: error.message };
  if (error instanceof HalError) {
    return { verdict: RIG_KINDS.includes(error.kind) ? 'error' : 'fail', reason: error.message };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { verdict: 'error', reason: `this is a fault of vitap: ${message}` };
}

/** Of a whole run. A run that was interrupted, or in which nothing was judged, is no pass. */
export function verdictOf(results: readonly PhaseResult[], interrupted: boolean): 'pass' | 'fail' | 'error' {
  if (interrupted) return 'error';
  // What the board does wrong stays true when the rig fails too, but then the board must be tested again first.
  if (results.some(({ verdict }) => verdict === 'error')) return 'error';
  if (results.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return results.some(({ verdict }) => verdict === 'pass') ? 'pass' : 'error';
}
