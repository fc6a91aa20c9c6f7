import { CommandApdu, type CommandFields, encodeCommand } from '../../src/apdu/command.ts';
import { toHex } from '../../src/apdu/hex.ts';
import { commandName, INS } from '../../src/apdu/instruction.ts';
import { formatStatusWord } from '../../src/apdu/status-word.ts';
import { concatenate } from '../../src/applet/vitale/index.ts';
import type { CardSession } from '../../src/hal/reader.ts';

/** One exchange as the account of a tap has it: the header, never the data. */
export interface TimedExchange {
  readonly phase: string;
  readonly command: string;
  /** CLA INS P1 P2. */
  readonly header: string;
  readonly status: string;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly startNs: number;
  readonly endNs: number;
}

/** What a command brought in the end, after GET RESPONSE and a corrected Le where the card wanted them. */
export interface CardAnswer {
  readonly data: Uint8Array;
  readonly sw: number;
}

/** Where every APDU goes, as bytes: a trace. Times as in {@link TimedExchange}. */
export interface ExchangeListener {
  command(apdu: Uint8Array, tNs: number): void;
  response(apdu: Uint8Array, tNs: number): void;
}

/** A reader program's side of a session: sends commands, follows 61xx and 6Cxx, keeps the account. */
export class CardTerminal {
  readonly exchanges: TimedExchange[] = [];
  phase = '';
  /** As the session says: `T=1`, `T=0`, `ISO-DEP`. */
  readonly protocol: string;
  readonly #session: CardSession;
  readonly #listener: ExchangeListener | null;
  readonly #signal: AbortSignal | null;
  readonly #view = new CommandApdu();

  constructor(session: CardSession, options: { listener?: ExchangeListener | null; signal?: AbortSignal } = {}) {
    this.#session = session;
    this.protocol = session.protocol;
    this.#listener = options.listener ?? null;
    this.#signal = options.signal ?? null;
  }

  /**
   * @throws {HalError} whatever ended the session
   */
  async send(command: CommandFields | Uint8Array): Promise<CardAnswer> {
    const apdu = command instanceof Uint8Array ? command : encodeCommand(command);
    let response = await this.#transmit(apdu);
    let sw = statusOf(response);
    if (sw >> 8 === 0x6c) {
      response = await this.#transmit(withLe(apdu, sw & 0xff));
      sw = statusOf(response);
    }
    const parts = [response.subarray(0, -2)];
    while (sw >> 8 === 0x61) {
      const cla = apdu[0] as number;
      response = await this.#transmit(Uint8Array.of(cla, INS.GET_RESPONSE, 0, 0, sw & 0xff));
      sw = statusOf(response);
      parts.push(response.subarray(0, -2));
    }
    return { data: concatenate(parts), sw };
  }

  async #transmit(apdu: Uint8Array): Promise<Uint8Array> {
    this.#signal?.throwIfAborted();
    const { response, startNs, endNs } = await this.#session.transmit(apdu);
    this.#listener?.command(apdu, startNs);
    this.#listener?.response(response, endNs);
    this.#view.parse(apdu, 0, apdu.length);
    this.exchanges.push({
      phase: this.phase,
      command: commandName(this.#view.cla, this.#view.ins),
      header: toHex(apdu.subarray(0, 4)),
      status: formatStatusWord(statusOf(response)),
      sentBytes: apdu.length,
      receivedBytes: response.length,
      startNs,
      endNs,
    });
    return response;
  }
}

function statusOf(response: Uint8Array): number {
  return ((response.at(-2) as number) << 8) | (response.at(-1) as number);
}

/**
 * The same command with another short Le, in the place of its own or after its data. An extended Le becomes a short one:
 * 6Cxx can mean no other.
 */
function withLe(apdu: Uint8Array, le: number): Uint8Array {
  const view = new CommandApdu();
  view.parse(apdu, 0, apdu.length);
  if (view.extended && view.nc === 0) return Uint8Array.of(...apdu.subarray(0, 4), le);
  const end = view.ne > 0 ? apdu.length - 1 : apdu.length;
  return Uint8Array.of(...apdu.subarray(0, end), le);
}
