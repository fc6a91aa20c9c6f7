import type { Line } from '../lines.ts';
import type { MaskedHex } from '../model.ts';
import { type Exporter, FormatError, type Importer, type Losses } from '../stream.ts';
import { dumpRow, dumpRows, hexOf, joined, spaced } from './hex-text.ts';
import { type LineParser, lineImporter, requireEnd } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';
import { textExporter } from './text-exporter.ts';

/*
 * What `opensc-tool -s APDU` prints: `Sending: ` and the command, `Received (SW1=0x.., SW2=0x..)` and, after a colon,
 * rows of 16 bytes with their text. There are no times. The command `apdu` of opensc-explorer prints the same.
 */
const RECEIVED = /^Received \(SW1=0x([0-9A-Fa-f]{2}|XX), SW2=0x([0-9A-Fa-f]{2}|XX)\)(:?)\s*$/;

const SIGN = /^Sending: (?:[0-9A-FX]{2} ?)+\s*\n(?:.*\n)?Received \(SW1=0x/m;

export const openscToolImporter: Importer = lineImporter({
  name: 'opensc-tool',
  title: 'output of opensc-tool -s',
  extensions: ['txt', 'log'],
  guess: (head) => (SIGN.test(head) ? 90 : 0),
  parser: (session, losses) => new OpenscToolParser('opensc-tool', session, losses),
});

/** The prompt, with the path of the current file in it. A script on standard input leaves no line feed behind it. */
const PROMPT = /^OpenSC \[[0-9A-Fa-f/]{0,200}\]> /;

export const openscExplorerImporter: Importer = lineImporter({
  name: 'opensc-explorer',
  title: 'session of opensc-explorer',
  extensions: ['txt', 'log'],
  guess: (head) =>
    /^(?:OpenSC Explorer version |OpenSC \[[0-9A-Fa-f/]*\]> )/m.test(head) &&
    /^(?:OpenSC \[[0-9A-Fa-f/]*\]> )?Sending: /m.test(head)
      ? 95
      : 0,
  parser: (session, losses) => new OpenscToolParser('opensc-explorer', session, losses),
});

class OpenscToolParser implements LineParser {
  readonly #source: string;
  readonly #session: SessionLog;
  readonly #losses: Losses;
  #statusWord: MaskedHex | null = null;
  #data = '';
  #reader: string | null = null;

  constructor(source: string, session: SessionLog, losses: Losses) {
    this.#source = source;
    this.#session = session;
    this.#losses = losses;
  }

  line(raw: string, line: Line): void {
    const { number } = line;
    const text = raw.replace(PROMPT, '');
    if (this.#statusWord !== null) {
      const row = dumpRow(text, this.#data === '');
      if (row !== null || text !== '') requireEnd(line);
      if (row !== null) {
        this.#data = joined(this.#data, row, number);
        return;
      }
      this.#finish();
    }
    if (text.startsWith('Sending: ')) {
      requireEnd(line);
      const command = hexOf(text.slice(9));
      if (command === null) throw new FormatError({ line: number }, 'what was sent is cut off, or no bytes');
      this.#session.command(command, 0);
      return;
    }
    const received = RECEIVED.exec(text);
    if (received !== null) {
      requireEnd(line);
      this.#statusWord = `${received[1]}${received[2]}`.toUpperCase();
      if (received[3] === '') this.#finish();
      return;
    }
    const reader = /^(?:Using reader with a card: |Connecting to card in reader )(.+?)(?:\.\.\.)?$/.exec(text);
    if (reader !== null) this.#reader ??= reader[1] as string;
    else if (/^APDU transmit failed/.test(text)) this.#session.note(text, 0);
  }

  end(lastLine: number): void {
    if (this.#statusWord !== null && this.#data === '') {
      throw new FormatError({ line: lastLine }, 'the output is cut off: the data that was received is not there');
    }
    // The length of the data is nowhere told: after a full row more may have been.
    if (this.#data !== '' && this.#data.length % 32 === 0) {
      this.#losses.add('the certainty that the last response is whole: the output ends after a full row of it');
    }
    this.#finish();
  }

  header(): { source: string; reader: string | null } {
    return { source: this.#source, reader: this.#reader };
  }

  #finish(): void {
    if (this.#statusWord === null) return;
    this.#session.response(this.#data + this.#statusWord, 0);
    this.#statusWord = null;
    this.#data = '';
  }
}

export const openscToolExporter: Exporter = textExporter({
  name: 'opensc-tool',
  title: 'output of opensc-tool -s',
  extensions: ['txt'],
  carries: [],
  times: false,
  text: () => ({
    begin: () => '',
    exchange(command, response) {
      const sent = `Sending: ${spaced(command.apdu)} \n`;
      if (response === null) return sent;
      const [data, sw1, sw2] = [response.apdu.slice(0, -4), response.apdu.slice(-4, -2), response.apdu.slice(-2)];
      return `${sent}Received (SW1=0x${sw1}, SW2=0x${sw2})${data === '' ? '' : ':'}\n${dumpRows(data)}`;
    },
  }),
});
