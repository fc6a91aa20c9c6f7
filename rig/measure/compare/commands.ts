import { spawn } from 'node:child_process';
import { HalError } from '../../../src/hal/errors.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { median } from '../../figures/quantile.ts';
import { counted } from '../../report/words.ts';
import { exitOf } from './baseline.ts';
import { firstTapTime, tapTimes } from './compare-results.ts';
import { COMPARE_CONFIDENCE, type Effect, LEAST_PAIRS, pairedEffect } from './effect.ts';
import { duration, effectInWords, precisionNote, verdictOnB } from './present.ts';
import { asResult, parseResult } from './result-file.ts';

export interface BenchCompareOptions {
  /** Shell commands. */
  readonly a: string;
  readonly b: string;
  /** How often each is run, warm-up apart. */
  readonly rounds: number;
  /** Rounds that are run first and forgotten. */
  readonly warmUp: number;
  /** A share, or null. */
  readonly failIfSlower: number | null;
}

/** What one run of a command gave. */
interface Run {
  readonly ns: number;
  /** `taps`: the median tap of the result that it printed. `wall`: it printed none, so this is how long it ran. */
  readonly measured: 'taps' | 'wall';
  /** The first tap of the result; null where it is none, or where that tap failed. */
  readonly firstNs: number | null;
  /** What the result says against itself. */
  readonly trusted: boolean;
  readonly failedTaps: number;
}

/** Times of all runs in their order, nanoseconds, and how much longer those of B are. */
interface BothSides {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly effect: Effect;
}

/** How long a command has to end after it was told to. */
const PATIENCE_MS = 3000;
/** Output beyond this is no result. */
const LONGEST_OUTPUT = 256 * 1024 * 1024;

/**
 * `vitap bench compare`: two commands in turn, A B B A, so that what the machine does meanwhile meets both alike. What is
 * compared is the median tap when they print the JSON of `vitap bench tap --json`, else how long they run.
 */
export async function benchCompare(options: BenchCompareOptions, io: CommandIo): Promise<ExitCode> {
  const { a, b, rounds, warmUp, failIfSlower } = options;
  if (rounds < LEAST_PAIRS) {
    throw new CannotRun(
      `--rounds ${rounds}: ${LEAST_PAIRS} or more are needed to be ${COMPARE_CONFIDENCE * 100} % sure`,
    );
  }
  const [timesA, timesB]: [Run[], Run[]] = [[], []];
  for (let round = -warmUp; round < rounds; round++) {
    io.stderr(`round ${round < 0 ? 'to warm up' : `${round + 1} of ${rounds}`}\n`);
    const order = round % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const);
    for (const side of order) {
      const run = await runOnce(side === 'a' ? a : b, `--${side}`, io);
      if (round >= 0) (side === 'a' ? timesA : timesB).push(run);
    }
  }
  const measured = new Set([...timesA, ...timesB].map((run) => run.measured));
  if (measured.size > 1) throw new CannotRun('one of the commands printed a result of taps and the other did not');
  const [nsA, nsB] = [timesA.map(({ ns }) => ns), timesB.map(({ ns }) => ns)];
  // What an interruption leaves is no result.
  io.signal.throwIfAborted();
  const effect = pairedEffect(nsA, nsB);
  const first = firstTapsOf(timesA, timesB);
  const slower = [effect, ...(first === null ? [] : [first.effect])].some(
    (each) => exitOf(each, failIfSlower) === EXIT.fail,
  );
  const exitCode = slower ? EXIT.fail : EXIT.pass;
  const what = measured.has('taps') ? 'median tap' : 'running time';
  const doubts = [...doubtsOf('A', timesA), ...doubtsOf('B', timesB)];
  if (io.json) {
    const runs = { a: { command: a, ns: nsA }, b: { command: b, ns: nsB } };
    const verdict = slower ? 'fail' : 'pass';
    writeJson(io, { id: 'bench-compare', verdict, what, effect, first, doubts, ...runs });
  } else io.stdout(report(options, what, { effect, a: nsA, b: nsB }, first, doubts));
  return exitCode;
}

/** Every run has a first tap of its own: that makes pairs of them too. Null where a run has none. */
function firstTapsOf(runsA: readonly Run[], runsB: readonly Run[]): BothSides | null {
  const [a, b] = [runsA, runsB].map((runs) => runs.flatMap(({ firstNs }) => (firstNs === null ? [] : [firstNs])));
  if (a?.length !== runsA.length || b?.length !== runsB.length) return null;
  return { a, b, effect: pairedEffect(a, b) };
}

function doubtsOf(name: string, runs: readonly Run[]): string[] {
  const distrusted = runs.filter(({ trusted }) => !trusted).length;
  const failed = runs.reduce((sum, { failedTaps }) => sum + failedTaps, 0);
  return [
    ...(distrusted === 0
      ? []
      : [
          `${counted(distrusted, 'run')} of ${name} ${distrusted === 1 ? 'says itself that it' : 'say themselves that they'} cannot be trusted`,
        ]),
    ...(failed === 0
      ? []
      : [`${counted(failed, 'tap')} of ${name} failed and ${failed === 1 ? 'is' : 'are'} left out`]),
  ];
}

function report(
  { a, b }: BenchCompareOptions,
  what: string,
  { effect, a: nsA, b: nsB }: BothSides,
  first: BothSides | null,
  doubts: readonly string[],
): string {
  return [
    `Verdict: ${verdictOnB(effect)}`,
    `  ${effectInWords(effect)}`,
    '',
    `  A  ${duration(median(nsA)).padStart(12)}  ${a}`,
    `  B  ${duration(median(nsB)).padStart(12)}  ${b}`,
    '',
    ...(first === null
      ? []
      : [
          `  first tap of each run: A ${duration(median(first.a))}, B ${duration(median(first.b))}`,
          `    ${effectInWords(first.effect)}`,
          '',
        ]),
    `  ${what}, ${nsA.length} alternating runs of each; the interval of ${COMPARE_CONFIDENCE * 100} % of the shift in pairs (Hodges-Lehmann).`,
    ...precisionNote(effect),
    ...doubts.map((doubt) => `  Doubt: ${doubt}.`),
    '',
  ]
    .map(shown)
    .join('\n');
}

async function runOnce(command: string, option: string, io: CommandIo): Promise<Run> {
  io.signal.throwIfAborted();
  const startNs = process.hrtime.bigint();
  const { out, exit, said, tooLong } = await shell(command, io);
  const ns = Number(process.hrtime.bigint() - startNs);
  if (io.signal.aborted) throw new HalError('aborted', 'the comparison was cancelled');
  if (tooLong) throw new CannotRun(`${option}: the command prints more than ${LONGEST_OUTPUT >> 20} MB`);
  const result = asResult(out) === null ? null : parseResult(out, option);
  // A result says by 1 that taps failed; those that did not are there.
  if (exit !== 0 && (result === null || exit !== 1)) {
    const last = said.trim().split('\n').at(-1) ?? '';
    throw new CannotRun(`${option}: the command ended with ${exit}${last === '' ? '' : `: ${last}`}`);
  }
  if (result === null) return { ns, firstNs: null, measured: 'wall', trusted: true, failedTaps: 0 };
  const times = tapTimes(result);
  if (times.length === 0) throw new CannotRun(`${option}: every tap of the command failed`);
  const { trusted } = result.diagnosis;
  const failedTaps = result.taps.length - times.length;
  return { ns: median(times), firstNs: firstTapTime(result), measured: 'taps', trusted, failedTaps };
}

interface Ended {
  readonly out: string;
  readonly said: string;
  readonly exit: number | string;
  readonly tooLong: boolean;
}

/** Runs it through the shell, in a group of its own so that all of it can be ended. */
function shell(command: string, io: CommandIo): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const parts: Buffer[] = [];
    let length = 0;
    let said = '';
    let force: NodeJS.Timeout | undefined;
    const signal = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It has ended by itself.
      }
    };
    const end = (): void => {
      signal('SIGTERM');
      force = setTimeout(() => signal('SIGKILL'), PATIENCE_MS);
    };
    io.signal.addEventListener('abort', end, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= LONGEST_OUTPUT) parts.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
    });
    child.on('error', reject);
    child.on('close', (code, name) => {
      io.signal.removeEventListener('abort', end);
      clearTimeout(force);
      const tooLong = length > LONGEST_OUTPUT;
      resolve({ out: Buffer.concat(parts).toString(), said, exit: code ?? name ?? 'a signal', tooLong });
    });
  });
}
