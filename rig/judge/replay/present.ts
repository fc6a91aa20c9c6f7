import type { CommandIo } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import type { ReplayEntry, ReplaySummary } from './model.ts';
import { asText } from './value-text.ts';

/** Exchanges shown before the first divergence. */
const CONTEXT = 3;
/** Digits of an APDU shown on one line. */
const LONGEST_HEX = 96;

/** Prints entries as they come, and the summary. Keeps no more than the context. */
export interface EntryPrinter {
  entry(entry: ReplayEntry): void;
  end(summary: ReplaySummary): void;
  /** There is no summary: the replay was interrupted. */
  cut(): void;
}

export function entryPrinter(io: CommandIo): EntryPrinter {
  return io.json ? new JsonPrinter(io) : new TextPrinter(io);
}

/** One JSON document, written as it comes: a million entries need no memory. */
class JsonPrinter implements EntryPrinter {
  readonly #io: CommandIo;
  #count = 0;

  constructor(io: CommandIo) {
    this.#io = io;
  }

  entry(entry: ReplayEntry): void {
    this.#io.stdout(`${this.#count++ === 0 ? '{"exchanges":[\n' : ',\n'}${JSON.stringify(entry)}`);
  }

  end(summary: ReplaySummary): void {
    const rest = JSON.stringify(summary, null, 2).slice(1);
    this.#io.stdout(`${this.#count === 0 ? '{"exchanges":[' : '\n'}],${rest}\n`);
  }

  cut(): void {
    // With nothing begun, the error is the document.
    if (this.#count > 0) this.#io.stdout(`\n],${CUT}\n`);
  }
}

/** What follows the entries of a replay that was interrupted, so that they still are one document. */
const CUT = JSON.stringify({ error: { kind: 'aborted', message: 'interrupted' } }, null, 2).slice(1);

class TextPrinter implements EntryPrinter {
  readonly #io: CommandIo;
  #before: ReplayEntry[] = [];
  /** What a terminal did not send, one after the other: of a hundred, one line. */
  #left: ReplayEntry[] = [];

  constructor(io: CommandIo) {
    this.#io = io;
  }

  entry(entry: ReplayEntry): void {
    if (isLeftOut(entry)) {
      this.#left.push(entry);
      return;
    }
    this.#sayLeft();
    const worthShowing =
      entry.verdict === 'FAIL' || entry.verdict === 'INCONCLUSIVE' || (entry.verdict === 'PASS' && entry.retries > 0);
    if (worthShowing) {
      for (const each of this.#before) this.#io.stdout(`${oneLine(each)}\n`);
      this.#io.stdout(`${inFull(entry)}\n`);
      this.#before = [];
    } else if (entry.verdict === 'PASS') {
      this.#before = [...this.#before, entry].slice(-CONTEXT);
    }
  }

  end(summary: ReplaySummary): void {
    this.#sayLeft();
    this.#io.stdout(inWords(summary));
  }

  cut(): void {}

  #sayLeft(): void {
    const [first] = this.#left;
    if (first === undefined) return;
    const last = this.#left.at(-1) as ReplayEntry;
    const what = 'the terminal did not send';
    if (first === last) {
      this.#io.stdout(`${head(first)}\n       ${what} ${short(first.command)}\n`);
    } else {
      const names = [...new Set(this.#left.map(({ name }) => shown(name)))].join(', ');
      this.#io.stdout(`${`${first.index}-${last.index}`.padStart(5)}  FAIL          ${names}\n`);
      this.#io.stdout(`       ${what} ${this.#left.length} commands\n`);
    }
    this.#left = [];
    this.#before = [];
  }
}

/** Whether the terminal left out this command of the trace. */
function isLeftOut({ got, divergence }: ReplayEntry): boolean {
  return got === null && divergence?.kind === 'missing';
}

function oneLine(entry: ReplayEntry): string {
  const status = entry.got === null ? '' : entry.got.slice(-4);
  return `${head(entry)}  ${short(entry.command, 40)} -> ${status}`;
}

function head({ index, verdict, name }: ReplayEntry): string {
  return `${index === null ? '    -' : `${index}`.padStart(5)}  ${verdict.padEnd(12)}  ${shown(name)}`;
}

function inFull(entry: ReplayEntry): string {
  const { divergence, time } = entry;
  const lines = [head(entry), `       command   ${short(entry.command)}`];
  if (entry.recordedCommand !== null && divergence?.kind !== 'command') {
    lines.push(`       in trace  ${short(entry.recordedCommand)}`);
  }
  if (entry.rule !== null) lines.push(`       rule      ${shown(entry.rule)}`);
  if (divergence !== null) {
    lines.push(`       differs   ${shown(divergence.where)}`);
    if (divergence.kind !== 'extra') lines.push(`       expected  ${valueInWords(divergence.expected)}`);
    if (divergence.kind !== 'missing') lines.push(`       got       ${valueInWords(divergence.got)}`);
  }
  if (entry.got !== null && divergence?.kind !== 'time') {
    lines.push(`       answer    ${short(entry.got)}`);
    if (entry.expected !== null) lines.push(`       wanted    ${short(entry.expected)}`);
  }
  if (time !== null && divergence?.kind === 'time') {
    lines.push(`       took      ${milliseconds(time.tookNs)}, recorded ${milliseconds(time.recordedNs ?? 0)}`);
  }
  if (entry.problem !== null) lines.push(`       ${shown(entry.problem)}`);
  if (entry.retries > 0) lines.push(`       sent ${entry.retries + 1} times before it was judged`);
  return lines.join('\n');
}

function inWords(summary: ReplaySummary): string {
  const { counts, trace, atr } = summary;
  const simulated = summary.backend === 'simulated' ? ', simulated' : '';
  const skipped = counts.SKIPPED > 0 ? `, ${counts.SKIPPED} skipped` : '';
  const retries = summary.retries > 0 ? `, ${summary.retries} retries` : '';
  const inconclusive = counts.INCONCLUSIVE > 0 ? `, ${counts.INCONCLUSIVE} inconclusive` : '';
  const peer = summary.mode === 'to-card' ? `to the card in ${summary.peer}` : `as a card on ${summary.peer}`;
  return [
    `${shown(trace.file)} (${trace.format}, made by ${shown(trace.source)}), ${shown(peer)}${simulated}`,
    `ATR ${atr.got ?? 'none'}${summary.protocol === null ? '' : `, ${summary.protocol}`}, pace ${summary.pace}, ${milliseconds(summary.durationNs)}`,
    `${summary.verdict}: ${counts.PASS} as expected, ${counts.FAIL} not${inconclusive}${skipped}${retries}`,
    '',
  ].join('\n');
}

/** Bytes, and the text that they are where they are one. */
function valueInWords(value: string): string {
  const text = asText(value);
  if (value === '') return '(nothing)';
  return text === '' ? short(value) : `${short(value)}  "${shown(text)}"`;
}

function short(hex: string, most: number = LONGEST_HEX): string {
  return hex.length <= most ? hex : `${hex.slice(0, most)}… (${hex.length / 2} bytes)`;
}

function milliseconds(ns: number): string {
  return `${(ns / 1_000_000).toFixed(ns < 10_000_000 ? 3 : 1)} ms`;
}

/** Says how far a long replay is: at most once a second. */
export function progressTo(io: CommandIo, total: number | null): { step(): void; end(): void } {
  let done = 0;
  let saidAt = performance.now();
  let spoke = false;
  return {
    step() {
      done++;
      if (done % 16 !== 0 || performance.now() - saidAt < 1000) return;
      saidAt = performance.now();
      spoke = true;
      const line = `${done}${total === null ? '' : ` of ${total}`} exchanges`;
      io.stderr(io.stdoutIsTty ? `\r${line}` : `${line}\n`);
    },
    end() {
      if (spoke && io.stdoutIsTty) io.stderr('\n');
    },
  };
}
