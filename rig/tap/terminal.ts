import { CommandApdu, type CommandFields, encodeCommand } from '../../src/apdu/command.ts';
import { toHex } from '../../src/apdu/hex.ts';
import { commandName } from '../../src/apdu/instruction.ts';
import { formatStatusWord } from '../../src/apdu/status-word.ts';
import type { CardSession } from '../../src/hal/reader.ts';
import { type CardAnswer, statusOf, wholeAnswer } from '../channel/whole-answer.ts';

export type { CardAnswer } from '../channel/whole-answer.ts';

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
    return wholeAnswer((each) => this.#transmit(each), apdu);
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
