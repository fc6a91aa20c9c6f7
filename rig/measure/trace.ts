import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { counted } from '../report/words.ts';
import { EXPORTERS, IMPORTERS } from '../trace/formats/index.ts';
import { openTrace } from '../trace/open-trace.ts';
import { openOutput } from '../trace/output-file.ts';
import { redactedSource } from '../trace/session-redactor.ts';
import { type Exporter, LossCount, type TraceSource } from '../trace/stream.ts';
import { machine } from './figures.ts';
import { repeatedWalk, replayInChild } from './trace-replay.ts';
import { syntheticSession } from './trace-session.ts';

export interface BenchTraceOptions {
  /** Exchanges in the trace of each format. */
  readonly count: number;
  /** Exchanges in the traces whose conversion is measured for memory. */
  readonly memorySizes: readonly number[];
}

interface FormatFigures {
  readonly format: string;
  /** Size of the file in bytes. */
  readonly size: number;
  /** Exchanges a second. */
  readonly written: number;
  /** Null for a format that is only written. */
  readonly read: number | null;
}

interface MemoryFigures {
  readonly exchanges: number;
  /** `vitap to pcapng`, `replay`. */
  readonly what: string;
  readonly seconds: number;
  readonly exchangesPerSecond: number;
  /** Null where the system does not tell. */
  readonly peakMemoryBytes: number | null;
}

/** `vitap bench trace`. Each figure is of one run: file, parsing, model and, for conversions, redaction. */
export async function benchTrace(options: BenchTraceOptions, io: CommandIo): Promise<ExitCode> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-bench-'));
  try {
    const formats: FormatFigures[] = [];
    for (const exporter of EXPORTERS) {
      io.signal.throwIfAborted();
      io.stderr(`${exporter.name}\n`);
      formats.push(await measureFormat(exporter, options.count, join(folder, `trace.${exporter.name}`)));
    }
    const memory: MemoryFigures[] = [];
    for (const count of options.memorySizes) memory.push(...(await measureMemory(count, folder, io)));
    // What an interruption leaves is no result.
    io.signal.throwIfAborted();
    report(formats, memory, options, io);
    return EXIT.pass;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureFormat(exporter: Exporter, count: number, path: string): Promise<FormatFigures> {
  // The first run is the compiler's.
  await write(exporter, syntheticSession(Math.min(count, 1000)), path);
  const from = performance.now();
  await write(exporter, syntheticSession(count), path);
  const written = (count / (performance.now() - from)) * 1000;
  // GSMTAP is written as pcapng.
  const importer = exporter.name === 'gsmtap' ? 'pcapng' : exporter.name;
  const read = IMPORTERS.some(({ name }) => name === importer) ? await measureReading(path, importer, count) : null;
  return { format: exporter.name, size: statSync(path).size, written, read };
}

async function measureReading(path: string, importer: string, count: number): Promise<number> {
  const from = performance.now();
  const trace = await openTrace(path, importer);
  let commands = 0;
  for await (const event of trace.source.events()) if (event.type === 'command') commands++;
  if (commands !== count) throw new Error(`${importer}: ${commands} of ${counted(count, 'command')} read again`);
  return (count / (performance.now() - from)) * 1000;
}

async function write(exporter: Exporter, source: TraceSource, path: string): Promise<void> {
  const output = openOutput(path);
  await exporter.write(source, output, new LossCount());
  await output.finish();
}

/**
 * Each in a process of its own: a conversion that makes frames of APDUs, one that makes them into APDUs again, both
 * redacted; and a replay to a card in process.
 */
async function measureMemory(count: number, folder: string, io: CommandIo): Promise<MemoryFigures[]> {
  const session = join(folder, 'session.jsonl');
  const frames = join(folder, 'session.pcapng');
  const own = EXPORTERS.find(({ name }) => name === 'vitap') as Exporter;
  io.stderr(`${counted(count, 'exchange')}\n`);
  await write(own, redactedSource(syntheticSession(count)), session);
  const there = await convertInChild(session, frames, io);
  const back = await convertInChild(frames, session, io);
  rmSync(frames);
  await write(own, await repeatedWalk(count), session);
  const replayed = await replayInChild(session, io);
  return Object.entries({ 'vitap to pcapng': there, 'pcapng to vitap': back, replay: replayed }).map(
    ([what, { seconds, peakMemoryBytes }]) => ({
      exchanges: count,
      what,
      seconds,
      exchangesPerSecond: count / seconds,
      peakMemoryBytes,
    }),
  );
}

function convertInChild(
  from: string,
  to: string,
  io: CommandIo,
): Promise<{ readonly seconds: number; readonly peakMemoryBytes: number }> {
  const start = performance.now();
  const args = [...process.execArgv, process.argv[1] as string, 'convert', '--json', from, to];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], signal: io.signal });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (exit) => {
      if (exit !== 0) return reject(new CannotRun(`the conversion to be measured failed: ${err.trim()}`));
      const { peakMemoryBytes } = JSON.parse(out) as { peakMemoryBytes: number };
      resolve({ seconds: (performance.now() - start) / 1000, peakMemoryBytes });
    });
  });
}

function report(
  formats: readonly FormatFigures[],
  memory: readonly MemoryFigures[],
  options: BenchTraceOptions,
  io: CommandIo,
): void {
  if (io.json) {
    writeJson(io, { id: 'bench-trace', ...machine(), count: options.count, formats, memory });
    return;
  }
  const { machine: name, node } = machine();
  io.stdout(`${name}, Node ${node}; simulated session of ${counted(options.count, 'exchange')}\n\n`);
  io.stdout(`${'format'.padEnd(16)}${'bytes'.padStart(12)}${'written/s'.padStart(12)}${'read/s'.padStart(12)}\n`);
  for (const { format, size, written, read } of formats) {
    const rates = `${Math.round(written)}`.padStart(12) + (read === null ? '-' : `${Math.round(read)}`).padStart(12);
    io.stdout(`${format.padEnd(16)}${`${size}`.padStart(12)}${rates}\n`);
  }
  const heads = ['seconds', 'exchanges/s', 'peak memory, MB'].map((head) => head.padStart(17));
  io.stdout(`\n${'exchanges'.padEnd(12)}${'conversion, replay'.padEnd(20)}${heads.join('')}\n`);
  for (const { exchanges, what, seconds, exchangesPerSecond, peakMemoryBytes } of memory) {
    const peak = peakMemoryBytes === null ? '-' : (peakMemoryBytes / 1e6).toFixed(0);
    const figures = [seconds.toFixed(1), exchangesPerSecond.toFixed(0), peak].map((figure) => figure.padStart(17));
    io.stdout(`${`${exchanges}`.padEnd(12)}${what.padEnd(20)}${figures.join('')}\n`);
  }
}
