import { CommandApdu, type CommandFields, encodeCommand } from '../../src/apdu/command.ts';
import { toHex } from '../../src/apdu/hex.ts';
import { commandName } from '../../src/apdu/instruction.ts';
import { formatStatusWord } from '../../src/apdu/status-word.ts';
import type { CardSession, Exchange } from '../../src/hal/reader.ts';
import type { OpenChannel } from '../channel/open-channel.ts';
import type { ProtectedExchange } from '../channel/protected-session.ts';
import { type CardAnswer, statusOf, wholeAnswer } from '../channel/whole-answer.ts';
import type { MeasuredSession } from './measured-session.ts';

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
  /** Inside a channel: what this program took to protect the command and to check the answer. Absent: sent in clear. */
  readonly protectionNs?: number;
  /** Of it in the firmware of the card, by the clock of its board, in whole microseconds. Absent: nobody tells. */
  readonly firmwareNs?: number;
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
  /** The channel that commands go through; null: they go in clear. */
  channel: OpenChannel | null = null;
  /** As the session says: `T=1`, `T=0`, `ISO-DEP`. */
  readonly protocol: string;
  #session: CardSession;
  readonly #listener: ExchangeListener | null;
  readonly #signal: AbortSignal | null;
  readonly #firmware: Pick<MeasuredSession, 'take'> | null;
  readonly #view = new CommandApdu();

  /** @param options `firmware`: knows what of each exchange was spent in the card, and is asked once for each */
  constructor(
    session: CardSession,
    options: {
      listener?: ExchangeListener | null;
      signal?: AbortSignal;
      firmware?: Pick<MeasuredSession, 'take'> | null;
    } = {},
  ) {
    this.#session = session;
    this.protocol = session.protocol;
    this.#listener = options.listener ?? null;
    this.#signal = options.signal ?? null;
    this.#firmware = options.firmware ?? null;
  }

  /**
   * @throws {HalError} whatever ended the session
   */
  async send(command: CommandFields | Uint8Array): Promise<CardAnswer> {
    const apdu = command instanceof Uint8Array ? command : encodeCommand(command);
    return wholeAnswer((each) => this.#transmit(each), apdu);
  }

  /** Where commands go: for whoever opens a channel over it. */
  get session(): CardSession {
    return this.#session;
  }

  /** Goes on inside a channel over the same card. */
  enter(channel: OpenChannel): void {
    this.channel = channel;
    this.#session = channel.session;
  }

  /**
   * Takes an exchange into the account that others made with the card, or that {@link send} made: the plain command's
   * header, and the bytes that were on the wire.
   */
  account(phase: string, apdu: Uint8Array, exchange: Exchange | ProtectedExchange): void {
    const { response, startNs, endNs } = exchange;
    const wire = 'wire' in exchange ? exchange.wire : null;
    this.#view.parse(apdu, 0, apdu.length);
    this.exchanges.push({
      phase,
      command: commandName(this.#view.cla, this.#view.ins),
      header: toHex(apdu.subarray(0, 4)),
      status: formatStatusWord(statusOf(response)),
      sentBytes: wire?.sentBytes ?? apdu.length,
      receivedBytes: wire?.receivedBytes ?? response.length,
      startNs,
      endNs,
      ...(wire !== null && { protectionNs: wire.hostNs }),
      ...(this.#firmware !== null && { firmwareNs: this.#firmware.take() * 1000 }),
    });
  }

  async #transmit(apdu: Uint8Array): Promise<Uint8Array> {
    this.#signal?.throwIfAborted();
    const exchange = await this.#session.transmit(apdu);
    this.#listener?.command(apdu, exchange.startNs);
    this.#listener?.response(exchange.response, exchange.endNs);
    this.account(this.phase, apdu, exchange);
    return exchange.response;
  }
}
