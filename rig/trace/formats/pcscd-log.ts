import type { Line } from '../lines.ts';
import type { MaskedHex } from '../model.ts';
import type { Exporter, Importer, Losses } from '../stream.ts';
import type { CardChoice } from './card-choice.ts';
import { CardExchanges } from './card-exchanges.ts';
import { hexOf, spaced, withoutColours } from './hex-text.ts';
import { type LineParser, lineImporter, requireEnd } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';
import { textExporter } from './text-exporter.ts';
import { WallClock } from './wall-clock.ts';

/*
 * The log of `pcscd --foreground --apdu`, of its standard output or of a journal that it went to. A line begins with
 * the microseconds since the line before it, at most 99999999, newer daemons write the thread in brackets after them;
 * with --info the daemon tells readers and ATRs too. Syslog, journals and containers put their own words before, and
 * what goes to syslog has no microseconds.
 */
const LONGEST_GAP_US = 99_999_999;

const GAP = String.raw`(\d{8}) (?:\[([0-9A-Fa-fx]{1,20})\] )?`;
const MESSAGE = String.raw`(?:APDU|SW|Card ATR): |[\w./+-]{1,80}\.(?:c|l|y):\d{1,6}:\w{1,80}\(\) `;
const FROM_THE_START = new RegExp(`^${GAP}(.*)$`);
const AFTER_THE_NAME = /^.{0,200}?\bpcscd(?:\[\d{1,10}\])?: (.*)$/;
const AFTER_ANYTHING = new RegExp(String.raw`^.{1,200}?[\s|:\]]${GAP}((?:${MESSAGE}).*)$`);
const WITHOUT_GAP = new RegExp(String.raw`^(?:.{1,200}?[\s|\]])?((?:${MESSAGE}).*)$`);

const BYTES = String.raw`(?:APDU|SW|Card ATR): (?:[0-9A-FX]{2} ?)+\s*$`;
const SIGN = new RegExp(String.raw`^(?:.{0,200}?[\s|:\]])?${GAP}${BYTES}`, 'm');
const SIGN_OF_SYSLOG = new RegExp(String.raw`^.{0,200}?\bpcscd(?:\[\d{1,10}\])?: ${BYTES}`, 'm');
const SIGN_WITHOUT_GAP =
  /^(?:.{1,200}?[\s|\]])?APDU: (?:[0-9A-FX]{2} ?){4,}\s*\n(?:.{1,200}?[\s|\]])?SW: (?:[0-9A-FX]{2} ?)+\s*$/m;

const MOST_THREADS = 1000;

export const pcscdLogImporter: Importer = lineImporter({
  name: 'pcscd-log',
  title: 'APDU log of pcscd',
  extensions: ['log', 'txt'],
  guess(head) {
    const text = withoutColours(head);
    if (SIGN.test(text) || SIGN_OF_SYSLOG.test(text)) return 95;
    return SIGN_WITHOUT_GAP.test(text) ? 60 : 0;
  },
  tellsCards: true,
  parser: (session, losses, cards) => new PcscdParser(session, losses, cards),
});

interface Entry {
  /** Microseconds since the line before; null where the line has none. */
  readonly gapUs: number | null;
  /** Empty where none is told. */
  readonly thread: string;
  readonly message: string;
}

/** @returns null for a line of something else */
function entryOf(line: string): Entry | null {
  const text = AFTER_THE_NAME.exec(line)?.[1] ?? line;
  const timed = FROM_THE_START.exec(text) ?? AFTER_ANYTHING.exec(text);
  if (timed !== null) return { gapUs: Number(timed[1]), thread: timed[2] ?? '', message: timed[3] as string };
  const message = WITHOUT_GAP.exec(text)?.[1];
  return message === undefined ? null : { gapUs: null, thread: '', message };
}

/** Before the name of a reader, and before a thread, that stand for a card. */
const READER = 'reader ';
const THREAD = 'thread ';

class PcscdParser implements LineParser {
  readonly #session: SessionLog;
  readonly #losses: Losses;
  readonly #exchanges: CardExchanges;
  readonly #clock = new WallClock();
  #tNs = 0;
  /** All readers that had a card; whose card was told last by each thread. */
  readonly #readers = new Set<string>();
  readonly #inserted = new Map<string, string>();
  /** The readers to which clients have connected. */
  readonly #connected = new Map<string, string>();

  constructor(session: SessionLog, losses: Losses, cards: CardChoice) {
    this.#session = session;
    this.#losses = losses;
    this.#exchanges = new CardExchanges(session, losses, cards);
  }

  line(raw: string, line: Line): void {
    const text = withoutColours(raw);
    const entry = entryOf(text);
    if (entry === null) return;
    const { gapUs, thread, message } = entry;
    if (gapUs === LONGEST_GAP_US) this.#losses.add('times between lines that pcscd cut to 100 seconds');
    this.#tNs = gapUs === null ? (this.#clock.read(text) ?? this.#tNs) : this.#tNs + 1000 * gapUs;
    const tNs = this.#tNs;
    if (/^(?:APDU|SW|Card ATR): /.test(message)) requireEnd(line);
    if (message.startsWith('APDU: ')) {
      this.#bytes(message.slice(6), (apdu) => this.#exchanges.command(this.#cardOf(thread), thread, apdu, tNs));
    } else if (message.startsWith('SW: ')) {
      this.#bytes(message.slice(4), (apdu) => this.#exchanges.response(thread, apdu, tNs));
    } else if (message.startsWith('Card ATR: ')) {
      const reader = this.#inserted.get(thread);
      this.#bytes(message.slice(10), (atr) => this.#power(reader, () => this.#session.power('on', tNs, atr)));
    } else this.#readerEvent(message, thread, tNs);
  }

  end(): void {
    this.#exchanges.end();
  }

  header(): { source: string; reader: string | null } {
    const card = this.#exchanges.followed;
    const [only] = this.#readers;
    const reader = card?.startsWith(READER) ? card.slice(READER.length) : this.#readers.size === 1 ? only : null;
    return { source: 'pcscd', reader: reader ?? null };
  }

  #bytes(text: string, use: (hex: MaskedHex) => void): void {
    const hex = hexOf(text);
    if (hex === null) this.#losses.add('lines whose bytes are cut off or no bytes');
    else use(hex);
  }

  /**
   * The daemon does not say to which reader an APDU goes, but a thread serves one client, and with --debug it says to
   * which reader a client connects. With one reader in use all is its card's.
   */
  #cardOf(thread: string): string {
    const [only] = this.#readers;
    const reader = this.#connected.get(thread) ?? (this.#readers.size === 1 ? only : undefined);
    if (reader !== undefined) return `${READER}${reader}`;
    return thread === '' ? '' : `${THREAD}${thread}`;
  }

  /** @param reader undefined: the log does not tell it */
  #power(reader: string | undefined, tell: () => void): void {
    const isOf = (card: string): boolean =>
      reader === undefined
        ? !card.startsWith(READER) || this.#readers.size === 1
        : card === `${READER}${reader}` || card === '';
    this.#exchanges.power(isOf, tell);
  }

  #readerEvent(message: string, thread: string, tNs: number): void {
    const inserted = /\bCard inserted into (.{1,300})$/.exec(message)?.[1];
    const removed = /\bCard Removed From (.{1,300})$/.exec(message)?.[1];
    const connected = /\bSCardConnect\(\) Attempting Connect to (.{1,300}) using protocol/.exec(message)?.[1];
    if (inserted !== undefined) {
      if (this.#readers.size < MOST_THREADS) this.#readers.add(inserted);
      remember(this.#inserted, thread, inserted);
    } else if (removed !== undefined) this.#power(removed, () => this.#session.power('off', tNs));
    else if (connected !== undefined) remember(this.#connected, thread, connected);
  }
}

function remember(map: Map<string, string>, thread: string, reader: string): void {
  if (map.size > MOST_THREADS) map.clear();
  map.set(thread, reader);
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
