import { channelOfClass, isChained, isInterindustry, usesSecureMessaging } from '../apdu/class-byte.ts';
import { HEADER_LENGTH } from '../apdu/command.ts';
import { INS } from '../apdu/instruction.ts';
import { carriesData, ResponseBuffer } from '../apdu/response.ts';
import { SW } from '../apdu/status-word.ts';
import type { CardInterface, LinkedCard, LinkLimits } from '../hal/card-link.ts';
import { HalError } from '../hal/errors.ts';
import type { Channel } from './channel.ts';
import { Channels } from './channels.ts';
import { type CardCore, CommandContext } from './command-context.ts';
import { type CommandSet, Dispatcher } from './dispatcher.ts';
import { EXPECTED_MICROSECONDS } from './expected-time.ts';
import { TransactionTooLarge } from './nvm/transactional-nvm.ts';

/** SW1 of 61xx. */
const BYTES_AVAILABLE_SW1 = SW.BYTES_AVAILABLE >> 8;

/** An answer inside the answer to ENVELOPE has a status word of its own. */
const ENVELOPED_STATUS = 2;

/** Secure messaging adds padding, the status word, a MAC and their tags: at most 36 bytes, and an ENVELOPE around it 2. */
const PROTECTION = 38;

/**
 * One interface of the card, with all that is volatile there: what is selected, what was proven, the response.
 * Several interfaces of one card share its memory, its counters and the holder's window.
 */
export class CardPort implements LinkedCard {
  readonly interface: CardInterface;
  readonly response: Uint8Array;
  readonly #core: CardCore;
  readonly #commands: CommandSet;
  readonly #context: CommandContext;
  readonly #dispatcher: Dispatcher;
  readonly #channels: Channels;
  readonly #atr: Uint8Array;
  readonly #onFault: (fault: unknown) => void;
  #powered = false;

  constructor(options: {
    readonly core: CardCore;
    readonly commands: CommandSet;
    readonly cardInterface: CardInterface;
    readonly limits: LinkLimits;
    readonly protocol: 'T=0' | 'T=1';
    readonly atr: Uint8Array;
    /** Longest data that a command can answer, in bytes. */
    readonly largestData: number;
    readonly onFault: (fault: unknown) => void;
  }) {
    this.interface = options.cardInterface;
    this.#core = options.core;
    this.#commands = options.commands;
    this.#atr = options.atr;
    this.#onFault = options.onFault;
    const { protocol, limits } = options;
    const response = new ResponseBuffer(
      options.largestData + ENVELOPED_STATUS,
      { protocol, largestResponse: limits.largestResponse },
      PROTECTION,
    );
    this.response = response.bytes;
    this.#channels = new Channels(options.core.files.masterFile);
    options.core.sessions.push(this.#channels);
    this.#context = new CommandContext(
      options.core,
      options.cardInterface,
      response,
      this.#channels,
      limits.largestCommand,
    );
    this.#dispatcher = new Dispatcher(options.commands, this.#context);
    this.#prepare();
  }

  /** What the next PACE can have computed before its terminal is there; on contact few terminals ask for one. */
  #prepare(): void {
    if (this.#context.cardInterface === 'contactless') this.#context.pace?.prepare();
  }

  atr(): Uint8Array {
    return this.#atr;
  }

  powerOn(): void {
    this.#clear();
    this.#powered = true;
  }

  reset(): void {
    this.powerOn();
  }

  fieldOff(): void {
    this.#clear();
    this.#powered = false;
  }

  /** S(DESELECT): the card is halted, and what it had selected and proven is gone. */
  deselect(): void {
    this.#clear();
  }

  /** What a logical channel has selected, for tools that look into a card of ours; null when it is not open. */
  channel(number = 0): Channel | null {
    return this.#channels.get(number);
  }

  /** Why the last certificate was refused, in words, for tools that look into a card of ours; null: none was. */
  get certificateRefusal(): string | null {
    return this.#context.extendedAccess.reason;
  }

  /**
   * One command APDU in, one response APDU out, in `response` from its first byte until the next call.
   *
   * A fault of the card itself ends the session: what is volatile is cleared and 6F00 goes out, or 6581 when the
   * memory could not be written. The host is told through `onFault`.
   * @returns length of the response APDU
   * @throws {Error} the card has no power: a mistake of the link
   */
  process(command: Uint8Array, offset: number, length: number): number {
    if (!this.#powered) throw new Error('a command came to a card without power');
    const context = this.#context;
    context.byHolder = -1;
    let status: number;
    try {
      status = this.#dispatcher.dispatch(command, offset, length);
    } catch (fault) {
      status = this.#fault(fault);
    }
    const holder = this.#core.holder;
    if (context.byHolder >= 0 && carriesData(status)) holder.charge(context.presentation);
    if (context.secureChannel.answering !== null) {
      status = context.secureChannel.leave(context.command, context.response, status);
    }
    const responseLength = context.response.complete(status, context.command);
    if (context.response.bytes[responseLength - 2] === BYTES_AVAILABLE_SW1) {
      context.restChannel = context.channel.number;
      if (context.command.ins !== INS.GET_RESPONSE) context.restByHolder = context.byHolder;
    }
    return responseLength;
  }

  /** The cost class of the command's row; a command that the dispatcher refuses or only collects is quick. */
  expectedMicroseconds(command: Uint8Array, offset: number, length: number): number {
    const cla = command[offset] as number;
    if (length < HEADER_LENGTH) return EXPECTED_MICROSECONDS.ram;
    const number = channelOfClass(cla);
    const channel = number === null ? null : this.#channels.get(number);
    if (channel === null) return EXPECTED_MICROSECONDS.ram;
    const ins = command[offset + 1] as number;
    const row = this.#commands.find(channel.directory.application, cla, ins)?.row;
    const cost = row === undefined || (isChained(cla) && row.stepwise !== true) ? 'ram' : row.cost;
    return Math.max(
      EXPECTED_MICROSECONDS[cost],
      isInterindustry(cla) && usesSecureMessaging(cla) ? EXPECTED_MICROSECONDS.symmetric : 0,
    );
  }

  #fault(fault: unknown): number {
    this.#core.nvm.rollback();
    this.#core.store.reconcile();
    this.#clear();
    // Not a fault: the card has no room to make so large a change safely.
    if (fault instanceof TransactionTooLarge) return SW.NOT_ENOUGH_MEMORY;
    this.#onFault(fault);
    return fault instanceof HalError && fault.kind === 'storage' ? SW.MEMORY_FAILURE : SW.NO_PRECISE_DIAGNOSIS;
  }

  /** The one place where an interface forgets. */
  #clear(): void {
    const context = this.#context;
    const applets = this.#channels.opened().map((channel) => this.#commands.appletOf(channel.directory.application));
    context.presentation.window = 0;
    context.secureChannel.clear();
    context.pace?.reset();
    context.extendedAccess.reset();
    context.cardSecurity.clear();
    this.#channels.reset(this.#core.files.masterFile);
    context.channel = this.#channels.basic;
    context.response.wipe();
    this.#dispatcher.reset();
    this.#prepare();
    // Last, each on its own: an applet that fails must not keep the card from forgetting.
    for (const applet of applets) {
      try {
        applet?.deselected?.();
      } catch (fault) {
        this.#onFault(fault);
      }
    }
  }
}
