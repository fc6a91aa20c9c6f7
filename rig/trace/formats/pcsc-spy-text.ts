import type { Line } from '../lines.ts';
import type { MaskedHex } from '../model.ts';
import { FormatError, type Importer, type Losses } from '../stream.ts';
import type { CardChoice } from './card-choice.ts';
import { plausible } from './duration.ts';
import { hexOf, joined, LONGEST_REMARK, withoutColours } from './hex-text.ts';
import { type LineParser, lineImporter } from './line-importer.ts';
import { PcscCalls } from './pcsc-calls.ts';
import type { SessionLog } from './session-log.ts';

/*
 * What pcsc-spy prints of a record of libpcscspy: the name of a call, its arguments after ` i ` and ` o `, buffers as
 * dumps of 16 bytes a line, and ` => TEXT (NAME [0xRESULT])  [SECONDS]`, since April 2024 ` => NAME [0xRESULT]  [SECONDS]`. It tells how long each call took and not when
 * it was made. Each thread is indented by four spaces more than the one before it; `-t` writes its number.
 */
const RETURN =
  / => (?:(.*) \(\w+ \[(0x[0-9A-Fa-f]{8})\]\)|(\w+) \[(0x[0-9A-Fa-f]{8})\]) +\[(\d+\.\d{6}|\?\?\.\?\?)\]\s*$/;
/** The bytes take 47 characters; blanks at the end may be gone. */
const ROW = /^ *(?:\(t\d+\) )? [io] {2}[0-9A-F]{4,5} (.{1,47})/;
const VALUE = /^ *(?:\(t\d+\) )? [io] +([A-Za-z.]+(?: length)?):? ?(.*?)(?: \(.*\))?\s*$/;

export const pcscSpyTextImporter: Importer = lineImporter({
  name: 'pcsc-spy-text',
  title: 'output of pcsc-spy',
  extensions: ['txt', 'log'],
  guess: (head) =>
    /^ *SCard\w+\n(?: *(?:\(t\d+\) )? [io] .*\n)+ *(?:\(t\d+\) )? => /m.test(withoutColours(head)) ? 95 : 0,
  tellsCards: true,
  parser: (session, losses, cards) => new SpyTextParser(session, losses, cards),
});

const MOST_THREADS = 1000;

function threadOf(text: string): number {
  const told = /^ *\(t(\d{1,6})\) /.exec(text);
  return told === null ? Math.floor(text.search(/\S|$/) / 4) : Number(told[1]);
}

interface Call {
  readonly name: string;
  readonly line: number;
  /** Values by name; a name that comes twice (in and out) has its last value. */
  readonly values: Map<string, string>;
  readonly buffers: Map<string, string>;
  buffer: string;
}

class SpyTextParser implements LineParser {
  readonly #losses: Losses;
  readonly #calls: PcscCalls;
  #tNs = 0;
  /** The open call of each thread. */
  readonly #open = new Map<number, Call>();

  constructor(session: SessionLog, losses: Losses, cards: CardChoice) {
    this.#losses = losses;
    this.#calls = new PcscCalls(session, cards);
  }

  line(raw: string, { number }: Line): void {
    if (raw.length > LONGEST_REMARK) return;
    const text = withoutColours(raw);
    const name = /^ *(?:\(t\d+\) )?(SCard?\w+)\s*$/.exec(text);
    const thread = threadOf(text);
    if (name !== null) {
      if (this.#open.size > MOST_THREADS) throw new FormatError({ line: number }, 'there are too many open calls');
      if (this.#open.has(thread)) this.#losses.add('calls that did not return');
      // pcsc-spy itself writes SCarControl.
      this.#open.set(thread, {
        name: name[1] as string,
        line: number,
        values: new Map(),
        buffers: new Map(),
        buffer: '',
      });
      return;
    }
    const call = this.#open.get(thread);
    if (call === undefined) return;
    const returned = RETURN.exec(text);
    if (returned !== null) {
      this.#open.delete(thread);
      const [, text1, code1, text2, code2, seconds] = returned;
      this.#returned(call, text1 ?? text2 ?? '', code1 ?? code2 ?? '', seconds as string);
      return;
    }
    const row = ROW.exec(text);
    if (row !== null && call.buffer !== '') {
      const hex = hexOf((row[1] as string).trim());
      if (hex === null) throw new FormatError({ line: number }, 'this is no row of a dump');
      call.buffers.set(call.buffer, joined(call.buffers.get(call.buffer) ?? '', hex, number));
      return;
    }
    this.#value(call, text);
  }

  end(): void {
    this.#losses.add('calls that did not return', this.#open.size);
  }

  header(): { source: string; reader: string | null; atr: MaskedHex | null } {
    return { source: 'pcsc-spy', reader: this.#calls.reader, atr: this.#calls.atr };
  }

  #value(call: Call, text: string): void {
    const [, name, value = ''] = VALUE.exec(text) ?? [];
    if (name === undefined) return;
    call.values.set(name, value);
    call.buffer = /Buffer$|^bAttr$/.test(name) ? name : '';
    // The name of each reader comes before its ATR.
    if (name === 'Atr') this.#calls.status(call.values.get('szReader') ?? '', hexOf(value.trim()));
    if (call.values.size > 1000) call.values.clear();
  }

  #returned({ name, values, buffers, line }: Call, text: string, result: string, seconds: string): void {
    const startNs = this.#tNs;
    if (seconds === '??.??') this.#losses.add('durations of calls');
    else this.#tNs += plausible(Number(seconds) * 1e9, this.#losses);
    const ok = Number(result) === 0;
    const value = (key: string): string => values.get(key) ?? '';
    const handle = value('hCard');
    if (name === 'SCardConnect' && ok) {
      const protocol = /0x[0-9A-Fa-f]{8}|T=\d/.exec(value('dwActiveProtocol'))?.[0] ?? '';
      this.#calls.connected(value('szReader'), value('phCard'), protocol.startsWith('T='), this.#tNs);
    } else if (name === 'SCardReconnect' && ok) {
      this.#calls.ended(handle, Number(value('dwInitialization')), this.#tNs);
    } else if ((name === 'SCardDisconnect' || name === 'SCardEndTransaction') && ok) {
      const dispositions = ['SCARD_LEAVE_CARD', 'SCARD_RESET_CARD', 'SCARD_UNPOWER_CARD'];
      this.#calls.ended(handle, dispositions.indexOf(value('dwDisposition')), this.#tNs);
    } else if (name === 'SCardStatus' && ok) {
      this.#calls.status(value('mszReaderName'), hexOf(value('bAtr').trim()));
    } else if (name === 'SCarControl' || name === 'SCardControl') {
      this.#losses.add('commands to the reader (SCardControl)');
    } else if (name === 'SCardTransmit') {
      const command = buffers.get('bSendBuffer');
      const response = ok ? buffers.get('bRecvBuffer') : undefined;
      if (command === undefined || (ok && response === undefined)) {
        throw new FormatError({ line }, 'this SCardTransmit has no bytes');
      }
      const problem = `SCardTransmit: ${text} [${result}]`;
      this.#calls.transmitted(handle, command, startNs, response ?? null, this.#tNs, problem);
    }
  }
}
