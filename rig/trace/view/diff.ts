import { randomBytes } from 'node:crypto';
import { HalError } from '../../../src/hal/errors.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { counted } from '../../report/words.ts';
import type { Mask } from '../model.ts';
import { type Exchange, exchangesOf } from './exchanges.ts';
import { openView, type ViewOptions } from './open-view.ts';
import { commandInWords, shortened, statusInWords } from './words.ts';

export interface DiffOptions extends ViewOptions {
  readonly a: string;
  readonly b: string;
}

/** How far ahead a command is looked for in the other trace. */
const WINDOW = 64;
const SHORT = 32;

type Finding =
  | { readonly kind: 'differs'; readonly a: Exchange; readonly b: Exchange; readonly what: string }
  | { readonly kind: 'only-a' | 'only-b'; readonly exchange: Exchange };

/**
 * `vitap trace diff`: the exchanges of two traces beside one another, and what differs. Times are not compared.
 * @returns 0 no difference, 1 there is one
 * @throws {CannotRun} {HalError} {TraceError} one of the traces could not be read to its end
 */
export async function diffTraces(options: DiffOptions, io: CommandIo): Promise<ExitCode> {
  // Masked bytes of both are compared by their hashes.
  const key = randomBytes(32);
  const [a, b] = [await openView(options.a, options, key), await openView(options.b, options, key)];
  const findings: Finding[] = [];
  let same = 0;
  try {
    for await (const finding of aligned(exchangesOf(a.source.events()), exchangesOf(b.source.events()))) {
      if (io.signal.aborted) throw new HalError('aborted', 'the traces were not compared to their end');
      if (finding === null) {
        same++;
        continue;
      }
      findings.push(finding);
      if (!io.json) io.stdout(linesOf(finding));
    }
  } finally {
    await a.trace.close();
    await b.trace.close();
  }
  const [atrA, atrB] = [a.source.header.atr, b.source.header.atr];
  const atrs = atrA !== null && atrB !== null && atrA !== atrB ? { a: atrA, b: atrB } : null;
  const isSame = findings.length === 0 && atrs === null;
  if (io.json) {
    writeJson(io, { id: 'trace-diff', verdict: isSame ? 'pass' : 'fail', same, atrs, findings: findings.map(asData) });
  } else {
    if (atrs !== null) io.stdout(`ATR\n  A  ${atrs.a}\n  B  ${atrs.b}\n`);
    const of = (kind: Finding['kind']): number => findings.filter((finding) => finding.kind === kind).length;
    const parts = [`${counted(same, 'exchange')} the same`, `${of('differs')} differ`];
    io.stdout(`${[...parts, `${of('only-a')} only in A`, `${of('only-b')} only in B`].join(', ')}\n`);
  }
  return isSame ? EXIT.pass : EXIT.fail;
}

/** Pairs, null for one that is the same; what has no pair within the window is of one trace only. */
async function* aligned(
  a: AsyncIterator<Exchange>,
  b: AsyncIterator<Exchange>,
): AsyncGenerator<Finding | null, void, undefined> {
  const [left, right] = [new Ahead(a), new Ahead(b)];
  for (;;) {
    await left.fill();
    await right.fill();
    const [first, other] = [left.rows[0], right.rows[0]];
    if (first === undefined && other === undefined) return;
    const [skipA, skipB] = nearestPair(left.rows, right.rows);
    for (let i = 0; i < skipA; i++) yield { kind: 'only-a', exchange: left.take() };
    for (let i = 0; i < skipB; i++) yield { kind: 'only-b', exchange: right.take() };
    if (left.rows.length > 0 && right.rows.length > 0) {
      const [one, two] = [left.take(), right.take()];
      const what = difference(one, two);
      yield what === null ? null : { kind: 'differs', a: one, b: two, what };
    }
  }
}

class Ahead {
  readonly rows: Exchange[] = [];
  readonly #source: AsyncIterator<Exchange>;
  #done = false;

  constructor(source: AsyncIterator<Exchange>) {
    this.#source = source;
  }

  async fill(): Promise<void> {
    while (!this.#done && this.rows.length < WINDOW) {
      const next = await this.#source.next();
      if (next.done === true) this.#done = true;
      else this.rows.push(next.value);
    }
  }

  take(): Exchange {
    return this.rows.shift() as Exchange;
  }
}

/** How many rows of each to pass over so that the next two belong together, as few as can be. */
function nearestPair(a: readonly Exchange[], b: readonly Exchange[]): [number, number] {
  if (a.length === 0 || b.length === 0) return [a.length, b.length];
  for (const belong of [sameCommand, sameHeader]) {
    for (let sum = 0; sum < a.length + b.length - 1; sum++) {
      for (let i = Math.max(0, sum - b.length + 1); i <= Math.min(sum, a.length - 1); i++) {
        if (belong(a[i] as Exchange, b[sum - i] as Exchange)) return [i, sum - i];
      }
      // The same header counts for a pair only where nothing is passed over.
      if (belong === sameHeader) break;
    }
  }
  return [1, 1];
}

function sameCommand(a: Exchange, b: Exchange): boolean {
  return a.command.apdu === b.command.apdu;
}

function sameHeader(a: Exchange, b: Exchange): boolean {
  return a.command.apdu.slice(0, 8) === b.command.apdu.slice(0, 8);
}

/** What differs between two exchanges, in words; null: nothing. */
function difference(a: Exchange, b: Exchange): string | null {
  if (a.command.apdu !== b.command.apdu) return 'the commands differ';
  if (!sameMasks(a.command.masks, b.command.masks)) return 'masked bytes of the commands differ';
  if (a.response === null && b.response === null) return null;
  if (a.response === null || b.response === null) return `only ${a.response === null ? 'B' : 'A'} has an answer`;
  const [one, two] = [a.response.apdu, b.response.apdu];
  if (one.slice(-4) !== two.slice(-4)) return 'the status words differ';
  if (one.length !== two.length)
    return `the answers have ${one.length / 2 - 2} and ${two.length / 2 - 2} bytes of data`;
  if (one !== two) return `the data differ from byte ${firstDifference(one, two)} on`;
  return sameMasks(a.response.masks, b.response.masks) ? null : 'masked bytes of the answers differ';
}

/** From 1. */
function firstDifference(a: string, b: string): number {
  let at = 0;
  while (a.slice(at, at + 2) === b.slice(at, at + 2)) at += 2;
  return at / 2 + 1;
}

/** Masks without a hash, of other programs, tell nothing. */
function sameMasks(a: readonly Mask[] = [], b: readonly Mask[] = []): boolean {
  return a.every(({ offset, hash }) => {
    const other = b.find((mask) => mask.offset === offset);
    return hash === undefined || other?.hash === undefined || hash === other.hash;
  });
}

function linesOf(finding: Finding): string {
  if (finding.kind !== 'differs') {
    const side = finding.kind === 'only-a' ? 'A' : 'B';
    return `only in ${side}: exchange ${finding.exchange.number}\n${sideLines(side, finding.exchange)}`;
  }
  const { a, b, what } = finding;
  const numbers = a.number === b.number ? `${a.number}` : `${a.number} of A, ${b.number} of B`;
  return `exchange ${numbers}: ${what}\n${sideLines('A', a)}${sideLines('B', b)}`;
}

function sideLines(side: string, { command, response }: Exchange): string {
  const answer =
    response === null ? 'no answer' : `${shortened(response.apdu, SHORT)}  ${statusInWords(response.apdu)}`;
  return `  ${side}  > ${shortened(command.apdu, SHORT)}  ${commandInWords(command.apdu)}\n     < ${answer}\n`;
}

function asData(finding: Finding): unknown {
  const exchange = ({ number, command, response }: Exchange): unknown => ({
    number,
    command: command.apdu,
    response: response?.apdu ?? null,
  });
  if (finding.kind !== 'differs') return { kind: finding.kind, exchange: exchange(finding.exchange) };
  return { kind: 'differs', what: finding.what, a: exchange(finding.a), b: exchange(finding.b) };
}
