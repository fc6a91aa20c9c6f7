import { isChained } from '../../apdu/class-byte.ts';
import { SW } from '../../apdu/status-word.ts';
import type { Crypto } from '../../hal/crypto.ts';
import {
  type AuthenticationTemplate,
  type Authorization,
  compressed,
  PaceChip,
  parseAuthorization,
  singleByte,
} from '../../secure-channel/index.ts';
import type { CardCore, CommandContext } from '../command-context.ts';
import type { Pin } from '../pin/pin-store.ts';
import { countsTries, giveBackTries, passwordState, presentable } from './password-state.ts';

/** What MSE:Set AT chose for the run. */
interface Run {
  readonly pin: Pin;
  readonly channel: number;
  readonly chat: Authorization | null;
}

/** PACE on one interface: the protocol is the chip's of src/secure-channel; passwords and their counters are here. */
export class Pace {
  readonly #core: CardCore;
  readonly #chip: PaceChip;
  #run: Run | null = null;

  constructor(core: CardCore) {
    this.#core = core;
    this.#chip = new PaceChip({ crypto: core.crypto as Crypto, random: core.random, offers: core.paceOffers });
  }

  /** Computes what the next run needs and no terminal is needed for; nothing where that is done. */
  prepare(): void {
    this.#chip.prepare();
  }

  reset(): void {
    this.#chip.reset();
    this.#run = null;
  }

  /** Whether a GENERAL AUTHENTICATE on this logical channel is the next step. */
  awaits(channel: number): boolean {
    return this.#run?.channel === channel && this.#chip.awaits !== null;
  }

  /**
   * MSE:Set AT C1A4: begins a run, and tells the state of the password.
   * @returns 9000; 63Cx tries of a PIN left, 63C1 suspended; 63C0 a PIN or a PUK that is blocked; 6283 deactivated; 6A80 objects malformed,
   *   a protocol that the card does not offer; 6A88 no such password, domain parameters that it does not offer
   */
  start(context: CommandContext, template: AuthenticationTemplate): number {
    this.reset();
    const { pins } = this.#core;
    const reference = singleByte(template.publicKeyReference);
    const chat = template.chat === undefined ? null : parseAuthorization(template.chat);
    if (reference === null || (template.chat !== undefined && chat === null)) return SW.WRONG_DATA;
    const pin = pins.passwordCode(reference);
    if (pin === null) return SW.REFERENCED_DATA_NOT_FOUND;
    const password = pins.reveal(pin);
    const status = this.#chip.start(template, password, chat === null ? [] : this.#authorities(chat));
    password.fill(0);
    if (status !== SW.OK) return status;
    this.#run = { pin, channel: context.channel.number, chat };
    return passwordState(pins, pin);
  }

  /** Whom a terminal of this type may have its certificates from. */
  #authorities({ type }: Authorization): readonly Uint8Array[] {
    const trustPoints = this.#core.keys.trust()?.trustPoints ?? [];
    return trustPoints.filter(({ chain }) => chain[0]?.type === type).map(({ holderReference }) => holderReference);
  }

  /**
   * GENERAL AUTHENTICATE: one step, its data in the response. The try is paid, durably, before the terminal's token is
   * compared; a token that was not compared costs none.
   * @returns 9000; 6985 no run on this channel, not this step, a PIN that is suspended; 6984 deactivated; 6983 blocked;
   *   6883, 6A80 and 6300 as {@link PaceChip.step} has them
   */
  step(context: CommandContext): number {
    const run = this.#run;
    const chip = this.#chip;
    if (run === null || !this.awaits(context.channel.number)) return SW.CONDITIONS_NOT_SATISFIED;
    const { command, response, secureChannel } = context;
    // The steps are one chain: another command between them has ended the run.
    const refused = context.continuesChain === (chip.awaits === 'nonce') ? SW.CONDITIONS_NOT_SATISFIED : SW.OK;
    const unusable = refused === SW.OK ? presentable(this.#core.pins, run.pin, secureChannel) : refused;
    if (unusable !== SW.OK) {
      this.reset();
      return unusable;
    }
    const compares = chip.awaits === 'token' && countsTries(run.pin);
    const left = this.#core.pins.triesLeft(run.pin);
    if (compares) this.#core.pins.setTries(run.pin, left - 1);
    const data = command.bytes.subarray(command.dataOffset, command.dataOffset + command.nc);
    const status = chip.step(data, !isChained(command.cla));
    if (compares && status !== SW.AUTHENTICATION_FAILED) {
      giveBackTries(this.#core.pins, run.pin, left, status === SW.OK);
    }
    if (status !== SW.OK) {
      this.#run = null;
      return status;
    }
    response.bytes.set(chip.response);
    response.length = chip.response.length;
    const session = chip.takeSession();
    if (session !== null) {
      this.#run = null;
      secureChannel.open(session, {
        owner: run.channel,
        password: run.pin.password,
        chat: run.chat,
        idPicc: compressed(chip.chipEphemeralKey),
      });
    }
    return SW.OK;
  }
}
