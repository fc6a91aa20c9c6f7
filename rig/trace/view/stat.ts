import { HalError } from '../../../src/hal/errors.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { median, quantileOf } from '../../figures/quantile.ts';
import { counted } from '../../report/words.ts';
import { plainOnly } from '../inside-channel.ts';
import { TraceError } from '../lines.ts';
import { commandName } from './command-name.ts';
import { type Exchange, exchangesOf } from './exchanges.ts';
import { openView, type ViewOptions } from './open-view.ts';
import { statusInWords } from './words.ts';

export interface StatOptions extends ViewOptions {
  readonly file: string;
}

interface Times {
  readonly medianNs: number;
  readonly p99Ns: number;
  readonly maxNs: number;
}

class Row {
  count = 0;
  bytesOut = 0;
  bytesIn = 0;
  readonly durations: number[] = [];
}

/**
 * `vitap trace stat`: exchanges of a trace by instruction, their times, status words, bytes, and how long the terminal
 * waited between them.
 * @returns 1 when a fault in the trace ended the reading; what comes before it was counted
 * @throws {CannotRun} {HalError} {TraceError} when nothing could be counted
 */
export async function statTrace(options: StatOptions, io: CommandIo): Promise<ExitCode> {
  const { trace, source } = await openView(options.file, options);
  const rows = new Map<string, Row>();
  const statusWords = new Map<string, number>();
  const all = new Row();
  const gaps: number[] = [];
  let fault: TraceError | null = null;
  let last: Exchange | null = null;
  let unanswered = 0;
  try {
    for await (const exchange of exchangesOf(options.keys == null ? source.events() : plainOnly(source.events()))) {
      if (io.signal.aborted) throw new HalError('aborted', 'the trace was not counted to its end');
      const name = commandName(exchange.command.apdu);
      const row = rows.get(name) ?? new Row();
      rows.set(name, row);
      for (const each of [row, all]) add(each, exchange);
      if (exchange.response === null) unanswered++;
      else {
        const words = statusInWords(exchange.response.apdu);
        statusWords.set(words, (statusWords.get(words) ?? 0) + 1);
      }
      if (last !== null && last.response !== null) gaps.push(exchange.command.t - last.response.t);
      last = exchange;
    }
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    fault = error;
  } finally {
    await trace.close();
  }
  // A format without times has them all at 0.
  const timed = all.durations.some((ns) => ns !== 0) || gaps.some((ns) => ns !== 0);
  const timesOf = (values: readonly number[]): Times | null => (timed ? times(values) : null);
  const byCount = [...rows].sort(([, a], [, b]) => b.count - a.count);
  const bySw = [...statusWords].sort(([, a], [, b]) => b - a);
  if (io.json) {
    writeJson(io, {
      id: 'trace-stat',
      format: trace.importer.name,
      exchanges: all.count,
      unanswered,
      bytesOut: all.bytesOut,
      bytesIn: all.bytesIn,
      times: timesOf(all.durations),
      gaps: timesOf(gaps),
      instructions: byCount.map(([name, { count, bytesOut, bytesIn, durations }]) => ({
        name,
        count,
        bytesOut,
        bytesIn,
        times: timesOf(durations),
      })),
      statusWords: bySw.map(([words, count]) => ({ statusWord: words.slice(0, 4), meaning: words.slice(5), count })),
      notRead: trace.losses.entries,
      fault: fault?.message ?? null,
    });
  } else {
    const row = (name: string, { count, bytesOut, bytesIn, durations }: Row): string[] => [
      name,
      `${count}`,
      `${bytesOut}`,
      `${bytesIn}`,
      ...cells(timesOf(durations)),
    ];
    const head = ['', 'exchanges', 'bytes out', 'bytes in', 'median ms', 'p99 ms', 'max ms'];
    const body = byCount.map(([name, each]) => row(name, each));
    const between = ['between exchanges', `${gaps.length}`, '', '', ...cells(timesOf(gaps))];
    io.stdout(table([head, ...body, row('all', all), between]));
    io.stdout(`\n${table([['status word', 'answers'], ...bySw.map(([words, count]) => [words, `${count}`])])}`);
    if (unanswered > 0) io.stdout(`\n${counted(unanswered, 'command')} without an answer\n`);
    if (!timed) io.stdout('\nThe trace has no times.\n');
    if (fault !== null) io.stderr(`vitap: ${shown(fault.message)}\n`);
  }
  return fault === null ? EXIT.pass : EXIT.fail;
}

function add(row: Row, { command, response }: Exchange): void {
  row.count++;
  row.bytesOut += command.apdu.length / 2;
  if (response === null) return;
  row.bytesIn += response.apdu.length / 2;
  row.durations.push(response.t - command.t);
}

function times(values: readonly number[]): Times | null {
  if (values.length === 0) return null;
  return { medianNs: median(values), p99Ns: quantileOf(values, 0.99), maxNs: quantileOf(values, 1) };
}

function cells(value: Times | null): string[] {
  if (value === null) return ['–', '–', '–'];
  return [value.medianNs, value.p99Ns, value.maxNs].map((ns) => (ns / 1e6).toFixed(3));
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] as readonly string[]).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
      ),
    )
    .map((row) => `${row.join('  ').trimEnd()}\n`)
    .join('');
}
