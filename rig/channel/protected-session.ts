import { classByte, isInterindustry, logicalChannel } from '../../src/apdu/class-byte.ts';
import { CommandApdu } from '../../src/apdu/command.ts';
import { toHex } from '../../src/apdu/hex.ts';
import { INS } from '../../src/apdu/instruction.ts';
import { encodeResponse } from '../../src/apdu/response.ts';
import { formatStatusWord } from '../../src/apdu/status-word.ts';
import type { Clock } from '../../src/hal/clock.ts';
import { ForwardingSession } from '../../src/hal/forwarding-session.ts';
import type { CardSession, Disposition, Exchange } from '../../src/hal/reader.ts';
import {
  announcesSecureMessaging,
  ChannelError,
  protectCommand,
  type SecureSession,
  unprotectResponse,
} from '../../src/secure-channel/index.ts';
import { ChannelFailure } from './channel-failure.ts';
import { statusOf, withLe } from './whole-answer.ts';

/** An exchange inside the channel: the plain answer, with the times of what carried it. */
export interface ProtectedExchange extends Exchange {
  readonly wire: WireTraffic;
}

/** What one plain command cost on the wire. */
export interface WireTraffic {
  readonly exchanges: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Protecting the command and checking the answer, in nanoseconds; not part of the exchange's times. */
  readonly hostNs: number;
  /** Commands that were sent again with the Le that the card asked for. */
  readonly repairs: number;
}

/** Longest data field of a protected answer: an extended one, and the objects around it. */
const LONGEST_ANSWER = 65_536 + 64;
const MORE_DATA = 0x61;
const WRONG_LE = 0x6c;
const MAC_OBJECT = 0x8e;
/** `8E 08`, and the MAC. */
const MAC_OBJECT_LENGTH = 10;

/**
 * A session inside a channel: takes plain commands, and gives plain answers that came protected. Whatever is wrong with
 * an answer ends the channel: its keys are wiped, and every later command fails.
 */
export class ProtectedSession extends ForwardingSession {
  readonly #clock: Pick<Clock, 'nowNs'>;
  readonly #view = new CommandApdu();
  #keys: SecureSession;
  #failure: ChannelFailure | null = null;

  constructor(card: CardSession, keys: SecureSession, clock: Pick<Clock, 'nowNs'>) {
    super(card);
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Whether commands can still be protected. */
  get open(): boolean {
    return this.#keys.open;
  }

  /** The session below, which sends in clear. */
  get card(): CardSession {
    return this.session;
  }

  /** Goes on with the keys that chip authentication made; those before are wiped. */
  changeKeys(keys: SecureSession): void {
    this.#keys.close();
    this.#keys = keys;
  }

  /** Wipes the keys. The card learns of it with the next plain command. */
  leave(): void {
    this.#keys.close();
  }

  /**
   * @throws {ChannelFailure} `not-protectable` (the channel stays), `closed`; `not-believed`, `refused`: the channel is
   *   closed then
   * @throws {HalError} whatever ended the session
   */
  async transmit(command: Uint8Array): Promise<ProtectedExchange> {
    if (!this.#keys.open) throw this.#failure ?? new ChannelFailure('closed', 'the channel to the card was left');
    const startHostNs = this.#clock.nowNs();
    const sealed = this.#protect(command);
    let hostNs = this.#clock.nowNs() - startHostNs;
    const carried = await this.#carry(sealed);
    const backNs = this.#clock.nowNs();
    const response = this.#believe(command, carried.response);
    hostNs += this.#clock.nowNs() - backNs;
    const { startNs, endNs, exchanges, sentBytes, receivedBytes, repairs } = carried;
    return { response, startNs, endNs, wire: { exchanges, sentBytes, receivedBytes, hostNs, repairs } };
  }

  /** The card forgets the channel with a reset, and so does this session. */
  override async reset(mode: 'warm' | 'cold'): Promise<void> {
    this.leave();
    await super.reset(mode);
  }

  override async disconnect(disposition?: Disposition): Promise<void> {
    this.leave();
    await super.disconnect(disposition);
  }

  #protect(command: Uint8Array): Uint8Array {
    const view = this.#view;
    const known = view.parse(command, 0, command.length) && view.encoding !== 'malformed';
    const header = toHex(command.subarray(0, 4));
    if (!known || !isInterindustry(view.cla) || announcesSecureMessaging(view.cla)) {
      const why = !known
        ? 'its length fields are wrong'
        : isInterindustry(view.cla)
          ? 'its class byte announces secure messaging already'
          : 'its class is not of ISO/IEC 7816-4';
      throw new ChannelFailure('not-protectable', `the command ${header} cannot be protected: ${why}`);
    }
    try {
      return protectCommand(this.#keys, view);
    } catch (error) {
      if (error instanceof RangeError) {
        throw new ChannelFailure('not-protectable', `the command ${header} cannot be protected: ${error.message}`);
      }
      throw this.#ended(error);
    }
  }

  /** Sends the protected command, and fetches what the transport left at the card (61xx, 6Cxx). Believes nothing yet. */
  async #carry(sealed: Uint8Array): Promise<Exchange & Omit<WireTraffic, 'hostNs'>> {
    const first = await this.#sent(sealed);
    const { startNs } = first;
    let { response, endNs } = first;
    let exchanges = 1;
    let sentBytes = sealed.length;
    let receivedBytes = response.length;
    let repairs = 0;
    const next = async (command: Uint8Array): Promise<void> => {
      ({ response, endNs } = await this.#sent(command));
      exchanges++;
      sentBytes += command.length;
      receivedBytes += response.length;
    };
    if (response.length === 2 && response[0] === WRONG_LE) {
      repairs++;
      await next(withLe(sealed, response[1] as number));
    }
    const parts = [response.subarray(0, -2)];
    let length = response.length - 2;
    while (response.at(-2) === MORE_DATA && !isWhole(parts)) {
      if (length > LONGEST_ANSWER || exchanges > LONGEST_ANSWER / 16) {
        throw this.#fail('not-believed', `the card has more and more data to give (61xx after ${length} bytes)`);
      }
      const cla = classByte(logicalChannel(sealed[0] as number));
      await next(Uint8Array.of(cla, INS.GET_RESPONSE, 0, 0, response.at(-1) as number));
      parts.push(response.subarray(0, -2));
      length += response.length - 2;
    }
    const whole = parts.length === 1 ? response : Uint8Array.from(Buffer.concat([...parts, response.subarray(-2)]));
    return { response: whole, startNs, endNs, exchanges, sentBytes, receivedBytes, repairs };
  }

  async #sent(command: Uint8Array): Promise<Exchange> {
    const exchange = await this.session.transmit(command);
    statusOf(exchange.response);
    return exchange;
  }

  #believe(command: Uint8Array, response: Uint8Array): Uint8Array {
    try {
      const { data, status } = unprotectResponse(this.#keys, response, { odd: ((command[1] as number) & 1) !== 0 });
      return encodeResponse(data, status);
    } catch (error) {
      throw this.#ended(error);
    }
  }

  #ended(error: unknown): unknown {
    if (!(error instanceof ChannelError)) return error;
    const { fault, status, message } = error;
    if (fault === 'exhausted') return this.#fail('closed', 'the channel is used up: its counter is at its end', error);
    if (fault === 'refused') {
      const word = formatStatusWord(status ?? 0);
      return this.#fail(
        'refused',
        `the card does not take our protected command (${word}) and has left the channel`,
        error,
      );
    }
    const why =
      fault === 'plain'
        ? `the card answered in clear inside the channel (${formatStatusWord(status ?? 0)}), which is not believed`
        : `the answer is not from the card that the channel was opened with, or was changed: ${message}`;
    return this.#fail('not-believed', why, error);
  }

  #fail(kind: ChannelFailure['kind'], message: string, cause?: unknown): ChannelFailure {
    this.#keys.close();
    this.#failure = new ChannelFailure(kind, message, { cause });
    return this.#failure;
  }
}

/** Whether the parts end with the MAC: then 61xx is the card's own status word, and not the transport's. */
function isWhole(parts: readonly Uint8Array[]): boolean {
  const all = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  let at = 0;
  while (at + 2 <= all.length) {
    const tag = all[at] as number;
    let length = all[at + 1] as number;
    let header = 2;
    if (length === 0x81 || length === 0x82) {
      header += length & 0x0f;
      length = length === 0x81 ? (all[at + 2] ?? 0) : ((all[at + 2] ?? 0) << 8) | (all[at + 3] ?? 0);
    } else if (length > 0x7f) return false;
    if (tag === MAC_OBJECT) return at + MAC_OBJECT_LENGTH === all.length;
    at += header + length;
  }
  return false;
}
