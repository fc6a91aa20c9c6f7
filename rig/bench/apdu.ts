import { formatStatusWord, SW } from '../../src/apdu/status-word.ts';
import type { CardPort } from '../../src/applet/card-port.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { type OpenedCard, openCard } from '../card/open.ts';
import { CannotRun } from '../cli/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../cli/io.ts';
import type { BenchApduOptions } from '../cli/options.ts';
import { secrecyOf } from '../trace/pseudonyms.ts';
import { TraceWriter } from '../trace/writer.ts';
import { type Figures, machine, measureCalls } from './figures.ts';
import { type Measured, workloadFor } from './workload.ts';

/** One row of the table. */
interface Row extends Figures {
  readonly id: string;
  readonly command: string;
}

/** `vitap bench apdu`: commands a second, in process, one card, one port. */
export async function benchApdu(options: BenchApduOptions, io: CommandIo): Promise<ExitCode> {
  const opened = await openCard(options.card);
  const figures: Row[] = [];
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
  const scene = { card: opened.description, ...machine() };
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
  return TraceWriter.create(record.file, description, secrecyOf(record));
}

function measure(port: CardPort, { name, before, command }: Measured, count: number, trace: TraceWriter | null): Row {
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
  const figures = measureCalls(() => port.process(command, 0, command.length), count);
  return { id: name.toLowerCase().replace(' ', '-'), command: name, ...figures };
}

function csv(figures: readonly Row[], label: string): string {
  const rows = figures.map(
    (row) =>
      `${label},${row.command},${row.n},${row.p50us.toFixed(3)},${row.p99us.toFixed(3)},${Math.round(row.perSecond)}`,
  );
  return `label,command,n,p50us,p99us,per_second\n${rows.join('\n')}\n`;
}

function table(figures: readonly Row[], scene: { card: string; machine: string; node: string }): string {
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
