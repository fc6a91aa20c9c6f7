import type { Clock } from '../../src/hal/clock.ts';
import { HalError, type HalErrorKind } from '../../src/hal/errors.ts';
import { noRepairs, type Repairs } from '../../src/hal/pn532/repairs.ts';
import { realTimers, type Timers } from '../../src/hal/pn532/transport.ts';
import type { Reader } from '../../src/hal/reader.ts';
import { CannotRun } from '../console/failure.ts';
import type { BoardUnderTest, TestedBoard } from './board-under-test.ts';
import { type Lateness, type LatenessWatch, TOO_LATE_MS } from './lateness.ts';
import { judgeMeasurement, limitsInWords, type MeasuredValue, type Measurement, valueInWords } from './measurement.ts';
import { BoardFault, type Phase, type PhaseContext, type PhaseResult, type Series } from './phase.ts';
import { countRepairs, REPAIRS, repairsInWords, repairsOf, repairsSince } from './repairs.ts';

export interface RunOptions<B extends TestedBoard = BoardUnderTest> {
  readonly board: B;
  readonly partner: B | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Ids of phases to run; null for all. Fatal ones always run: the others stand on them. */
  readonly only: readonly string[] | null;
  readonly onStart?: (phase: Phase<B>) => void;
  readonly onEnd?: (result: PhaseResult) => void;
  readonly say?: (text: string) => void;
  /** Puts what writes a trace around a reader. */
  readonly recorded?: (reader: Reader) => Reader;
  readonly instruct?: (text: string) => Promise<void>;
  /** Real ones by default. */
  readonly timers?: Timers;
  /** Watches how late this machine is; absent: it is not watched. */
  readonly lateness?: Pick<LatenessWatch, 'start' | 'stop'>;
}

/** Runs phases in order. A phase never throws out of here: what goes wrong is a result. */
export async function runPhases<B extends TestedBoard>(
  phases: readonly Phase<B>[],
  options: RunOptions<B>,
): Promise<readonly PhaseResult[]> {
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

function notWanted<B extends TestedBoard>(phase: Phase<B>, { only, partner, signal }: RunOptions<B>): string | null {
  if (signal.aborted) return 'the test was interrupted';
  if (only !== null && !phase.fatal && !only.includes(phase.id)) return 'not asked for';
  if (phase.needsPartner === true && partner === null) return 'there is no second board (--partner)';
  return null;
}

function skipped(phase: Phase<TestedBoard>, reason: string): PhaseResult {
  const measurements = [...phase.measurements, repairsOf(phase)].map((plan) => judgeMeasurement(plan, null));
  const { id, title } = phase;
  return {
    id,
    title,
    verdict: 'skipped',
    reason,
    startedAt: null,
    durationMs: 0,
    repairs: noRepairs(),
    lateness: null,
    measurements,
    series: [],
  };
}

async function runPhase<B extends TestedBoard>(phase: Phase<B>, options: RunOptions<B>): Promise<PhaseResult> {
  options.onStart?.(phase);
  const values = new Map<string, MeasuredValue>();
  const series: Series[] = [];
  const context: PhaseContext<B> = {
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
    pause: (ms) => pauseFor(options.timers ?? realTimers, ms, options.signal),
    say: (text) => options.say?.(text),
    recorded: (reader) => options.recorded?.(reader) ?? reader,
    instruct: async (text) => options.instruct?.(text),
  };
  const startNs = options.clock.nowNs();
  const startedAt = new Date().toISOString();
  const before = { ...options.board.repairs };
  let thrown: { readonly error: unknown } | null = null;
  options.lateness?.start();
  const interrupt = (): void => options.board.interrupt();
  options.signal.addEventListener('abort', interrupt, { once: true });
  try {
    await phase.run(context);
  } catch (error) {
    thrown = { error };
  } finally {
    options.signal.removeEventListener('abort', interrupt);
  }
  const lateness = options.lateness?.stop() ?? null;
  const repairs = repairsSince(before, options.board.repairs);
  const measurements = [
    ...phase.measurements.map((plan) => judgeMeasurement(plan, values.get(plan.id) ?? null)),
    judgeMeasurement(repairsOf(phase), countRepairs(repairs)),
  ];
  const judged = thrown === null ? judge(measurements, repairs) : whose(thrown.error, options.signal);
  return {
    id: phase.id,
    title: phase.title,
    ...blamed(judged, thrown?.error ?? null, measurements, lateness),
    startedAt,
    durationMs: (options.clock.nowNs() - startNs) / 1e6,
    repairs,
    lateness,
    measurements,
    series,
  };
}

function pauseFor(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new HalError('aborted', 'interrupted'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    timers.after(ms, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
  });
}

/** A machine that was late itself cannot say of the board that it was. */
function blamed(
  judged: Judged,
  error: unknown,
  measurements: readonly Measurement[],
  lateness: Lateness | null,
): Judged {
  if (judged.verdict !== 'fail' || lateness === null || lateness.longestMs < TOO_LATE_MS) return judged;
  const ofTime = error === null ? measurements.every((each) => each.verdict !== 'fail' || each.timed) : isOfTime(error);
  if (!ofTime) return judged;
  const late = `this machine was up to ${lateness.longestMs.toFixed(0)} ms late in this phase (${TOO_LATE_MS} ms is too much), so this says nothing about the board`;
  return { verdict: 'error', reason: `${late}: ${judged.reason}` };
}

/** What a late machine takes for silence or a broken frame. */
function isOfTime(error: unknown): boolean {
  if (error instanceof BoardFault) return isOfTime(error.cause);
  return error instanceof HalError && (error.kind === 'timeout' || error.kind === 'protocol');
}

type Judged = Pick<PhaseResult, 'verdict' | 'reason'>;

function judge(measurements: readonly Measurement[], repairs: Repairs): Judged {
  const wrong = measurements.filter(({ verdict }) => verdict === 'fail');
  const unset = measurements.filter(({ verdict }) => verdict === 'unset');
  const sentences = [
    ...wrong.map((each) => {
      const kinds = each.what === REPAIRS ? ` (${repairsInWords(repairs)})` : '';
      return `${each.what}: ${valueInWords(each)}${kinds}, must be ${limitsInWords(each)}`;
    }),
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

/** The verdict on a whole run. An interrupted run, or one without a judged phase, is no pass. */
export function verdictOf(results: readonly PhaseResult[], interrupted: boolean): 'pass' | 'fail' | 'error' {
  if (interrupted) return 'error';
  // What the board does wrong stays true when the rig fails too, but then the board must be tested again first.
  if (results.some(({ verdict }) => verdict === 'error')) return 'error';
  if (results.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return results.some(({ verdict }) => verdict === 'pass') ? 'pass' : 'error';
}
