import { FormatError, type Importer } from '../stream.ts';
import { dumpRow, joined, LONGEST_REMARK } from './hex-text.ts';
import { type LineParser, lineImporter } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';

/*
 * The debug log of OpenSC (OPENSC_DEBUG=3 and above, or -vvvv): `Outgoing APDU (N bytes):` and rows of 16 bytes with
 * their text up to an empty line, then `Incoming APDU`. The time of day stands in the line before. Versions before 0.20
 * wrote `Outgoing APDU data [ N bytes] ====`.
 */
const HEADING = /^(Outgoing|Incoming) APDU(?: data)? (?:\((\d+) bytes?\):|\[\s*(\d+) bytes?\] =+)\s*$/;
const CLOCK = /(?:^|[\s:])(\d{2}):(\d{2}):(\d{2})\.(\d{3}) \[/;
const DAY_NS = 86_400_000_000_000;

export const openscDebugImporter: Importer = lineImporter({
  name: 'opensc-debug',
  title: 'debug log of OpenSC',
  extensions: ['log', 'txt'],
  guess(head) {
    if (/^(?:Outgoing|Incoming) APDU(?: data)? [([]\s*\d+ bytes?/m.test(head)) return 95;
    // A log may be long before its first APDU.
    return /^(?:P:\d+; T:)?0x[0-9A-Fa-f]+ \d\d:\d\d:\d\d\.\d{3} \[.*\.c:\d+:\w+: /m.test(head) ||
      /^P:\d+; T:0x[0-9A-Fa-f]+ \d\d:\d\d:\d\d\.\d{3} \[/m.test(head)
      ? 80
      : 0;
  },
  parser: (session) => new OpenscDebugParser(session),
});

interface Block {
  readonly outgoing: boolean;
  readonly size: number;
  readonly line: number;
  readonly tNs: number;
  hex: string;
}

class OpenscDebugParser implements LineParser {
  readonly #session: SessionLog;
  #tNs = 0;
  #day = 0;
  #block: Block | null = null;
  #connecting = true;
  #reader: string | null = null;

  constructor(session: SessionLog) {
    this.#session = session;
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
      this.#block = { outgoing: heading[1] === 'Outgoing', size, line: number, tNs: this.#tNs, hex: '' };
      return;
    }
    if (text.length > LONGEST_REMARK) return;
    this.#clock(text);
    this.#connection(text);
  }

  end(): void {
    if (this.#block !== null) this.#finish(this.#block);
  }

  header(): { source: string; reader: string | null } {
    return { source: 'OpenSC', reader: this.#reader };
  }

  #clock(text: string): void {
    const time = CLOCK.exec(text);
    if (time === null) return;
    const [hours, minutes, seconds, milliseconds] = time.slice(1).map(Number) as [number, number, number, number];
    const ofDayNs = (((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds) * 1_000_000;
    // There is no date: half a day back is the next day.
    if (ofDayNs + this.#day * DAY_NS < this.#tNs - DAY_NS / 2) this.#day++;
    this.#tNs = ofDayNs + this.#day * DAY_NS;
  }

  /** The ATR is told many times while a driver is looked for. */
  #connection(text: string): void {
    if (/:sc_connect_card: called$/.test(text)) this.#connecting = true;
    const atr = /:match_atr_table: ATR {5}: ((?:[0-9A-Fa-f]{2}:)*[0-9A-Fa-f]{2})$/.exec(text);
    if (atr !== null && this.#connecting) {
      this.#session.power('on', this.#tNs, (atr[1] as string).replaceAll(':', '').toUpperCase());
      this.#connecting = false;
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
    if (block.outgoing) this.#session.command(block.hex, block.tNs);
    else this.#session.response(block.hex, block.tNs);
  }
}
