import type { Line } from '../lines.ts';
import type { MaskedHex } from '../model.ts';
import type { Exporter, Importer, Losses } from '../stream.ts';
import { hexOf, spaced, withoutColours } from './hex-text.ts';
import { type LineParser, lineImporter, requireEnd } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';
import { textExporter } from './text-exporter.ts';

/*
 * The log of `pcscd --foreground --apdu`, of its standard output or of a journal that it went to. A line begins with
 * the microseconds since the line before it, at most 99999999; with --info the daemon tells readers and ATRs too.
 */
const LONGEST_GAP_US = 99_999_999;
/** Syslog and journals put their own words before; newer daemons the thread in brackets after the time. */
const LINE = /^(?:.{0,200}?\bpcscd(?:\[\d+\])?: )?(\d{8})(?: \[[0-9A-Fa-fx]+\])? (.*)$/;
const SIGN =
  /^(?:.{0,200}?\bpcscd(?:\[\d+\])?: )?\d{8}(?: \[[0-9A-Fa-fx]+\])? (?:APDU: |SW: |Card ATR: )(?:[0-9A-FX]{2} )/m;

export const pcscdLogImporter: Importer = lineImporter({
  name: 'pcscd-log',
  title: 'APDU log of pcscd',
  extensions: ['log', 'txt'],
  guess: (head) => (SIGN.test(withoutColours(head)) ? 95 : 0),
  parser: (session, losses) => new PcscdParser(session, losses),
});

class PcscdParser implements LineParser {
  readonly #session: SessionLog;
  readonly #losses: Losses;
  #tUs = 0;
  #reader: string | null = null;

  constructor(session: SessionLog, losses: Losses) {
    this.#session = session;
    this.#losses = losses;
  }

  line(text: string, line: Line): void {
    const match = LINE.exec(withoutColours(text));
    if (match === null) return;
    const gapUs = Number(match[1]);
    const message = match[2] as string;
    if (gapUs === LONGEST_GAP_US) this.#losses.add('times between lines that pcscd cut to 100 seconds');
    this.#tUs += gapUs;
    const tNs = 1000 * this.#tUs;
    if (/^(?:APDU|SW|Card ATR): /.test(message)) requireEnd(line);
    if (message.startsWith('APDU: ')) this.#bytes(message.slice(6), (apdu) => this.#session.command(apdu, tNs));
    else if (message.startsWith('SW: ')) this.#bytes(message.slice(4), (apdu) => this.#session.response(apdu, tNs));
    else if (message.startsWith('Card ATR: ')) {
      this.#bytes(message.slice(10), (atr) => this.#session.power('on', tNs, atr));
    } else this.#readerEvent(message, tNs);
  }

  end(): void {}

  header(): { source: string; reader: string | null } {
    return { source: 'pcscd', reader: this.#reader };
  }

  #bytes(text: string, use: (hex: MaskedHex) => void): void {
    const hex = hexOf(text);
    if (hex === null) this.#losses.add('lines whose bytes are cut off or no bytes');
    else use(hex);
  }

  #readerEvent(message: string, tNs: number): void {
    const inserted = /\bCard inserted into (.+)$/.exec(message);
    if (inserted !== null) this.#reader ??= inserted[1] as string;
    else if (/\bCard Removed From /.test(message)) this.#session.power('off', tNs);
  }
}

export const pcscdLogExporter: Exporter = textExporter({
  name: 'pcscd-log',
  title: 'APDU log of pcscd',
  extensions: ['log'],
  carries: ['atr'],
  times: true,
  text(losses) {
    let writtenUs: number | null = null;
    let knownAtr: MaskedHex | null = null;
    const line = (tNs: number, message: string): string => {
      if (tNs % 1000 !== 0) losses.add('parts of a microsecond of times');
      const tUs = Math.round(tNs / 1000);
      let gapUs = writtenUs === null ? 0 : tUs - writtenUs;
      writtenUs = tUs;
      if (gapUs < 0) {
        losses.add('times that go backwards');
        gapUs = 0;
      }
      if (gapUs > LONGEST_GAP_US) losses.add('times between lines of more than 100 seconds, cut to that');
      return `${String(Math.min(gapUs, LONGEST_GAP_US)).padStart(8, '0')} ${message} \n`;
    };
    return {
      begin(header) {
        knownAtr = header.atr;
        return header.atr === null ? '' : line(0, `Card ATR: ${spaced(header.atr)}`);
      },
      exchange(command, response) {
        const sent = line(command.t, `APDU: ${spaced(command.apdu)}`);
        return response === null ? sent : sent + line(response.t, `SW: ${spaced(response.apdu)}`);
      },
      power({ t, state, atr }) {
        if (state === 'on' && atr !== undefined) {
          const known = atr === knownAtr;
          knownAtr = null;
          return known ? '' : line(t, `Card ATR: ${spaced(atr)}`);
        }
        losses.add('power events without an answer to reset, and resets');
        return '';
      },
    };
  },
});
