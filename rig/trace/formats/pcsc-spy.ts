import type { Line } from '../lines.ts';
import type { MaskedHex } from '../model.ts';
import { FormatError, type Importer, type Losses } from '../stream.ts';
import type { CardChoice } from './card-choice.ts';
import { hexOf } from './hex-text.ts';
import { type LineParser, lineImporter } from './line-importer.ts';
import { PcscCalls } from './pcsc-calls.ts';
import type { SessionLog } from './session-log.ts';

/*
 * What libpcscspy writes into its FIFO, saved: each line begins with the thread and `@`. A call of PC/SC begins with
 * `>|SECONDS|MICROSECONDS|NAME`, its arguments follow, one a line, and `<|SECONDS|MICROSECONDS|NAME|TEXT|0xRESULT`; since
 * April 2024 without the text. Two programs at once tear each other's lines.
 */
const LINE = /^([0-9A-Fa-f]+)@(.*)$/;
const BEGIN = /^>\|(\d{1,12})\|(\d{1,6})\|(\w+)$/;
const END = /^<\|(\d{1,12})\|(\d{1,6})\|(\w+)(?:\|(.*))?\|(0x[0-9A-Fa-f]{8})$/;
/** SCardGetStatusChange over many readers has the most. */
const MOST_ARGUMENTS = 10_000;
const LONGEST_ARGUMENTS = 4 * 1024 * 1024;
const MOST_THREADS = 1000;
const TORN_LINES = 'lines that were torn';
const TORN_CALLS = 'SCardTransmit calls of which lines were torn';

export const pcscSpyImporter: Importer = lineImporter({
  name: 'pcsc-spy',
  title: 'raw record of libpcscspy',
  extensions: ['spy', 'raw', 'log'],
  guess: (head) => (/^[0-9A-F]+@>\|\d+\|\d+\|SCard\w+$/m.test(head) ? 100 : 0),
  tellsCards: true,
  parser: (session, losses, cards) => new SpyParser(session, losses, cards),
});

interface Call {
  readonly name: string;
  readonly tNs: number;
  readonly line: number;
  readonly args: string[];
  length: number;
}

class SpyParser implements LineParser {
  readonly #losses: Losses;
  readonly #calls: PcscCalls;
  /** The open call of each thread. */
  readonly #open = new Map<string, Call>();
  #originSeconds: number | null = null;
  #startedAt: string | null = null;

  constructor(session: SessionLog, losses: Losses, cards: CardChoice) {
    this.#losses = losses;
    this.#calls = new PcscCalls(session, cards);
  }

  line(text: string, { number, terminated }: Line): void {
    if (text === '') return;
    const [, thread, rest = ''] = LINE.exec(text) ?? [];
    if (thread === undefined) {
      if (!terminated) throw new FormatError({ line: number }, 'the last line is cut off');
      this.#losses.add(TORN_LINES);
      return;
    }
    const begin = BEGIN.exec(rest);
    if (begin !== null) {
      if (this.#open.size > MOST_THREADS) throw new FormatError({ line: number }, 'there are too many open calls');
      if (this.#open.has(thread)) this.#losses.add('calls that did not return');
      const tNs = this.#time(begin[1] as string, begin[2] as string);
      this.#open.set(thread, { name: begin[3] as string, tNs, line: number, args: [], length: 0 });
      return;
    }
    const call = this.#open.get(thread);
    const end = END.exec(rest);
    if (call === undefined) {
      this.#losses.add('lines outside of a call');
    } else if (end !== null) {
      this.#open.delete(thread);
      this.#returned(call, this.#time(end[1] as string, end[2] as string), end[4] ?? '', end[5] as string);
    } else {
      call.args.push(rest);
      call.length += rest.length;
      if (call.args.length > MOST_ARGUMENTS || call.length > LONGEST_ARGUMENTS)
        throw new FormatError({ line: call.line }, 'this call does not return');
    }
  }

  end(): void {
    this.#losses.add('calls that did not return', this.#open.size);
  }

  header(): { source: string; reader: string | null; startedAt: string | null; atr: MaskedHex | null } {
    return { source: 'libpcscspy', reader: this.#calls.reader, startedAt: this.#startedAt, atr: this.#calls.atr };
  }

  #time(seconds: string, microseconds: string): number {
    if (this.#originSeconds === null) {
      this.#originSeconds = Number(seconds);
      // The trace begins at its first event, a little later than the first call.
      this.#calls.onFirst = (tNs) => {
        this.#startedAt = isoTime(Number(seconds) * 1000 + Math.floor(tNs / 1e6));
      };
    }
    return (Number(seconds) - this.#originSeconds) * 1e9 + Number(microseconds) * 1000;
  }

  #returned({ name, tNs, args }: Call, endNs: number, text: string, result: string): void {
    const ok = /^0x0{8}$/.test(result);
    const arg = (index: number): string => args[index] ?? '';
    switch (name) {
      case 'SCardConnect':
        // Handle and protocol come last; of what stood there before the call some versions write less.
        if (ok && args.length >= 6)
          this.#calls.connected(arg(1), arg(args.length - 2), Number(arg(args.length - 1)) !== 0, endNs);
        return;
      case 'SCardReconnect':
        if (ok) this.#calls.ended(arg(0), Number(arg(3)), endNs);
        return;
      case 'SCardDisconnect':
      case 'SCardEndTransaction':
        if (ok) this.#calls.ended(arg(0), Number(arg(1)), endNs);
        return;
      case 'SCardStatus':
        if (ok) this.#calls.status(arg(4), hexOf(arg(8).trim()));
        return;
      case 'SCardGetStatusChange':
        this.#calls.states(args.slice(3));
        return;
      case 'SCardControl':
        this.#losses.add('commands to the reader (SCardControl)');
        return;
      case 'SCardTransmit': {
        // hCard, protocol and length of the structure, length, command; the same of the response.
        const command = hexOf(arg(4).trim());
        const response = ok ? hexOf(arg(8).trim()) : null;
        if (command === null || (ok && response === null)) {
          this.#losses.add(TORN_CALLS);
          return;
        }
        if (2 * Number(arg(3)) !== command.length || (response !== null && 2 * Number(arg(7)) !== response.length)) {
          this.#losses.add(TORN_CALLS);
          return;
        }
        const said = text === '' ? '' : `${text} `;
        this.#calls.transmitted(arg(0), command, tNs, response, endNs, `SCardTransmit: ${said}[${result}]`);
      }
    }
  }
}

function isoTime(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
