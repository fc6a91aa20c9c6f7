import { CommandApdu } from '../../src/apdu/command.ts';
import { SW } from '../../src/apdu/index.ts';
import type { Crypto, CurveName } from '../../src/hal/crypto.ts';
import type { Random } from '../../src/hal/random.ts';
import {
  type AuthenticationTemplate,
  readAuthenticationTemplate,
} from '../../src/secure-channel/authentication-template.ts';
import { parseAuthorization } from '../../src/secure-channel/authorization.ts';
import { ChipAuthenticationChip, type ChipKey } from '../../src/secure-channel/chip-authentication-chip.ts';
import {
  announcesSecureMessaging,
  protectCommand,
  unprotectCommand,
} from '../../src/secure-channel/command-protection.ts';
import { compressed } from '../../src/secure-channel/domain-parameters.ts';
import { PaceChip, type PaceOffer } from '../../src/secure-channel/pace-chip.ts';
import { protectResponse, unprotectResponse } from '../../src/secure-channel/response-protection.ts';
import type { SecureSession } from '../../src/secure-channel/secure-session.ts';
import { TerminalAuthenticationChip } from '../../src/secure-channel/terminal-authentication-chip.ts';
import type { TrustState } from '../../src/secure-channel/trust-point.ts';

export interface JoinedChipOptions {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly offers: readonly PaceOffer[];
  readonly passwords: ReadonlyMap<number, Uint8Array>;
  readonly keys?: readonly ChipKey[];
  readonly trust?: TrustState;
  /** Transparent EFs by short identifier; without any, READ BINARY gives one byte as it is said below. */
  readonly files?: ReadonlyMap<number, SmallFile>;
}

interface SmallFile {
  readonly content: Uint8Array;
  /** What has to be there to read it. */
  readonly needs: 'nothing' | 'channel' | 'terminal';
}

/**
 * The smallest card that speaks the protocols: what a dispatcher does around them, in memory, and READ BINARY, which
 * gives one byte, the rights' highest, only inside a channel.
 */
export class JoinedChip {
  readonly options: JoinedChipOptions;
  readonly pace: PaceChip;
  session: SecureSession | null = null;
  terminal: TerminalAuthenticationChip | null = null;
  #chip: ChipAuthenticationChip | null = null;
  #chat: Uint8Array | undefined;
  #authenticated = false;
  #current: SmallFile | null = null;
  readonly #plain = new Uint8Array(4096);
  readonly #buffer = new Uint8Array(4096);

  constructor(options: JoinedChipOptions) {
    this.options = options;
    this.pace = new PaceChip(options);
  }

  /** Whether chip authentication ended well for an authenticated terminal. */
  get authenticated(): boolean {
    return this.#authenticated;
  }

  exchange(bytes: Uint8Array): Uint8Array {
    const command = new CommandApdu();
    if (!command.parse(bytes, 0, bytes.length) || command.encoding === 'malformed') return word(SW.WRONG_LENGTH);
    const secure = announcesSecureMessaging(command.cla);
    const session = this.session;
    if (secure) {
      if (session === null) return word(SW.SECURE_MESSAGING_NOT_SUPPORTED);
      const status = unprotectCommand(session, command, this.#plain);
      if (status !== SW.OK) {
        this.#leave();
        return word(status);
      }
    } else if (session !== null) {
      this.#leave();
    }
    const { data, status, next } = this.execute(command);
    if (!secure || session === null) {
      if (next !== null) this.session = next;
      return Uint8Array.of(...data, ...word(status));
    }
    this.#buffer.set(data);
    const length = protectResponse(session, this.#buffer, data.length, status, (command.ins & 1) !== 0);
    if (next !== null) {
      session.close();
      this.session = next;
    }
    return Uint8Array.of(...this.#buffer.subarray(0, length), ...word(status));
  }

  #leave(): void {
    this.session?.close();
    this.session = null;
    this.terminal = null;
    this.#authenticated = false;
  }

  /** Judges a plain command. */
  protected execute(command: CommandApdu): { data: Uint8Array; status: number; next: SecureSession | null } {
    const data = command.bytes.subarray(command.dataOffset, command.dataOffset + command.nc);
    const only = (status: number): { data: Uint8Array; status: number; next: null } => ({
      data: NONE,
      status,
      next: null,
    });
    switch (command.ins) {
      case 0x22: {
        const template = readAuthenticationTemplate(data);
        return only(template === null ? SW.WRONG_DATA : this.#select((command.p1 << 8) | command.p2, template));
      }
      case 0x86:
        return this.#authenticate(command, data);
      case 0x2a:
        return only(this.terminal?.verifyCertificate(data) ?? SW.CONDITIONS_NOT_SATISFIED);
      case 0x84:
        return this.terminal === null
          ? only(SW.CONDITIONS_NOT_SATISFIED)
          : { data: this.terminal.challenge(), status: SW.OK, next: null };
      case 0x82:
        return only(this.terminal?.authenticate(data) ?? SW.CONDITIONS_NOT_SATISFIED);
      case 0xb0:
        if (this.options.files !== undefined) return this.#read(this.options.files, command);
        return this.session === null
          ? only(SW.SECURITY_STATUS_NOT_SATISFIED)
          : { data: Uint8Array.of(this.#authenticated ? 2 : 1), status: SW.OK, next: null };
      default:
        return only(SW.INSTRUCTION_NOT_SUPPORTED);
    }
  }

  #read(
    files: ReadonlyMap<number, SmallFile>,
    { p1, p2, ne }: CommandApdu,
  ): { data: Uint8Array; status: number; next: null } {
    const only = (status: number, data: Uint8Array = NONE): { data: Uint8Array; status: number; next: null } => ({
      data,
      status,
      next: null,
    });
    if ((p1 & 0x80) !== 0) this.#current = files.get(p1 & 0x1f) ?? null;
    if (this.#current === null) return only(SW.FILE_NOT_FOUND);
    const { content, needs } = this.#current;
    if (needs === 'channel' && this.session === null) return only(SW.SECURITY_STATUS_NOT_SATISFIED);
    if (needs === 'terminal' && !this.#authenticated) return only(SW.SECURITY_STATUS_NOT_SATISFIED);
    const offset = (p1 & 0x80) !== 0 ? p2 : (p1 << 8) | p2;
    if (offset > content.length) return only(SW.WRONG_OFFSET);
    return only(SW.OK, content.subarray(offset, offset + ne));
  }

  #select(p1p2: number, template: AuthenticationTemplate): number {
    switch (p1p2) {
      case 0xc1a4: {
        const password = this.options.passwords.get(template.publicKeyReference?.[0] ?? 0);
        if (password === undefined) return SW.REFERENCED_DATA_NOT_FOUND;
        this.#chat = template.chat && Uint8Array.from(template.chat);
        const names = this.options.trust?.trustPoints.map(({ holderReference }) => holderReference);
        return this.pace.start(template, password, template.chat === undefined ? [] : names);
      }
      case 0x81b6:
        return this.terminal?.selectKey(template) ?? SW.CONDITIONS_NOT_SATISFIED;
      case 0x81a4:
        return this.terminal?.setTemplate(template) ?? SW.CONDITIONS_NOT_SATISFIED;
      case 0x41a4:
        this.#chip ??= new ChipAuthenticationChip({ ...this.options, keys: this.options.keys ?? [] });
        return this.#chip.select(template);
      default:
        return SW.WRONG_P1_P2;
    }
  }

  #authenticate(
    command: CommandApdu,
    data: Uint8Array,
  ): { data: Uint8Array; status: number; next: SecureSession | null } {
    if (this.pace.awaits === null && this.#chip?.selected === true) {
      const status = this.#chip.step(data, this.terminal?.terminal?.compressedKey ?? null);
      if (status !== SW.OK) return { data: NONE, status, next: null };
      const response = this.#chip.response;
      this.#authenticated = true;
      return { data: response, status, next: this.#chip.takeSession() };
    }
    const status = this.pace.step(data, (command.cla & 0x10) === 0);
    if (status !== SW.OK) return { data: NONE, status, next: null };
    const next = this.pace.takeSession();
    if (next !== null && this.options.trust !== undefined) {
      this.terminal = new TerminalAuthenticationChip({
        ...this.options,
        trust: this.options.trust,
        idPicc: compressed(this.pace.chipEphemeralKey),
        confined: this.#chat === undefined ? null : parseAuthorization(this.#chat),
      });
    }
    return { data: this.pace.response, status, next };
  }
}

/** Any machine of a terminal. */
export interface TerminalMachine {
  start(): Uint8Array;
  next(response: Uint8Array): Uint8Array | null;
}

export type Exchange = (command: Uint8Array) => Uint8Array;

/** Runs a machine to its end over plain exchanges. */
export function run(machine: TerminalMachine, exchange: Exchange): void {
  let command: Uint8Array | null = machine.start();
  while (command !== null) command = machine.next(exchange(command));
}

/** Exchanges inside a channel, as the bench's reader does them. */
export function within(session: SecureSession, exchange: Exchange): Exchange {
  return (bytes) => {
    const command = new CommandApdu();
    command.parse(bytes, 0, bytes.length);
    const odd = (command.ins & 1) !== 0;
    const { data, status } = unprotectResponse(session, exchange(protectCommand(session, command)), { odd });
    return Uint8Array.of(...data, ...word(status));
  };
}

export const CURVES: readonly (readonly [CurveName, number])[] = [
  ['P-256', 12],
  ['brainpoolP256r1', 13],
  ['P-384', 15],
  ['brainpoolP384r1', 16],
  ['brainpoolP512r1', 17],
  ['P-521', 18],
];

const NONE = new Uint8Array(0);

function word(status: number): Uint8Array {
  return Uint8Array.of(status >> 8, status & 0xff);
}
