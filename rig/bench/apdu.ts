import { cpus } from 'node:os';
import { formatStatusWord, SW } from '../../src/apdu/status-word.ts';
import type { CardPort } from '../../src/applet/card-port.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { type OpenedCard, openCard } from '../card/open.ts';
import { CannotRun } from '../cli/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../cli/io.ts';
import type { BenchApduOptions } from '../cli/options.ts';
import { TraceWriter } from '../trace/writer.ts';
import { type Measured, workloadFor } from './workload.ts';

/** Figures of one command; times in microseconds. */
interface Figures {
  readonly id: string;
  readonly command: string;
  readonly n: number;
  /** Of single commands, each between two readings of the clock, which are part of it. */
  readonly p50us: number;
  readonly p99us: number;
  /** Of all of them in one go, with the clock read at its ends. */
  readonly perSecond: number;
}

/** Runs that the optimising compiler needs before figures mean anything. */
const WARM_UP = 20_000;

/** `vitap bench apdu`: commands a second, in process, one card, one port. */
export async function benchApdu(options: BenchApduOptions, io: CommandIo): Promise<ExitCode> {
  const opened = await openCard(options.card);
  const figures: Figures[] = [];
  const trace = await openTrace(opened, options);
  try {
    const port = opened.card.port();
    for (const measured of workloadFor(opened.card.image.profile).commands) {
      if (io.signal.aborted) break;
      figures.push(measure(port, measured, options.count, trace));
    }
  } finally {
    opened.close();
    await trace?.close();
  }
  const scene = { card: opened.description, machine: cpus()[0]?.model ?? 'unknown', node: process.version };
  if (io.json) writeJson(io, { id: 'bench-apdu', verdict: 'pass', ...scene, figures });
  else io.stdout(options.csv ? csv(figures, opened.card.image.profile) : table(figures, scene));
  return EXIT.pass;
}

/** Once each, before anything is measured: what is then repeated. */
function openTrace(opened: OpenedCard, { record }: BenchApduOptions): Promise<TraceWriter> | null {
  if (record.file === null) return null;
  const { image, defaultInterface, atr } = opened.card;
  const description = {
    source: 'vitap bench apdu',
    backend: 'simulated',
    card: image.profile,
    interface: defaultInterface,
    atr,
  } as const;
  return TraceWriter.create(record.file, description, { keepSecrets: record.keepSecrets });
}

function measure(
  port: CardPort,
  { name, before, command }: Measured,
  count: number,
  trace: TraceWriter | null,
): Figures {
  port.powerOn();
  let length = 0;
  for (const each of [...before, command]) {
    trace?.command(each, systemClock.nowNs());
    length = port.process(each, 0, each.length);
    trace?.response(port.response.subarray(0, length), systemClock.nowNs());
  }
  const sw = ((port.response[length - 2] as number) << 8) | (port.response[length - 1] as number);
  if (sw !== SW.OK) {
    throw new CannotRun(
      `${name} is refused by this card (${formatStatusWord(sw)}): its contact side and test code are needed`,
    );
  }
  for (let i = 0; i < WARM_UP; i++) port.process(command, 0, command.length);

  const startNs = process.hrtime.bigint();
  for (let i = 0; i < count; i++) port.process(command, 0, command.length);
  const totalNs = Number(process.hrtime.bigint() - startNs);

  const samples = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    port.process(command, 0, command.length);
    samples[i] = performance.now() - from;
  }
  samples.sort();
  const at = (share: number): number => (samples[Math.min(count - 1, Math.floor(share * count))] as number) * 1000;
  return {
    id: name.toLowerCase().replace(' ', '-'),
    command: name,
    n: count,
    p50us: at(0.5),
    p99us: at(0.99),
    perSecond: (count / totalNs) * 1e9,
  };
}

function csv(figures: readonly Figures[], label: string): string {
  const rows = figures.map(
    (row) =>
      `${label},${row.command},${row.n},${row.p50us.toFixed(3)},${row.p99us.toFixed(3)},${Math.round(row.perSecond)}`,
  );
  return `label,command,n,p50us,p99us,per_second\n${rows.join('\n')}\n`;
}

function table(figures: readonly Figures[], scene: { card: string; machine: string; node: string }): string {
  const rows = figures.map(
    (row) =>
      `  ${row.command.padEnd(12)}${`${row.n}`.padStart(10)}${row.p50us.toFixed(2).padStart(10)}${row.p99us.toFixed(2).padStart(10)}${`${Math.round(row.perSecond)}`.padStart(12)}`,
  );
  return [
    `${scene.card}; in process; ${scene.machine}; Node ${scene.node}`,
    `  ${'command'.padEnd(12)}${'n'.padStart(10)}${'p50 µs'.padStart(10)}${'p99 µs'.padStart(10)}${'a second'.padStart(12)}`,
    ...rows,
    '  p50 and p99 include reading the clock; “a second” does not.',
    '',
  ].join('\n');
}
