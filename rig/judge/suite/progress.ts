import { Listr, ListrLogger, type ListrTaskWrapper, ProcessOutput } from 'listr2';
import type { CommandIo } from '../../console/io.ts';
import { outputEdge } from '../../console/output-edge.ts';
import { shown } from '../../console/shown.ts';
import { counts, type ReplayedTrace } from '../replay/report/model.ts';
import type { TraceProgress } from './run-suite.ts';
import type { SuiteTrace } from './suite-file.ts';

/** How often a line of a running trace changes. */
const REFRESH_MS = 200;
/** Rows of the terminal that lines which change may not take: what has scrolled away cannot change. */
const MARGIN = 3;

/**
 * Runs `job` for every trace, as many at a time as `jobs` says, and shows where they are: on a terminal that has room
 * for all one line a trace that changes, elsewhere a line when a trace has ended.
 * @throws what a job throws, after all have ended
 */
export async function runAll(
  traces: readonly SuiteTrace[],
  jobs: number,
  job: (trace: SuiteTrace, progress: TraceProgress) => Promise<ReplayedTrace>,
  io: CommandIo,
): Promise<ReplayedTrace[]> {
  const results = new Map<string, ReplayedTrace>();
  const failures: unknown[] = [];
  const onTerminal =
    io.stdoutIsTty &&
    process.stderr.isTTY === true &&
    !io.json &&
    // The list that moves draws with signs that ASCII does not have.
    !outputEdge(io.env, true).ascii &&
    traces.length < process.stderr.rows - MARGIN;
  const tasks = traces.map((trace) => ({
    title: shown(trace.id),
    task: async (_context: unknown, task: Task): Promise<void> => {
      try {
        const result = await job(trace, progressOf(trace, task));
        results.set(trace.id, result);
        task.title = ended(result);
        if (!onTerminal) io.stderr(`${results.size} of ${traces.length}  ${ended(result)}\n`);
        // What is in quarantine is never red.
        if (result.verdict === 'SKIPPED' || (result.verdict !== 'PASS' && !counts(result))) task.skip(ended(result));
        else if (result.verdict !== 'PASS') throw new NotPassed();
      } catch (error) {
        if (!(error instanceof NotPassed)) failures.push(error);
        throw error;
      }
    },
  }));
  // Standard output is for the results.
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  const list = new Listr(tasks, {
    concurrent: jobs,
    exitOnError: false,
    registerSignalListeners: false,
    renderer: onTerminal ? 'default' : 'silent',
    // The results that come after it say it all again.
    rendererOptions: { logger, showErrorMessage: false, collapseErrors: true, clearOutput: true },
  } as ConstructorParameters<typeof Listr>[1]);
  await list.run();
  if (failures.length > 0) throw failures[0];
  return traces.flatMap(({ id }) => results.get(id) ?? []);
}

type Task = Pick<ListrTaskWrapper<unknown, never, never>, 'title' | 'skip'>;

/** Makes the line of a trace red; the result says the rest. */
class NotPassed extends Error {}

function progressOf({ id }: SuiteTrace, task: Task): TraceProgress {
  let attempted = '';
  let saidAt = 0;
  return {
    attempt(number, of) {
      attempted = number === 1 ? '' : `, attempt ${number} of ${of}`;
      task.title = `${shown(id)}${attempted}`;
    },
    exchange(done, total) {
      if (performance.now() - saidAt < REFRESH_MS) return;
      saidAt = performance.now();
      task.title = `${shown(id)}${attempted}: ${done}${total === null ? '' : ` of ${total}`} exchanges`;
    },
  };
}

/** `PASS          identity (2 attempts)`. */
export function ended(result: ReplayedTrace): string {
  const { id, verdict, reason, attempts } = result;
  const remarks = [
    ...(attempts.length > 1 ? [`${attempts.length} attempts`] : []),
    ...(counts(result) ? [] : ['quarantine']),
  ];
  return `${verdict.padEnd(12)}  ${shown(id)}${remarks.length === 0 ? '' : ` (${remarks.join(', ')})`}${reason === null ? '' : `: ${shown(reason)}`}`;
}
