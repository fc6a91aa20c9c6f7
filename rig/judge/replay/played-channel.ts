import { isChained, isInterindustry, logicalChannel } from '../../../src/apdu/class-byte.ts';
import { CommandApdu, encodeCommand } from '../../../src/apdu/command.ts';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { INS } from '../../../src/apdu/instruction.ts';
import { encodeResponse } from '../../../src/apdu/response.ts';
import { formatStatusWord, SW } from '../../../src/apdu/status-word.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import type { Random } from '../../../src/hal/random.ts';
import {
  type AuthenticationTemplate,
  type Authorization,
  announcesSecureMessaging,
  ChipAuthenticationChip,
  type ChipKey,
  compressed,
  PaceChip,
  type PaceOffer,
  paceProtocol,
  parseAuthorization,
  passwordName,
  protectedResponseLength,
  protectResponse,
  readAuthenticationTemplate,
  type SecureSession,
  singleByte,
  TerminalAuthenticationChip,
  type TrustState,
  unprotectCommand,
} from '../../../src/secure-channel/index.ts';
import { referenceText } from '../../pki/reference.ts';
import { bytesOfHex } from './hex-template.ts';
import type { KnownExchange } from './recorded-session.ts';

export interface PlayedChannelOptions {
  readonly crypto: Crypto;
  readonly random: Random;
  /** As the recorded EF.CardAccess has them; the chip authentication mapping only where its key is known. */
  readonly offers: readonly PaceOffer[];
  /** By their references in MSE:Set AT. The owner wipes them. */
  readonly passwords: ReadonlyMap<number, Uint8Array>;
  /** Private keys of the chip; none where no profile has them. The owner wipes them. */
  readonly chipKeys: readonly ChipKey[];
  /** Under which certificates are checked that the recorded card took. */
  readonly trust: TrustState;
}

/** A command as it arrived. */
export type ArrivedCommand =
  /** `plain`: as the terminal meant it. */
  | { readonly kind: 'command'; readonly plain: Uint8Array; readonly isProtected: boolean }
  /** GET RESPONSE for what is left of a protected answer: the transport's affair. */
  | { readonly kind: 'rest' }
  /** No channel opens it: answered in clear with a status word. */
  | { readonly kind: 'refused'; readonly status: number; readonly why: string };

/** What a step of the opening is answered, plain. */
export interface StepAnswer {
  /** Status word included. */
  readonly answer: Uint8Array;
  /** What the terminal did wrong; null: nothing. */
  readonly fault: string | null;
  /** Why the card cannot do this step; null: it can. */
  readonly unable: string | null;
  /** What was accepted unchecked; null: nothing. */
  readonly unchecked: string | null;
}

/** Longest command of a link. */
const LARGEST_COMMAND = 65_544;
const LARGEST_SHORT = 256;

/**
 * The chip's side of the channels of a recorded session, with fresh keys: opens protected commands, protects plain
 * answers, and answers the steps of PACE, terminal and chip authentication. All else is answered as recorded.
 *
 * Certificates are answered as recorded; beside that they are judged, so that the terminal's signature can be.
 */
export class PlayedChannel {
  readonly #options: PlayedChannelOptions;
  readonly #pace: PaceChip;
  readonly #chip: ChipAuthenticationChip;
  readonly #view = new CommandApdu();
  readonly #plain = new Uint8Array(LARGEST_COMMAND);
  #session: SecureSession | null = null;
  /** Takes over when the command under way is answered. */
  #next: SecureSession | null = null;
  #owner = 0;
  #outerNe = 0;
  #odd = false;
  #rest: Uint8Array = new Uint8Array(0);
  #chat: Authorization | null = null;
  #terminal: TerminalAuthenticationChip | null = null;
  /** Why the terminal's signature cannot be checked; null: it can. */
  #unverified: string | null = null;
  /** Of the terminal's key for chip authentication: what MSE:Set AT named, and what was accepted of it. */
  #namedKey: Uint8Array | null = null;
  #signedKey: Uint8Array | null = null;

  constructor(options: PlayedChannelOptions) {
    this.#options = options;
    const { crypto, random, offers, chipKeys } = options;
    this.#pace = new PaceChip({ crypto, random, offers });
    this.#chip = new ChipAuthenticationChip({ crypto, random, keys: chipKeys });
    this.#pace.prepare();
  }

  /** Power lost, or a reset. */
  reset(): void {
    this.#close();
    this.#pace.reset();
    this.#rest = new Uint8Array(0);
  }

  arrive(command: Uint8Array): ArrivedCommand {
    const view = this.#view;
    const known = view.parse(command, 0, command.length) && view.encoding !== 'malformed';
    if (!known || !isInterindustry(view.cla)) return { kind: 'command', plain: command, isProtected: false };
    if (announcesSecureMessaging(view.cla)) return this.#open();
    if (view.ins === INS.GET_RESPONSE && this.#rest.length > 0) return { kind: 'rest' };
    const carries = view.ins === INS.GET_RESPONSE || view.ins === INS.ENVELOPE;
    // A plain command on the channel's own logical channel is its end.
    if (!carries && this.#session !== null && logicalChannel(view.cla) === this.#owner) this.#close();
    return { kind: 'command', plain: command, isProtected: false };
  }

  #open(): ArrivedCommand {
    const view = this.#view;
    const session = this.#session;
    this.#rest = new Uint8Array(0);
    if (session === null) {
      const why = 'it came protected, and no channel is open';
      return { kind: 'refused', status: SW.SECURE_MESSAGING_NOT_SUPPORTED, why };
    }
    this.#outerNe = view.ne;
    this.#odd = (view.ins & 1) !== 0;
    const status = unprotectCommand(session, view, this.#plain);
    if (status !== SW.OK) {
      this.#close();
      const why = `its protection is wrong (${formatStatusWord(status)}): it was changed, or is of another channel`;
      return { kind: 'refused', status, why };
    }
    const { cla, ins, p1, p2, nc, ne, extended } = view;
    const data = copyBytes(view.bytes, 0, nc);
    this.#plain.fill(0, 0, nc);
    return { kind: 'command', plain: encodeCommand({ cla, ins, p1, p2, data, ne, extended }), isProtected: true };
  }

  /** Bytes that {@link seal} makes of a plain answer, at most. */
  sealedLength(answer: Uint8Array): number {
    return protectedResponseLength(answer.length - 2, this.#odd) + 2;
  }

  /** Protects the answer of the protected command that arrived last. @param answer status word included */
  seal(answer: Uint8Array): Uint8Array {
    const session = this.#session as SecureSession;
    const length = answer.length - 2;
    const status = ((answer[length] as number) << 8) | (answer[length + 1] as number);
    const sealed = new Uint8Array(protectedResponseLength(length, this.#odd));
    sealed.set(answer.subarray(0, length));
    if (protectResponse(session, sealed, length, status, this.#odd) === 0) {
      this.#close();
      return wordOf(SW.SM_OBJECTS_INCORRECT);
    }
    this.settle();
    const most = this.#outerNe === 0 ? LARGEST_SHORT : this.#outerNe;
    if (sealed.length <= most) return encodeResponse(sealed, status);
    this.#rest = encodeResponse(sealed.subarray(most), status);
    return encodeResponse(sealed.subarray(0, most), moreData(this.#rest));
  }

  /** The next part of a protected answer that was too long for the Le of its command. */
  rest(): Uint8Array {
    const most = this.#view.ne === 0 ? LARGEST_SHORT : this.#view.ne;
    const data = this.#rest.subarray(0, -2);
    if (data.length <= most) {
      const last = this.#rest;
      this.#rest = new Uint8Array(0);
      return last;
    }
    this.#rest = copyBytes(this.#rest, most);
    return encodeResponse(data.subarray(0, most), moreData(this.#rest));
  }

  /** The command is answered: a session that it made takes over. {@link seal} does it by itself. */
  settle(): void {
    if (this.#next === null) return;
    this.#session?.close();
    this.#session = this.#next;
    this.#next = null;
  }

  /**
   * What the chip answers to a step of the opening.
   * @param command plain, and fits the exchange
   * @returns null: as recorded
   */
  answer({ step, answer: pattern }: KnownExchange, command: Uint8Array): StepAnswer | null {
    const view = this.#view;
    if (step === null || !view.parse(command, 0, command.length)) return null;
    const data = copyBytes(command, view.dataOffset, view.dataOffset + view.nc);
    const recorded = bytesOfHex(pattern);
    const status = ((recorded.at(-2) as number) << 8) | (recorded.at(-1) as number);
    switch (step.kind) {
      case 'pace':
        return this.#startPace(readAuthenticationTemplate(data) ?? step.template, step.authorities, status);
      case 'pace-step':
        return this.#paceStep(data, status);
      case 'chip':
        return this.#selectChipKey(data, status);
      case 'chip-step':
        return this.#chipStep(data, status);
      case 'challenge':
        return status === SW.OK ? this.#challenge(recorded.length - 2) : null;
      case 'terminal-signature':
        return status === SW.OK ? this.#verifyTerminal(data) : null;
      default:
        if (status === SW.OK) this.#follow(step.kind, data);
        return null;
    }
  }

  #startPace(template: AuthenticationTemplate, authorities: readonly Uint8Array[], status: number): StepAnswer | null {
    if (status !== SW.OK && (status & 0xfff0) !== SW.COUNTER && status !== SW.FILE_DEACTIVATED) return null;
    const reference = singleByte(template.publicKeyReference) ?? 0;
    const password = this.#options.passwords.get(reference);
    if (password === undefined) {
      return cannot(
        SW.REFERENCED_DATA_NOT_FOUND,
        `PACE needs the ${passwordName(reference) ?? 'code'}, which was not given`,
      );
    }
    const started = this.#pace.start(template, password, authorities);
    this.#owner = logicalChannel(this.#view.cla);
    this.#chat = template.chat === undefined ? null : parseAuthorization(template.chat);
    if (started === SW.OK) return null;
    return cannot(
      started,
      isMappedByChip(template) && this.#options.chipKeys.length === 0
        ? "this PACE needs the chip's private key, which no trace has: name the card's profile with --profile"
        : 'this PACE cannot be played: the EF.CardAccess of the trace or the keys of the profile do not have it',
    );
  }

  #paceStep(data: Uint8Array, recorded: number): StepAnswer | null {
    const compares = this.#pace.awaits === 'token';
    // A step that the recorded card refused whatever came: a PIN that is suspended.
    if (recorded !== SW.OK && !compares) return null;
    const status = this.#pace.step(data, !isChained(this.#view.cla));
    if (status !== SW.OK) {
      const why = compares
        ? 'its token of PACE is wrong: it has another code than the one that was given here'
        : `its step of PACE is wrong (${formatStatusWord(status)})`;
      return { ...answered(wordOf(status)), fault: status === recorded ? null : why };
    }
    const session = this.#pace.takeSession();
    if (session !== null) {
      this.#forgetTerminal();
      this.#next?.close();
      this.#next = session;
    }
    const fault =
      recorded === SW.OK ? null : `its code is right, and in the trace it was not (${formatStatusWord(recorded)})`;
    return { ...answered(encodeResponse(this.#pace.response, SW.OK)), fault };
  }

  /** Judges the terminal's certificates beside what is answered. */
  #follow(kind: 'certificate-issuer' | 'certificate' | 'terminal', data: Uint8Array): void {
    const terminal = this.#machine();
    if (kind === 'certificate') {
      const status = terminal.verifyCertificate(data);
      if (status !== SW.OK) this.#cannotVerify(terminal.reason ?? 'its certificate does not follow');
      return;
    }
    const template = readAuthenticationTemplate(data);
    if (template === null) return;
    if (kind === 'certificate-issuer') {
      const { publicKeyReference: name } = template;
      if (terminal.selectKey(template) !== SW.OK && name !== undefined) {
        this.#cannotVerify(`the key of ${referenceText(name)} is not known here`);
      }
      return;
    }
    this.#namedKey = template.ephemeralKey === undefined ? null : copyBytes(template.ephemeralKey);
    if (terminal.setTemplate(template) !== SW.OK) this.#cannotVerify('no certificate of this key was verified');
  }

  #challenge(length: number): StepAnswer {
    const challenge = this.#machine().challenge();
    if (challenge.length === length) return answered(encodeResponse(challenge, SW.OK));
    const other = new Uint8Array(length);
    this.#options.random.fill(other, 0, length);
    this.#cannotVerify(`a challenge of ${length} bytes is none of terminal authentication`);
    return answered(encodeResponse(other, SW.OK));
  }

  #verifyTerminal(signature: Uint8Array): StepAnswer {
    const status = this.#unverified === null ? this.#machine().authenticate(signature) : SW.OK;
    if (status === SW.CONDITIONS_NOT_SATISFIED)
      this.#cannotVerify('its steps are not those of terminal authentication');
    else if (status !== SW.OK) {
      return {
        ...answered(wordOf(status)),
        fault: 'its signature is wrong: it does not have the key of its certificate',
      };
    }
    this.#signedKey = this.#namedKey;
    const unchecked =
      this.#unverified === null ? null : `the terminal's signature was not checked: ${this.#unverified}`;
    return { ...answered(wordOf(SW.OK)), unchecked };
  }

  #selectChipKey(data: Uint8Array, recorded: number): StepAnswer | null {
    if (recorded !== SW.OK) return null;
    const template = readAuthenticationTemplate(data);
    const status = template === null ? SW.WRONG_DATA : this.#chip.select(template);
    if (status === SW.OK) return null;
    return cannot(
      SW.REFERENCED_DATA_NOT_FOUND,
      "chip authentication needs the chip's private key, which no trace has: name the card's profile with --profile",
    );
  }

  #chipStep(data: Uint8Array, recorded: number): StepAnswer | null {
    if (recorded !== SW.OK) return null;
    const status = this.#chip.step(data, this.#signedKey);
    if (status !== SW.OK) {
      const why =
        status === SW.AUTHENTICATION_FAILED
          ? 'its key of chip authentication is not the one that it signed for'
          : `its step of chip authentication is wrong (${formatStatusWord(status)})`;
      return { ...answered(wordOf(status)), fault: why };
    }
    const { response } = this.#chip;
    this.#next?.close();
    this.#next = this.#chip.takeSession();
    return answered(encodeResponse(response, SW.OK));
  }

  #machine(): TerminalAuthenticationChip {
    const { crypto, random, trust } = this.#options;
    this.#terminal ??= new TerminalAuthenticationChip({
      crypto,
      random,
      trust,
      idPicc: compressed(this.#pace.chipEphemeralKey),
      confined: this.#chat,
    });
    return this.#terminal;
  }

  /** The first reason is the one that the others follow from. */
  #cannotVerify(why: string): void {
    this.#unverified ??= why;
  }

  #forgetTerminal(): void {
    this.#terminal = null;
    this.#unverified = null;
    this.#namedKey = null;
    this.#signedKey = null;
    this.#chip.reset();
  }

  /** Wipes the keys of the channel. */
  #close(): void {
    this.#session?.close();
    this.#session = null;
    this.#next?.close();
    this.#next = null;
    this.#forgetTerminal();
  }
}

function isMappedByChip({ protocol }: AuthenticationTemplate): boolean {
  return protocol !== undefined && paceProtocol(protocol)?.mapping === 'CAM';
}

function answered(answer: Uint8Array): StepAnswer {
  return { answer, fault: null, unable: null, unchecked: null };
}

function cannot(status: number, why: string): StepAnswer {
  return { ...answered(wordOf(status)), unable: why };
}

function wordOf(status: number): Uint8Array {
  return Uint8Array.of(status >> 8, status & 0xff);
}

/** 61xx for what is left. */
function moreData(rest: Uint8Array): number {
  const left = rest.length - 2;
  return 0x6100 | (left >= LARGEST_SHORT ? 0 : left);
}
