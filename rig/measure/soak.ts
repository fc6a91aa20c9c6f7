import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { formatStatusWord } from '../../src/apdu/status-word.ts';
import { HalError } from '../../src/hal/errors.ts';
import type { CardSession } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { type OpenedReader, openReader } from '../endpoint/open-reader.ts';
import { Latencies } from '../figures/latencies.ts';
import { hostEnvironment } from '../report/host-environment.ts';
import { counted } from '../report/words.ts';
import { RecordedReader } from '../trace/record/recorded-reader.ts';
import { traceSession } from '../trace/record/session-trace.ts';
import type { TraceWriter } from '../trace/writer.ts';
import type { BenchSoakOptions } from './options.ts';
import { collectGarbage, openDescriptors } from './process-state.ts';
import { judgeSoak, SOAK_LIMITS, type SoakCheck, type SoakSample } from './soak-verdict.ts';
import { commandsOfTap, refusalInWords, workloadFor } from './workload.ts';

/** A run is cut into so many samples, none of them shorter or longer than this. */
const SAMPLES = 60;
const SHORTEST_SAMPLE_MS = 500;
const LONGEST_SAMPLE_MS = 60_000;
/** Part of a run that warms up and is shown, but not judged. */
const WARM_UP_SHARE = 0.1;
/** After so many taps in a row that failed, the reader is taken for dead. */
const FAILURES_IN_A_ROW = 20;
const PAUSE_AFTER_FAILURE_MS = 200;
/** How long the loop may keep the thread before timers and signals are heard. */
const LONGEST_TURN_MS = 20;

/** `vitap bench soak`: one tap after the other for hours; whether it gets slower, grows, or leaks. */
export async function benchSoak(options: BenchSoakOptions, io: CommandIo): Promise<ExitCode> {
  const source = await openReader(options.reader, { ...options, signal: io.signal });
  const profile = source.own?.opened.card.image.profile ?? (options.card.kind === 'profile' ? options.card.name : '');
  let trace: TraceWriter | null = null;
  let run: SoakRun;
  try {
    trace = await openTrace(source, profile, options, io.signal);
    const reader = trace === null ? source.reader : new RecordedReader(source.reader, trace, systemClock);
    run = new SoakRun({ ...source, reader }, commandsOfTap(workloadFor(profile)), options, io);
    await run.go();
  } finally {
    await source.close();
    await trace?.close();
  }
  // What an interruption leaves is no result.
  io.signal.throwIfAborted();
  const judged = run.samples.slice(Math.ceil(run.samples.length * WARM_UP_SHARE));
  const checks = judgeSoak(judged, SOAK_LIMITS, run.failuresInWords());
  const verdict = verdictOf(checks);
  const scene = { ...hostEnvironment(), backend: source.backendAt(run.readerName), reader: run.readerName, profile };
  const ended = run.endedEarly;
  if (io.json) {
    writeJson(io, { id: 'bench-soak', verdict, ended, ...scene, checks, failures: run.failures, samples: run.samples });
  } else
    io.stdout(options.csv ? csv(run.samples) : report(run, checks, verdict, `${scene.machine}; Node ${scene.node}`));
  return verdict === 'fail' ? EXIT.fail : EXIT.pass;
}

async function openTrace(
  source: OpenedReader,
  profile: string,
  { record, timeoutMs }: BenchSoakOptions,
  signal: AbortSignal,
): Promise<TraceWriter | null> {
  if (record.file === null) return null;
  // A reader is known by name when it was connected to, and the head of a trace is written before the first tap.
  const name = source.name === null ? {} : { reader: source.name };
  const session = await source.reader.connect({ timeoutMs, mode: 'cold', signal, ...name });
  await session.disconnect('unpower');
  const card = profile === '' ? null : profile;
  return traceSession(source, session, record, { source: 'vitap bench soak', card });
}

function verdictOf(checks: readonly SoakCheck[]): SoakCheck['verdict'] {
  if (checks.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return checks.every(({ verdict }) => verdict === 'pass') ? 'pass' : 'inconclusive';
}

/** Why a tap failed, for the count of failures. */
class TapFailure extends Error {
  readonly command: Uint8Array;
  readonly sw: number;

  constructor(command: Uint8Array, sw: number) {
    super(`answer ${formatStatusWord(sw)}`);
    this.command = command;
    this.sw = sw;
  }
}

class SoakRun {
  readonly samples: SoakSample[] = [];
  /** Taps that failed, by what happened. */
  readonly failures: Record<string, number> = {};
  readerName = '';
  /** Why the run ended before its time, or null. */
  endedEarly: string | null = null;
  readonly #source: OpenedReader;
  readonly #commands: readonly Uint8Array[];
  readonly #options: BenchSoakOptions;
  readonly #io: CommandIo;
  readonly #latencies = new Latencies();
  #taps = 0;
  #failed = 0;
  #failedInARow = 0;

  constructor(source: OpenedReader, commands: readonly Uint8Array[], options: BenchSoakOptions, io: CommandIo) {
    this.#source = source;
    this.#commands = commands;
    this.#options = options;
    this.#io = io;
  }

  async go(): Promise<void> {
    const { durationMs, perSecond } = this.#options;
    const sampleMs = Math.min(Math.max(durationMs / SAMPLES, SHORTEST_SAMPLE_MS), LONGEST_SAMPLE_MS);
    const start = performance.now();
    let turned = start;
    let sampled = start;
    let number = 0;
    while (this.endedEarly === null && !this.#io.signal.aborted) {
      const now = performance.now();
      if (now - sampled >= sampleMs) {
        this.#sample(now - start);
        sampled = now;
      }
      if (now - start >= durationMs || this.endedEarly !== null) break;
      const due = perSecond === null ? now : start + (1000 * number) / perSecond;
      if (due > now) {
        await this.#pause(Math.min(due - now, sampleMs));
        continue;
      }
      await this.#tapOnce();
      number++;
      if (performance.now() - turned > LONGEST_TURN_MS) {
        await turn();
        turned = performance.now();
      }
    }
    if (this.#taps > 0) this.#sample(performance.now() - start);
  }

  failuresInWords(): string {
    const words = Object.entries(this.failures).map(([what, count]) => `${count} × ${what}`);
    return this.endedEarly === null ? words.join(', ') : `${words.join(', ')}; ended early: ${shown(this.endedEarly)}`;
  }

  async #tapOnce(): Promise<void> {
    this.#taps++;
    try {
      this.#latencies.record(await this.#tap());
      this.#failedInARow = 0;
    } catch (error) {
      const what = whatFailed(error);
      // The very first tap: nothing has been measured, and what is wrong is for the person to mend.
      if (this.samples.length === 0 && this.#taps === 1) throw firstFailure(error);
      this.failures[what] = (this.failures[what] ?? 0) + 1;
      this.#failed++;
      if (++this.#failedInARow >= FAILURES_IN_A_ROW) this.endedEarly = `${FAILURES_IN_A_ROW} taps in a row failed`;
      else await this.#pause(PAUSE_AFTER_FAILURE_MS);
    }
  }

  /** From connecting to the last answer, in microseconds. */
  async #tap(): Promise<number> {
    const { reader, name } = this.#source;
    const from = performance.now();
    const session = await reader.connect({
      timeoutMs: this.#options.timeoutMs,
      mode: 'cold',
      signal: this.#io.signal,
      ...(name === null ? {} : { reader: name }),
    });
    this.readerName = session.reader;
    try {
      await this.#exchange(session);
      return (performance.now() - from) * 1000;
    } finally {
      await session.disconnect();
    }
  }

  async #exchange(session: CardSession): Promise<void> {
    for (const command of this.#commands) {
      const { response } = await session.transmit(command);
      const sw = ((response.at(-2) ?? 0) << 8) | (response.at(-1) ?? 0);
      if (sw !== 0x9000) throw new TapFailure(command, sw);
    }
  }

  #sample(atMs: number): void {
    collectGarbage();
    const { heapUsed, rss } = process.memoryUsage();
    const { n, p50us, p99us } = this.#latencies.figures();
    const sample: SoakSample = {
      atSeconds: atMs / 1000,
      taps: this.#taps,
      failed: this.#failed,
      p50us: n === 0 ? 0 : p50us,
      p99us: n === 0 ? 0 : p99us,
      heapBytes: heapUsed,
      residentBytes: rss,
      handles: process.getActiveResourcesInfo().length,
      descriptors: openDescriptors(),
    };
    this.samples.push(sample);
    this.#latencies.reset();
    this.#taps = 0;
    this.#failed = 0;
    this.#io.stderr(`${line(sample)}\n`);
  }

  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#io.signal }).catch(() => {});
  }
}

function whatFailed(error: unknown): string {
  if (error instanceof HalError) return error.kind;
  if (error instanceof TapFailure) return error.message;
  throw error;
}

function firstFailure(error: unknown): unknown {
  return error instanceof TapFailure ? new CannotRun(refusalInWords(error.command, error.sw, 'the card')) : error;
}

const HEADS = ['s', 'taps', 'failed', 'p50us', 'p99us', 'heapMB', 'rssMB', 'handles', 'descriptors'];

function cells(sample: SoakSample): string[] {
  return [
    sample.atSeconds.toFixed(1),
    `${sample.taps}`,
    `${sample.failed}`,
    sample.p50us.toFixed(1),
    sample.p99us.toFixed(1),
    (sample.heapBytes / 1e6).toFixed(2),
    (sample.residentBytes / 1e6).toFixed(1),
    `${sample.handles}`,
    `${sample.descriptors ?? ''}`,
  ];
}

function line(sample: SoakSample): string {
  return cells(sample)
    .map((cell, i) => `${HEADS[i]} ${cell}`)
    .join('  ');
}

function csv(samples: readonly SoakSample[]): string {
  return `${[HEADS, ...samples.map(cells)].map((row) => row.join(',')).join('\n')}\n`;
}

function report(run: SoakRun, checks: readonly SoakCheck[], verdict: string, scene: string): string {
  const last = run.samples.at(-1);
  return [
    `${run.readerName}; ${scene}`,
    `${counted(
      run.samples.reduce((sum, { taps }) => sum + taps, 0),
      'tap',
    )} in ${(last?.atSeconds ?? 0).toFixed(1)} s, ${counted(run.samples.length, 'sample')}; the first tenth warms up and is not judged`,
    '',
    ...checks.map(({ id, verdict: each, detail }) => `  ${each.toUpperCase().padEnd(13)} ${id.padEnd(12)} ${detail}`),
    '',
    `${verdict.toUpperCase()}${run.endedEarly === null ? '' : `, ended early: ${run.endedEarly}`}`,
    '',
  ].join('\n');
}
