import { setImmediate as turn } from 'node:timers/promises';
import { SW } from '../../src/apdu/status-word.ts';
import type { CardPort } from '../../src/applet/card-port.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { type OpenedCard, openCard } from '../card/open.ts';
import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { hostEnvironment } from '../report/host-environment.ts';
import { secrecyOf } from '../trace/pseudonyms.ts';
import { TraceWriter } from '../trace/writer.ts';
import { type ApduMeasurement, type ApduRow, rowName } from './apdu-row.ts';
import { measureThroughReader } from './apdu-through-reader.ts';
import { machine, measureCalls } from './figures.ts';
import type { BenchApduOptions } from './options.ts';
import { type Measured, refusalInWords, workloadFor } from './workload.ts';

/** Commands of each kind where none is asked for: in process they take a microsecond, through a reader a thousand. */
const COUNT = { inProcess: 100_000, throughReader: 1000 } as const;

/** `vitap bench apdu`: commands a second, one by one, in process or through a reader. */
export async function benchApdu(options: BenchApduOptions, io: CommandIo): Promise<ExitCode> {
  const measured =
    options.reader === null
      ? await measureInProcess(options, io)
      : await measureThroughReader(
          options.reader,
          options.card,
          options.count ?? COUNT.throughReader,
          io.signal,
          options.record,
        );
  // What an interruption leaves is no result.
  io.signal.throwIfAborted();
  const { label, card, backend, figures, failure } = measured;
  const scene = { card, backend, ...hostEnvironment(), ...machine() };
  const verdict = failure === null ? 'pass' : 'fail';
  if (figures.length > 0 || failure === null) {
    if (io.json) writeJson(io, { id: 'bench-apdu', verdict, ...scene, figures });
    else io.stdout(options.csv ? csv(figures, label) : table(figures, scene, options.reader === null));
  }
  if (failure !== null) throw failure;
  return EXIT.pass;
}

async function measureInProcess(options: BenchApduOptions, io: CommandIo): Promise<ApduMeasurement> {
  const opened = await openCard(options.card);
  const figures: ApduRow[] = [];
  const label = opened.card.image.profile;
  const trace = await openTrace(opened, options);
  try {
    const port = opened.card.port();
    for (const measured of workloadFor(label).commands) {
      // So that Ctrl-C is heard: nothing else here waits for anything.
      await turn();
      if (io.signal.aborted) break;
      figures.push(measure(port, measured, options.count ?? COUNT.inProcess, trace));
    }
  } finally {
    opened.close();
    await trace?.close();
  }
  return { label, card: `${opened.description}; in process`, backend: 'simulated', figures, failure: null };
}

/** Once each, before anything is measured: what is then repeated. */
function openTrace(opened: OpenedCard, { record }: BenchApduOptions): Promise<TraceWriter> | null {
  if (record.file === null) return null;
  const { image, defaultInterface, atr } = opened.card;
  const description = {
    source: 'vitap bench apdu',
    backend: 'simulated',
    card: image.profile,
    cardSeed: opened.seed,
    interface: defaultInterface,
    atr,
  } as const;
  return TraceWriter.create(record.file, description, secrecyOf(record));
}

function measure(
  port: CardPort,
  { name, before, command }: Measured,
  count: number,
  trace: TraceWriter | null,
): ApduRow {
  port.powerOn();
  for (const each of [...before, command]) {
    trace?.command(each, systemClock.nowNs());
    const length = port.process(each, 0, each.length);
    trace?.response(port.response.subarray(0, length), systemClock.nowNs());
    const sw = ((port.response[length - 2] as number) << 8) | (port.response[length - 1] as number);
    if (sw !== SW.OK) throw new CannotRun(refusalInWords(each, sw, 'this card'));
  }
  const figures = measureCalls(() => port.process(command, 0, command.length), count);
  return { ...rowName(name), ...figures };
}

function csv(figures: readonly ApduRow[], label: string): string {
  const rows = figures.map(
    (row) =>
      `${label},${row.command},${row.n},${row.p50us.toFixed(3)},${row.p99us.toFixed(3)},${Math.round(row.perSecond)}`,
  );
  return `label,command,n,p50us,p99us,per_second\n${rows.map((row) => `${row}\n`).join('')}`;
}

function table(
  figures: readonly ApduRow[],
  scene: { card: string; machine: string; node: string },
  inProcess: boolean,
): string {
  const rows = figures.map(
    (row) =>
      `  ${row.command.padEnd(12)}${`${row.n}`.padStart(10)}${row.p50us.toFixed(2).padStart(10)}${row.p99us.toFixed(2).padStart(10)}${`${Math.round(row.perSecond)}`.padStart(12)}`,
  );
  return [
    `${scene.card}; ${scene.machine}; Node ${scene.node}`,
    `  ${'command'.padEnd(12)}${'n'.padStart(10)}${'p50 µs'.padStart(10)}${'p99 µs'.padStart(10)}${'a second'.padStart(12)}`,
    ...rows,
    inProcess
      ? '  p50 and p99 are of single commands, less what reading the clock takes; “a second” is of many in one go.'
      : '  p50 and p99 are of single exchanges as the reader’s driver times them; “a second” counts the time in between too.',
    '',
  ].join('\n');
}
