import { figureUnit } from '../api/figure.ts';
import { type JudgedRun, timesOf } from './all-results.ts';

const COLUMNS = [
  ...['campaign', 'number', 'run', 'subject', 'suite', 'repetition', 'state', 'attempts', 'bench', 'device', 'backend'],
  ...['card', 'image', 'board', 'started', 'ended', 'reason', 'kind', 'name', 'value', 'unit', 'note'],
];

/** First line of a campaign as CSV (RFC 4180). */
export const CSV_HEAD: string = inLine(COLUMNS);

/** Lines of a run: one for itself (`kind` empty), one for each case (`case`) and each figure (`figure`). */
export function csvLines(run: JudgedRun): string {
  return linesOf(run).map(inLine).join('');
}

type Line = readonly (string | number)[];

function linesOf(judged: JudgedRun): readonly Line[] {
  const { run, statement } = judged;
  const times = timesOf(judged);
  const time = (at: number | undefined): string => (at === undefined ? '' : new Date(at).toISOString());
  const start: Line = [
    ...[run.campaign, run.number, run.id, run.subject, run.suite, run.repetition, run.state, run.attempts],
    ...[run.bench ?? '', run.device ?? '', run.backend ?? ''],
    ...[statement?.card ?? '', statement?.image ?? '', statement?.board ?? ''],
    ...[time(times?.startedAt), time(times?.endedAt), run.reason],
  ];
  return [
    [...start, '', '', '', '', ''],
    ...(statement?.cases ?? []).map(({ id, verdict, reason }) => [...start, 'case', id, verdict, '', reason]),
    ...Object.entries(statement?.figures ?? {}).map(([name, value]) => [
      ...start,
      'figure',
      name,
      value,
      figureUnit(name),
      '',
    ]),
  ];
}

function inLine(line: Line): string {
  return `${line.map(cell).join(',')}\r\n`;
}

/** What begins like a formula is text to a spreadsheet with an apostrophe before it. */
function cell(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
