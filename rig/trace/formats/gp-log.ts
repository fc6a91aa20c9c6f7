import type { Line } from '../lines.ts';
import type { CommandEvent, MaskedHex } from '../model.ts';
import { type Exporter, FormatError, type Importer, type Losses } from '../stream.ts';
import { plausible } from './duration.ts';
import { commandParts, hexOf, LONGEST_REMARK } from './hex-text.ts';
import { type LineParser, lineImporter, requireEnd } from './line-importer.ts';
import { protocolOf } from './protocol.ts';
import type { SessionLog } from './session-log.ts';
import { textExporter } from './text-exporter.ts';

/*
 * The APDU log of GlobalPlatformPro (`gp -d`) and apdu4j:
 *
 *   SCardConnect("READER", T=*) -> T=1, 3B8A...
 *   A>> T=1 (4+0011) 00A40400 0B D2500000...  00
 *   A<< (0041+2) (17ms) 6F27... 9000
 *
 * Since 2026 without protocol and lengths, the duration at the end: `>> 00A40400 0B D250... 00`, `<< 6F27...9000 (17ms)`.
 * It tells how long each answer took, not how long the terminal waited between.
 */
const SENT = /^(.{0,80}?)>> (?:T=\S+ )?(?:\(\d+(?:\+\d+)?\) )?([0-9A-FX ]+)(?: \[malformed\])?$/;
const RECEIVED = /^(.{0,80}?)<< (.*)$/;
const SIGN = /^.{0,80}?>> (?:T=\S+ )?(?:\(\d+(?:\+\d+)?\) )?[0-9A-FX]{8}/m;
const SIGN_BACK = /^.{0,80}?<< (?:\(\d+(?:\+2)?\) )?(?:\([0-9.sm]+\) )?[0-9A-FX]{2}/m;

export const gpLogImporter: Importer = lineImporter({
  name: 'gp-log',
  title: 'APDU log of GlobalPlatformPro or apdu4j',
  extensions: ['log', 'txt'],
  guess: (head) => (SIGN.test(head) && SIGN_BACK.test(head) ? 90 : 0),
  parser: (session, losses) => new GpLogParser(session, losses),
});

/** `17ms`, `0.53ms` or `8s378ms` in nanoseconds; of any size. */
export function durationNs(text: string): number | null {
  const parts = /^(?:(\d+)s)?(\d+(?:\.\d+)?)ms$/.exec(text);
  if (parts === null) return null;
  return Number(parts[1] ?? 0) * 1e9 + Number(parts[2]) * 1e6;
}

class GpLogParser implements LineParser {
  readonly #session: SessionLog;
  readonly #losses: Losses;
  #tNs = 0;
  #reader: string | null = null;

  constructor(session: SessionLog, losses: Losses) {
    this.#session = session;
    this.#losses = losses;
  }

  line(text: string, line: Line): void {
    const { number } = line;
    const sent = SENT.exec(text.trimEnd());
    if (sent !== null) {
      requireEnd(line);
      const command = hexOf(sent[2] as string);
      if (command === null) throw new FormatError({ line: number }, 'this command is cut off');
      this.#session.command(command, this.#tNs);
      return;
    }
    const received = RECEIVED.exec(text);
    if (received !== null && this.#session.awaitsResponse) {
      requireEnd(line);
      this.#received((received[2] as string).trim(), number);
      return;
    }
    if (text.length <= LONGEST_REMARK) this.#connection(text);
  }

  end(): void {}

  header(): { source: string; reader: string | null } {
    return { source: 'apdu4j', reader: this.#reader };
  }

  #received(text: string, number: number): void {
    const duration = /\(((?:\d+s)?\d+(?:\.\d+)?ms)\)/.exec(text);
    this.#tNs += plausible(durationNs(duration?.[1] ?? '') ?? 0, this.#losses);
    const size = /^\((\d{1,9})(\+2)?\) /.exec(text);
    const rest = text
      .replace(/^\(\d+(?:\+2)?\)/, '')
      .replace(duration?.[0] ?? '', '')
      .trim();
    const response = hexOf(rest);
    if (response === null) {
      // `[error] MESSAGE`, or the name of a PC/SC error.
      if (/^[0-9A-FX]{2,}/.test(rest)) throw new FormatError({ line: number }, 'this response is cut off');
      this.#session.note(`no response: ${rest === '' ? 'nothing more is said' : rest}`, this.#tNs);
      return;
    }
    const told = size === null ? null : Number(size[1]) + (size[2] === undefined ? 0 : 2);
    if (told !== null && 2 * told !== response.length) {
      throw new FormatError(
        { line: number },
        `this response is cut off: of ${told} bytes there are ${response.length / 2}`,
      );
    }
    this.#session.response(response, this.#tNs);
  }

  #connection(text: string): void {
    const connected = /SCardConnect\("(.*)", .*\) -> T=[^,\s]+(?:, ([0-9A-F]+))?\s*$/.exec(text);
    if (connected !== null) {
      this.#reader ??= connected[1] as string;
      this.#session.power('on', this.#tNs, hexOf(connected[2] ?? ''));
    } else if (/SCardDisconnect\(".*", true\)/.test(text)) this.#session.power('reset', this.#tNs);
    else if (/SCardControl\("/.test(text)) this.#losses.add('commands to the reader (SCardControl)');
  }
}

export const gpLogExporter: Exporter = textExporter({
  name: 'gp-log',
  title: 'APDU log of GlobalPlatformPro or apdu4j',
  extensions: ['log'],
  carries: ['atr', 'reader'],
  times: true,
  text(losses) {
    let reader = 'unknown';
    let protocol = 'T=1';
    let knownAtr: MaskedHex | null = null;
    let last = 0;
    const connect = (atr: MaskedHex): string => {
      protocol = protocolOf(atr);
      return `SCardConnect("${reader}", T=*) -> ${protocol}, ${atr}\n`;
    };
    return {
      begin(header) {
        reader = header.reader ?? reader;
        knownAtr = header.atr;
        if (header.reader !== null && header.atr === null) losses.add('names of a reader');
        return header.atr === null ? '' : connect(header.atr);
      },
      exchange(command, response) {
        if (command.t !== last) losses.add('times between exchanges');
        last = response?.t ?? command.t;
        const line = sent(command, protocol);
        if (response === null) return line;
        const size = String(response.apdu.length / 2 - 2).padStart(4, '0');
        const [data, statusWord] = [response.apdu.slice(0, -4), response.apdu.slice(-4)];
        const ms = Math.max(0, response.t - command.t) / 1e6;
        if (!Number.isInteger(ms)) losses.add('parts of a millisecond of times');
        return `${line}A<< (${size}+2) (${duration(Math.round(ms))}) ${data === '' ? '' : `${data} `}${statusWord}\n`;
      },
      power({ state, atr }) {
        if (state === 'on' && atr !== undefined) {
          const known = atr === knownAtr;
          knownAtr = null;
          return known ? '' : connect(atr);
        }
        losses.add('power events without an answer to reset, and resets');
        return '';
      },
    };
  },
});

function sent({ apdu }: CommandEvent, protocol: string): string {
  const parts = commandParts(apdu);
  const size = String((parts?.data.length ?? 0) / 2).padStart(4, '0');
  const fields = parts === null ? [apdu] : [parts.header, parts.lc, parts.data, parts.le].filter((part) => part !== '');
  return `A>> ${protocol} (4+${size}) ${fields.join(' ')}\n`;
}

function duration(ms: number): string {
  return ms > 1000 ? `${Math.floor(ms / 1000)}s${ms % 1000}ms` : `${ms}ms`;
}
