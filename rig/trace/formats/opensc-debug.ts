import { FormatError, type Importer, type Losses } from '../stream.ts';
import type { CardChoice } from './card-choice.ts';
import { CardExchanges } from './card-exchanges.ts';
import { dumpRow, joined, LONGEST_REMARK } from './hex-text.ts';
import { type LineParser, lineImporter } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';
import { WallClock } from './wall-clock.ts';

/*
 * The debug log of OpenSC (OPENSC_DEBUG=3 and above, or -vvvv): `Outgoing APDU (N bytes):` and rows of 16 bytes with
 * their text up to an empty line, then `Incoming APDU`. Process, thread and time stand in the line before. Versions before
 * 0.20 wrote `Outgoing APDU data [ N bytes] ====`, those before them a date with the time.
 */
const HEADING = /^(Outgoing|Incoming) APDU(?: data)? (?:\((\d+) bytes?\):|\[\s*(\d+) bytes?\] =+)\s*$/;
/** What a line begins with that says who writes: `P:9018; T:0x7f12 09:19:12.002 `, `0x7f12 09:19:12.002 `. */
const WRITER = /^(?:P:(\d{1,10}); T:)?(0x[0-9A-Fa-f]{1,16}) /;
const DATED = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} `;
const SIGN_OF_OLD = new RegExp(`^${DATED}\\[[^\\]]{1,80}\\] [\\w.-]+\\.c:\\d+:\\w+: `, 'm');
/** No APDU has more bytes: 65,544 of a command. */
const LARGEST_APDU = 66_000;
const MOST_WRITERS = 1000;

export const openscDebugImporter: Importer = lineImporter({
  name: 'opensc-debug',
  title: 'debug log of OpenSC',
  extensions: ['log', 'txt'],
  guess(head) {
    if (/^(?:Outgoing|Incoming) APDU(?: data)? [([]\s*\d+ bytes?/m.test(head)) return 95;
    // A log may be long before its first APDU.
    return SIGN_OF_OLD.test(head) ||
      /^(?:P:\d+; T:)?0x[0-9A-Fa-f]+ \d\d:\d\d:\d\d\.\d{3} \[.*\.c:\d+:\w+: /m.test(head) ||
      /^P:\d+; T:0x[0-9A-Fa-f]+ \d\d:\d\d:\d\d\.\d{3} \[/m.test(head)
      ? 80
      : 0;
  },
  tellsCards: true,
  parser: (session, losses, cards) => new OpenscDebugParser(session, losses, cards),
});

/** Before the name of a reader that stands for its card. */
const READER = 'reader ';

interface Block {
  readonly outgoing: boolean;
  readonly writer: string;
  readonly size: number;
  readonly line: number;
  readonly tNs: number;
  hex: string;
}

class OpenscDebugParser implements LineParser {
  readonly #session: SessionLog;
  readonly #losses: Losses;
  readonly #exchanges: CardExchanges;
  readonly #clock = new WallClock();
  #tNs = 0;
  #block: Block | null = null;
  /** Process and thread of the last line that names them. */
  #writer = '';
  readonly #readers = new Map<string, string>();
  readonly #processes = new Map<string, string>();
  #connecting = true;
  #reader: string | null = null;
  #zoneCounted = false;

  constructor(session: SessionLog, losses: Losses, cards: CardChoice) {
    this.#session = session;
    this.#losses = losses;
    this.#exchanges = new CardExchanges(session, losses, cards);
  }

  line(text: string, { number }: { readonly number: number }): void {
    if (this.#block !== null) {
      const row = this.#block.hex.length < 2 * this.#block.size ? dumpRow(text, this.#block.hex === '') : null;
      if (row !== null) {
        this.#block.hex = joined(this.#block.hex, row, number);
        return;
      }
      this.#finish(this.#block);
    }
    const heading = HEADING.exec(text);
    if (heading !== null) {
      const size = Number(heading[2] ?? heading[3]);
      if (size > LARGEST_APDU)
        throw new FormatError({ line: number }, 'this heading tells of more bytes than an APDU has');
      const outgoing = heading[1] === 'Outgoing';
      this.#block = { outgoing, writer: this.#writer, size, line: number, tNs: this.#tNs, hex: '' };
      return;
    }
    if (text.length > LONGEST_REMARK) return;
    this.#tNs = this.#clock.read(text) ?? this.#tNs;
    this.#written(text);
    this.#connection(text);
  }

  end(): void {
    if (this.#block !== null) this.#finish(this.#block);
    this.#exchanges.end();
  }

  header(): { source: string; reader: string | null; startedAt: string | null } {
    const { followed } = this.#exchanges;
    const told = followed?.startsWith(READER) ? followed.slice(READER.length) : this.#reader;
    return { source: 'OpenSC', reader: told, startedAt: this.#startedAt() };
  }

  #startedAt(): string | null {
    const { originNs } = this.#session;
    const ms = originNs === null ? null : this.#clock.wallMs(originNs);
    if (ms === null) return null;
    if (!this.#zoneCounted) this.#losses.add('the time zone of the wall time, which is taken for UTC');
    this.#zoneCounted = true;
    return new Date(ms).toISOString();
  }

  #written(text: string): void {
    const writer = WRITER.exec(text);
    if (writer === null) return;
    this.#writer = writer[0];
    if (this.#processes.size > MOST_WRITERS) this.#processes.clear();
    this.#processes.set(this.#writer, writer[1] ?? '');
  }

  /** The card of a thread: that in the reader which it named last, else the one of its process, else its own. */
  #cardOf(writer: string): string {
    const reader = this.#readers.get(writer);
    if (reader !== undefined) return `${READER}${reader}`;
    const process = this.#processes.get(writer) ?? '';
    return process === '' ? writer : `process ${process}`;
  }

  /** The ATR is told many times while a driver is looked for. */
  #connection(text: string): void {
    if (/:sc_connect_card: called$/.test(text)) this.#connecting = true;
    const atr = /:match_atr_table: ATR {5}: ((?:[0-9A-Fa-f]{2}:)*[0-9A-Fa-f]{2})$/.exec(text);
    if (atr !== null && this.#connecting) {
      const [tNs, bytes, writer] = [this.#tNs, (atr[1] as string).replaceAll(':', '').toUpperCase(), this.#writer];
      const isOf = (card: string): boolean => card === this.#cardOf(writer);
      this.#exchanges.power(isOf, () => this.#session.power('on', tNs, bytes));
      this.#connecting = false;
    }
    const used = /(?:: |\d )reader '(.{1,200})'$/.exec(text);
    if (used !== null) {
      if (this.#readers.size > MOST_WRITERS) this.#readers.clear();
      this.#readers.set(this.#writer, used[1] as string);
    }
    const reader = /^(?:Using reader with a card: |Connecting to card in reader )(.+?)(?:\.\.\.)?$/.exec(text);
    if (reader !== null) this.#reader ??= reader[1] as string;
  }

  #finish(block: Block): void {
    this.#block = null;
    if (block.hex.length !== 2 * block.size) {
      const found = block.hex.length / 2;
      throw new FormatError({ line: block.line }, `this APDU is cut off: of ${block.size} bytes there are ${found}`);
    }
    if (block.size === 0) return;
    const { writer, hex, tNs } = block;
    if (block.outgoing) this.#exchanges.command(this.#cardOf(writer), writer, hex, tNs);
    else this.#exchanges.response(writer, hex, tNs);
  }
}
