import { setImmediate as turn } from 'node:timers/promises';
import { INS } from '../../src/apdu/instruction.ts';
import { formatStatusWord, SW } from '../../src/apdu/status-word.ts';
import type { CardPort } from '../../src/applet/card-port.ts';
import { openCard } from '../card/open.ts';
import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { counted } from '../report/words.ts';
import { type ApduRow, rowName } from './apdu-row.ts';
import { type Figures, machine, measureCalls } from './figures.ts';
import { type LoopbackTaps, measureLoopbackTaps } from './loopback-taps.ts';
import type { BenchCoreOptions } from './options.ts';
import {
  boot,
  cardOfFiles,
  cardOfRecords,
  RECORD_SIZE,
  RECORDS_PER_FILE,
  SELECT_FLAT,
  selectsByIdentifier,
  selectsByName,
  selectsByPath,
} from './synthetic-card.ts';
import { workloadFor } from './workload.ts';

/** A command on a card of some size, and how much longer it takes than on the smallest. */
interface Growth extends Figures {
  readonly id: string;
  readonly what: string;
  /** Files or records. */
  readonly size: number;
  /** Time of one, divided by that of the smallest size. */
  readonly ratio: number;
}

interface Boot {
  readonly id: string;
  readonly records: number;
  readonly files: number;
  readonly imageBytes: number;
  readonly n: number;
  readonly p50ms: number;
  readonly p99ms: number;
  readonly ratio: number;
}

/** Different commands of one kind that are sent in turn, so that not one place of the card is always in the cache. */
const SPREAD = 61;
const BOOTS = 40;

/**
 * `vitap bench core`: what commands cost in process, what booting an image costs, and what of it grows with the number
 * of files and records.
 */
export async function benchCore(options: BenchCoreOptions, io: CommandIo): Promise<ExitCode> {
  // So that Ctrl-C is heard: nothing else here waits for anything.
  const rest = async (): Promise<boolean> => {
    await turn();
    return !io.signal.aborted;
  };
  const each = async <T>(sizes: readonly number[], measure: (size: number) => readonly T[]): Promise<T[]> => {
    const rows: T[] = [];
    for (const size of sizes) if (await rest()) rows.push(...measure(size));
    return rows;
  };
  const commands = await commandRows(options.count, rest);
  // Once for nothing: the first size must not pay for what the compiler learns.
  if (await rest()) growthWithFiles(options.files[0] ?? 1, options.count);
  const files = await each(options.files, (size) => growthWithFiles(size, options.count));
  const records = await each(options.records, (size) => growthWithRecords(size, options.count));
  const boots = await each(options.boots, (size) => [bootOf(size, options.count)]);
  io.signal.throwIfAborted();
  const taps = await measureLoopbackTaps(options.taps);
  // What an interruption leaves is no result.
  io.signal.throwIfAborted();
  const scene = machine();
  const growth = withRatios([...files, ...records]);
  const booting = boots.map((row) => ({ ...row, ratio: row.p50ms / (boots[0]?.p50ms ?? 1) }));
  if (io.json) writeJson(io, { id: 'bench-core', verdict: 'pass', ...scene, commands, growth, boots: booting, taps });
  else io.stdout(report(scene, commands, growth, booting, taps));
  return EXIT.pass;
}

/** SELECT, VERIFY, READ RECORD on the card that every other product can hold as well, and UPDATE RECORD on a free file. */
async function commandRows(count: number, rest: () => Promise<boolean>): Promise<ApduRow[]> {
  const opened = await openCard({ kind: 'profile', name: 'reference' });
  const rows: ApduRow[] = [];
  try {
    const port = opened.card.port('contact');
    for (const { name, before, command } of workloadFor('reference').commands) {
      if (!(await rest())) break;
      port.powerOn();
      for (const each of [...before, command]) expectOk(port, each, name);
      rows.push({ ...rowName(name), ...measureCalls(() => port.process(command, 0, command.length), count) });
    }
  } finally {
    opened.close();
  }
  const { card } = boot(cardOfRecords(RECORDS_PER_FILE));
  const port = card.port('contact');
  port.powerOn();
  const updates = Array.from({ length: SPREAD }, (_, i) =>
    Uint8Array.of(0x00, INS.UPDATE_RECORD, i + 1, 0x0c, RECORD_SIZE, ...new Uint8Array(RECORD_SIZE)),
  );
  for (const command of updates) expectOk(port, command, 'UPDATE RECORD');
  const update = (call: number): void => {
    const command = updates[call % SPREAD] as Uint8Array;
    // Never what the record holds already.
    command.fill(call & 0xff, -RECORD_SIZE);
    port.process(command, 0, command.length);
  };
  rows.push({ ...rowName('UPDATE RECORD'), ...measureCalls(update, count) });
  return rows;
}

function growthWithFiles(size: number, count: number): Growth[] {
  const { card } = boot(cardOfFiles(size));
  const port = card.port('contact');
  port.powerOn();
  const row = (id: string, what: string, commands: readonly Uint8Array[]): Growth => ({
    id: `${id}-${size}-files`,
    what,
    size,
    ratio: 1,
    ...inTurn(port, commands, count),
  });
  const byName = row('select-by-name', 'SELECT by name', selectsByName(size, SPREAD));
  expectOk(port, SELECT_FLAT, 'SELECT');
  return [
    byName,
    row('select-by-identifier', 'SELECT by identifier', selectsByIdentifier(size, SPREAD)),
    row('select-by-path', 'SELECT by path', selectsByPath(size, SPREAD)),
    row('read-by-sfi', 'READ BINARY by SFI', [Uint8Array.of(0x00, INS.READ_BINARY, 0x81, 0x00, 0x01)]),
  ];
}

/** In one file, up to what a file holds. */
function growthWithRecords(size: number, count: number): Growth[] {
  const { card } = boot(cardOfRecords(size));
  const port = card.port('contact');
  port.powerOn();
  const last = Math.min(size, RECORDS_PER_FILE);
  const read = Uint8Array.of(0x00, INS.READ_RECORD, last, 0x0c, RECORD_SIZE);
  // Simple search forwards from record 1 for what only the last one has.
  const search = Uint8Array.of(0x00, INS.SEARCH_RECORD, 0x01, 0x0c, 2, 0x00, last, 0x00);
  return [
    { id: `read-record-${size}`, what: 'READ RECORD, the last', size, ratio: 1, ...inTurn(port, [read], count) },
    {
      id: `search-record-${size}`,
      what: 'SEARCH RECORD, to the last',
      size,
      ratio: 1,
      ...inTurn(port, [search], count),
    },
  ];
}

function bootOf(records: number, count: number): Boot {
  const content = cardOfRecords(records);
  const { n, p50us, p99us } = measureCalls(() => void boot(content), Math.min(BOOTS, count), 3);
  const files = Math.ceil(records / RECORDS_PER_FILE);
  const times = { p50ms: p50us / 1000, p99ms: p99us / 1000 };
  return { id: `boot-${records}-records`, records, files, imageBytes: content.length, n, ...times, ratio: 1 };
}

function inTurn(port: CardPort, commands: readonly Uint8Array[], count: number): Figures {
  for (const command of commands) expectOk(port, command, 'a command of the benchmark');
  return measureCalls((call) => {
    const command = commands[call % commands.length] as Uint8Array;
    port.process(command, 0, command.length);
  }, count);
}

/** A refusal is quick too; it must not be taken for the command. */
function expectOk(port: CardPort, command: Uint8Array, name: string): void {
  const length = port.process(command, 0, command.length);
  const sw = ((port.response[length - 2] as number) << 8) | (port.response[length - 1] as number);
  if (sw !== SW.OK) throw new CannotRun(`${name} is refused by this card (${formatStatusWord(sw)})`);
}

function withRatios(rows: readonly Growth[]): Growth[] {
  return rows.map((row) => {
    const smallest = rows.find(({ what }) => what === row.what) as Growth;
    return { ...row, ratio: row.bestUs / smallest.bestUs };
  });
}

function report(
  scene: ReturnType<typeof machine>,
  commands: readonly ApduRow[],
  growth: readonly Growth[],
  boots: readonly Boot[],
  taps: LoopbackTaps,
): string {
  const whats = [...new Set(growth.map(({ what }) => what))];
  return [
    `In process, image in memory; ${scene.machine}; Node ${scene.node}`,
    '',
    line('command', ['n', 'p50 µs', 'p99 µs', 'a second']),
    ...commands.map((row) =>
      line(row.command, [`${row.n}`, row.p50us.toFixed(2), row.p99us.toFixed(2), `${Math.round(row.perSecond)}`]),
    ),
    '',
    line('growth', ['size', 'µs each', 'p50 µs', 'p99 µs', 'ratio']),
    ...whats.flatMap((what) =>
      growth
        .filter((row) => row.what === what)
        .map((row) =>
          line(what, [
            `${row.size}`,
            row.bestUs.toFixed(3),
            row.p50us.toFixed(2),
            row.p99us.toFixed(2),
            row.ratio.toFixed(2),
          ]),
        ),
    ),
    '',
    line('boot: records (files)', ['bytes', 'p50 ms', 'p99 ms', 'ratio']),
    ...boots.map((row) =>
      line(`${row.records} (${row.files})`, [
        `${row.imageBytes}`,
        row.p50ms.toFixed(3),
        row.p99ms.toFixed(3),
        row.ratio.toFixed(1),
      ]),
    ),
    '',
    `  ${counted(taps.taps, 'tap')} of ${counted(taps.commandsPerTap, 'command')} through the loopback (${taps.profile}): ${taps.totalMs.toFixed(0)} ms in all; each p50 ${taps.p50us.toFixed(0)} µs, p99 ${taps.p99us.toFixed(0)} µs`,
    '',
    '  p50 and p99 are of single commands, less what reading the clock takes; “a second” is of many in one go. Sizes are files on the card for SELECT and READ BINARY,',
    '  records in one file for READ and SEARCH RECORD. “µs each” is the average of the quickest of five rounds, without the',
    '  clock; the ratio is that to the smallest size, and for booting that of the medians.',
    '',
  ].join('\n');
}

function line(what: string, figures: readonly string[]): string {
  return `  ${what.padEnd(28)}${figures.map((each) => each.padStart(11)).join('')}`;
}
