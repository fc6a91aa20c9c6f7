import type { CommandApdu } from '../../apdu/command.ts';
import { asksForAll, carriesData, type ResponseBuffer } from '../../apdu/response.ts';
import { SW, wrongLe } from '../../apdu/status-word.ts';
import {
  type Authorization,
  protectResponse,
  type SecureSession,
  type TerminalAuthenticationChip,
  unprotectCommand,
} from '../../secure-channel/index.ts';
import type { ReaderStanding } from '../access/reader-standing.ts';
import type { SecurityStatus } from '../access/security-status.ts';
import type { Channels } from '../channels.ts';

/** Owner of a session that is not there. */
const NO_CHANNEL = -1;
const NO_BYTES = new Uint8Array(0);

/** What PACE found out while it made the session. */
export interface ChannelOpening {
  /** Number of the logical channel that owns the session. */
  readonly owner: number;
  /** Reference of the password: 1 MRZ, 2 CAN, 3 PIN, 4 PUK. */
  readonly password: number;
  /** What the terminal asked to be allowed, or null: it did not say, and cannot authenticate. */
  readonly chat: Authorization | null;
  /** The chip's ephemeral public key, compressed: its name to the terminal. */
  readonly idPicc: Uint8Array;
}

/**
 * The secure channel of one interface: at most one, owned by the logical channel that made it.
 *
 * A protected command of the owner is opened by {@link enter} and judged with what the channel gives it; {@link leave}
 * protects the answer. A session that it makes takes over once it is answered.
 */
export class SecureChannel implements ReaderStanding {
  /** The live session, or null. */
  session: SecureSession | null = null;
  /** Number of the logical channel that owns the session; -1 without one. */
  owner: number = NO_CHANNEL;
  /** Reference of the password that opened it: 1 MRZ, 2 CAN, 3 PIN, 4 PUK; 0 without a session. */
  password = 0;
  chat: Authorization | null = null;
  /** The chip's ephemeral public key of PACE, compressed; empty without a session. */
  idPicc: Uint8Array = NO_BYTES;
  /** Terminal authentication on this channel; null until it begins. */
  terminal: TerminalAuthenticationChip | null = null;
  /** Whether chip authentication made the present session: only then do the terminal's rights count. */
  chipAuthenticated = false;
  /** The session whose protected command is being judged; null for a command in clear. */
  answering: SecureSession | null = null;
  readonly #channels: Channels;
  readonly #cardSecurity: SecurityStatus;
  readonly #largestCommand: number;
  /** Data of the protected command; made with the first session. */
  #plain: Uint8Array | null = null;
  #plainLength = 0;
  // The protected command as it travelled: its answer is that of this one.
  #outerNc = 0;
  #outerNe = 0;
  #outerExtended = false;
  #odd = false;
  /** What takes over when the command under way is answered. */
  #next: { readonly session: SecureSession; readonly opening: ChannelOpening | null } | null = null;
  #ending = false;

  /** @param largestCommand longest command APDU that the link carries, in bytes */
  constructor(channels: Channels, cardSecurity: SecurityStatus, largestCommand: number) {
    this.#channels = channels;
    this.#cardSecurity = cardSecurity;
    this.#largestCommand = largestCommand;
  }

  /** What an authenticated terminal is allowed, once chip authentication has followed; null before terminal authentication. */
  get authorization(): Authorization | null {
    return this.terminal?.terminal?.authorization ?? null;
  }

  /** Whether the command being judged came protected. */
  get isProtected(): boolean {
    return this.answering !== null;
  }

  /**
   * Checks a protected command of the owner and makes it the plain one, in place.
   * @returns 9000; or a status word that goes out in clear, and the session is at its end
   */
  enter(command: CommandApdu, response: ResponseBuffer): number {
    const session = this.session as SecureSession;
    this.#outerNc = command.nc;
    this.#outerNe = command.ne;
    this.#outerExtended = command.extended;
    this.#odd = (command.ins & 1) !== 0;
    // A rest in clear, or of the protected answer before, is nothing that a protected command could go on with.
    response.clear();
    this.#plain ??= new Uint8Array(this.#largestCommand);
    const status = unprotectCommand(session, command, this.#plain);
    if (status !== SW.OK) {
      this.end();
      return status;
    }
    this.#plainLength = command.nc;
    this.answering = session;
    response.sealed = true;
    return SW.OK;
  }

  /**
   * Protects the answer of the command that was entered, and makes `command` the outer one again. Data that the plain
   * command may not be answered are left out; an Le of 00 inside asks for all there is, however it must travel.
   * @returns the status word that follows the protected data in clear
   */
  leave(command: CommandApdu, response: ResponseBuffer, status: number): number {
    const session = this.answering as SecureSession;
    let length = carriesData(status) && command.ne > 0 ? response.length : 0;
    let told = status;
    if (length > command.ne && !asksForAll(command)) {
      told = wrongLe(length);
      length = 0;
    }
    response.length = protectResponse(session, response.bytes, length, told, this.#odd);
    this.#plain?.fill(0, 0, this.#plainLength);
    command.nc = this.#outerNc;
    command.extended = this.#outerExtended;
    // A protected answer always has data: who left the Le out gets it too.
    command.ne = this.#outerNe > 0 ? this.#outerNe : this.#outerExtended ? 65_536 : 256;
    if (response.length === 0) {
      // The counter is at its end, and the session with it.
      this.end();
      return SW.SM_OBJECTS_INCORRECT;
    }
    this.#settle();
    return told;
  }

  /** PACE has made a session. It takes over at once, or after the answer where its last command came protected. */
  open(session: SecureSession, opening: ChannelOpening): void {
    this.#next = { session, opening };
    if (!this.isProtected) this.#settle();
  }

  /** Chip authentication has made new keys for the same channel. They take over when the command is answered. */
  renew(session: SecureSession): void {
    this.#next = { session, opening: null };
  }

  /** The command under way is answered: what it made takes over. */
  #settle(): void {
    const next = this.#next;
    this.#next = null;
    this.answering = null;
    if (this.#ending) this.end();
    if (next === null) return;
    if (next.opening === null) {
      this.session?.close();
      this.chipAuthenticated = true;
    } else {
      this.end();
      ({ owner: this.owner, password: this.password, chat: this.chat, idPicc: this.idPicc } = next.opening);
    }
    this.session = next.session;
  }

  /** A logical channel is closed: its session ends, after the answer where the command came protected. */
  channelClosed(number: number): void {
    if (number !== this.owner) return;
    if (this.isProtected) this.#ending = true;
    else this.end();
  }

  /** Ends the session after the answer of a command that came through it; of any other command it is none. */
  endAfterAnswer(): void {
    if (this.isProtected) this.#ending = true;
  }

  /** What a terminal had proven is gone; the session stays. */
  forgetAuthentication(): void {
    this.terminal = null;
    this.chipAuthenticated = false;
  }

  /** The session is at its end. What was proven on its logical channel and for the card may have been proven inside. */
  end(): void {
    this.#ending = false;
    this.answering = null;
    this.chipAuthenticated = false;
    this.chat = null;
    this.idPicc = NO_BYTES;
    this.terminal = null;
    this.password = 0;
    if (this.session === null) return;
    this.session.close();
    this.session = null;
    this.#channels.get(this.owner)?.security.clear();
    this.#cardSecurity.clear();
    this.owner = NO_CHANNEL;
  }

  /** Forgets everything: power or field lost, a reset. */
  clear(): void {
    this.end();
    this.#next?.session.close();
    this.#next = null;
    this.#plain?.fill(0, 0, this.#plainLength);
    this.#plainLength = 0;
  }
}
