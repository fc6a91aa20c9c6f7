import type { CommandIo } from '../console/io.ts';
import { outputEdge } from '../console/output-edge.ts';
import { shown } from '../console/shown.ts';
import { type BatchJob, nameOfBoard } from './batch-job.ts';
import type { Interrupted, RowState } from './batch-state.ts';

export interface BatchRun {
  readonly io: CommandIo;
  readonly parallel: number;
  run(job: BatchJob, say: (text: string) => void): Promise<RowState | Interrupted>;
}

const LEAST_COLUMNS = 40;
const NOT_BEGUN: Interrupted = { outcome: 'interrupted', reason: null };

/** Runs the rows, some at a time, and shows how far each is: a list on a terminal, a line for each end elsewhere. */
export async function runBatch(jobs: readonly BatchJob[], batch: BatchRun): Promise<void> {
  if (jobs.length === 0) return;
  const faults: unknown[] = [];
  const run: BatchRun['run'] = async (job, say) => {
    // When what was done cannot be written down, nothing more is done.
    if (faults.length > 0) return NOT_BEGUN;
    try {
      return await batch.run(job, say);
    } catch (error) {
      faults.push(error);
      return NOT_BEGUN;
    }
  };
  await show(jobs, { ...batch, run });
  if (faults.length > 0) throw faults[0];
}

async function show(jobs: readonly BatchJob[], { io, parallel, run }: BatchRun): Promise<void> {
  // A terminal that does not know how wide it is cannot show a list that moves, nor one that has only ASCII.
  const { ascii } = outputEdge(io.env, true);
  if (!io.stdoutIsTty || io.json || ascii || (process.stdout.columns ?? 0) < LEAST_COLUMNS) {
    await inParallel(jobs, parallel, async (job) => {
      const row = await run(job, () => {});
      io.stderr(`${nameOf(job)}  ${endInWords(row)}\n`);
    });
    return;
  }
  const { Listr } = await import('listr2');
  const tasks = jobs.map((job) => ({
    title: nameOf(job),
    task: async (_: unknown, task: { output: string }): Promise<void> => {
      const row = await run(job, (text) => {
        task.output = shown(text);
      });
      if (row.outcome !== 'done') throw new Error(endInWords(row));
    },
  }));
  await new Listr(tasks, {
    concurrent: parallel,
    exitOnError: false,
    // Ctrl-C is the command’s: it puts the boards to sleep first.
    registerSignalListeners: false,
    rendererOptions: { collapseErrors: false },
  }).run();
}

function nameOf(job: BatchJob): string {
  return shown(`${job.row.serialNumber}  ${nameOfBoard(job)}`);
}

function endInWords(row: RowState | Interrupted): string {
  if (row.outcome === 'interrupted') return shown(row.reason ?? 'interrupted');
  return row.outcome === 'done' ? 'done' : shown(`${row.outcome}: ${row.reason}`);
}

async function inParallel<T>(items: readonly T[], most: number, each: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await each(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
}
