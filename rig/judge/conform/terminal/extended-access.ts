import { encodeCommand, findTlv, INS } from '../../../../src/apdu/index.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import {
  type AuthenticationTemplate,
  CERTIFICATE,
  ChannelError,
  ChipAuthenticationTerminal,
  chainFrom,
  chipAuthenticationOid,
  compressed,
  type KeyPair,
  manageSecurityEnvironment,
  parseCertificate,
  randomKeyPair,
  SET_AT_CHIP_AUTHENTICATION,
  SET_AT_TERMINAL_AUTHENTICATION,
  SET_DST_VERIFICATION,
  terminalAuthenticationOid,
} from '../../../../src/secure-channel/index.ts';
import { terminalSignatureInput } from '../../../../src/secure-channel/terminal-signature.ts';
import type { Expectation, StepRole, TerminalStep } from '../model.ts';
import type { TerminalDeclaration } from './channel-declaration.ts';
import type { PaceRequest, Terminal } from './terminal.ts';

export interface Sent {
  readonly role?: StepRole;
  readonly expect?: string | Expectation;
}

/** What EXTERNAL AUTHENTICATE signs and sends, where it is not what it should be. */
export interface WrongSignature {
  readonly challenge?: Uint8Array;
  readonly chipKey?: Uint8Array;
  readonly ephemeral?: Uint8Array;
  readonly auxiliaryData?: Uint8Array;
  readonly signature?: (signature: Uint8Array) => Uint8Array;
}

/** Terminal and chip authentication as a terminal does them inside the channel of PACE, step by step. */
export class ExtendedAccess {
  readonly #terminal: Terminal;
  readonly #declared: TerminalDeclaration;
  #ephemeral: KeyPair | null = null;
  #challenge: Uint8Array = new Uint8Array(0);

  constructor(terminal: Terminal, declared: TerminalDeclaration) {
    this.#terminal = terminal;
    this.#declared = declared;
  }

  /** PACE for this terminal: its CHAT is sent with it. */
  pace(request: PaceRequest = {}): TerminalStep[] {
    return this.#terminal.pace({ chat: this.#declared.keys.chat, ...request });
  }

  /** PACE, terminal and chip authentication. */
  whole(): TerminalStep[] {
    return [...this.pace(), ...this.authenticate(), ...this.chip()];
  }

  /** Certificates from a trust point of the card to the terminal's own. */
  get chain(): readonly Uint8Array[] {
    const { certificates, holderReference } = this.#declared.keys;
    const { certificationAuthorities } = this.#terminal;
    return chainFrom(certificates, certificationAuthorities, holderReference) ?? certificates;
  }

  /** The key pair of this run. */
  get ephemeral(): KeyPair {
    this.#ephemeral ??= randomKeyPair(this.#terminal.crypto, systemRandom, this.#declared.chip.curve);
    return this.#ephemeral;
  }

  /** The certificates before the terminal's own, or with it. */
  certificates(withOwn: boolean = true, sent: Sent = {}): TerminalStep[] {
    const most = this.#declared.keys.certificates.length;
    const at = (index: number): Uint8Array | null => {
      const { chain } = this;
      const end = withOwn ? chain.length : chain.length - 1;
      return index < end ? (chain[index] as Uint8Array) : null;
    };
    return Array.from({ length: most }, (_, index) => [
      this.#inside(`MSE:Set DST, key of certificate ${index + 1}`, () => selectIssuer(at(index)), sent),
      this.#inside(`VERIFY CERTIFICATE, number ${index + 1}`, () => verifyCertificate(at(index)), sent),
    ]).flat();
  }

  /** MSE:Set DST with any reference. */
  select(words: string, reference: () => Uint8Array | undefined, sent: Sent = {}): TerminalStep {
    return this.#inside(
      words,
      () => {
        const publicKeyReference = reference();
        return manageSecurityEnvironment(SET_DST_VERIFICATION, {
          ...(publicKeyReference !== undefined && { publicKeyReference }),
        });
      },
      sent,
    );
  }

  /** PSO: VERIFY CERTIFICATE with any data. */
  verify(words: string, data: () => Uint8Array, sent: Sent = {}): TerminalStep {
    return this.#inside(words, () => performSecurityOperation(data()), sent);
  }

  /** MSE:Set AT of terminal authentication. */
  setTerminal(sent: Sent = {}, change: Partial<AuthenticationTemplate> = {}): TerminalStep {
    return this.#inside(
      'MSE:Set AT of terminal authentication',
      () => {
        const { key, holderReference } = this.#declared.keys;
        return manageSecurityEnvironment(SET_AT_TERMINAL_AUTHENTICATION, {
          protocol: terminalAuthenticationOid(key.hash),
          publicKeyReference: holderReference,
          ephemeralKey: compressed(this.ephemeral.publicKey),
          ...change,
        });
      },
      sent,
    );
  }

  challenge(sent: Sent = {}): TerminalStep {
    const command = encodeCommand({ cla: 0x00, ins: INS.GET_CHALLENGE, p1: 0, p2: 0, ne: 8 });
    return this.#terminal.insideLate('GET CHALLENGE', () => command, {
      role: 'given',
      ...sent,
      take: (response) => {
        this.#challenge = Uint8Array.from(response.subarray(0, -2));
      },
    });
  }

  get lastChallenge(): Uint8Array {
    return this.#challenge;
  }

  /** EXTERNAL AUTHENTICATE. */
  sign(sent: Sent = {}, wrong: WrongSignature = {}): TerminalStep {
    return this.#inside('EXTERNAL AUTHENTICATE', () => this.#signed(wrong), sent);
  }

  #signed(wrong: WrongSignature): Uint8Array {
    const { crypto, chipEphemeralKey } = this.#terminal;
    const { key } = this.#declared.keys;
    const input = terminalSignatureInput(
      wrong.chipKey ?? compressed(chipEphemeralKey),
      wrong.challenge ?? this.#challenge,
      wrong.ephemeral ?? compressed(this.ephemeral.publicKey),
      wrong.auxiliaryData ?? null,
    );
    const signature = crypto.ecdsaSign(key.curve, key.privateKey, crypto.hash(key.hash, input));
    const data = wrong.signature?.(signature) ?? signature;
    return encodeCommand({ cla: 0x00, ins: INS.EXTERNAL_AUTHENTICATE, p1: 0, p2: 0, data });
  }

  /** Terminal authentication to its end. */
  authenticate(sent: Sent = {}): TerminalStep[] {
    return [...this.certificates(true, sent), this.setTerminal(sent), this.challenge(sent), this.sign(sent)];
  }

  /** MSE:Set AT of chip authentication. */
  selectChip(sent: Sent = {}, change: Partial<AuthenticationTemplate> = {}): TerminalStep {
    return this.#inside(
      'MSE:Set AT of chip authentication',
      () => {
        const { cipher, keyId } = this.#declared.chip;
        return manageSecurityEnvironment(SET_AT_CHIP_AUTHENTICATION, {
          protocol: chipAuthenticationOid(cipher),
          ...(keyId !== null && { privateKeyReference: Uint8Array.of(keyId) }),
          ...change,
        });
      },
      sent,
    );
  }

  /** GENERAL AUTHENTICATE with the ephemeral key; the chip must prove its own, and the new keys take over. */
  agree(sent: Sent = {}): TerminalStep {
    let machine: ChipAuthenticationTerminal | null = null;
    return this.#terminal.insideLate(
      'GENERAL AUTHENTICATE of chip authentication',
      () => {
        const { chip, chipKey } = this.#declared;
        machine = new ChipAuthenticationTerminal({
          crypto: this.#terminal.crypto,
          cipher: chip.cipher,
          curve: chip.curve,
          ...(chip.keyId !== null && { keyId: chip.keyId }),
          chipPublicKey: chipKey,
          ephemeral: { ...this.ephemeral, privateKey: Uint8Array.from(this.ephemeral.privateKey) },
          onKeys: (keys) => this.#terminal.renew(keys),
        });
        machine.start();
        return machine.next(Uint8Array.of(0x90, 0x00));
      },
      {
        role: 'given',
        ...sent,
        take: (response) => {
          if (machine === null) throw new ChannelError('malformed', 'chip authentication was not begun');
          machine.next(response);
          machine.takeSession().close();
        },
      },
    );
  }

  /** GENERAL AUTHENTICATE with another key than the one that was signed for. */
  agreeWith(words: string, key: () => Uint8Array, expect: Expectation): TerminalStep {
    return this.#terminal.insideLate(words, () => agreement(0x80, key()), { expect });
  }

  /** Chip authentication to its end. */
  chip(sent: Sent = {}): TerminalStep[] {
    return [this.selectChip(sent), this.agree(sent)];
  }

  #inside(words: string, make: () => Uint8Array | null, sent: Sent): TerminalStep {
    return this.#terminal.insideLate(words, make, { role: 'given', ...sent });
  }
}

/** GENERAL AUTHENTICATE with one object in template 7C. */
export function agreement(tag: number, value: Uint8Array): Uint8Array {
  const inner = [tag, ...(value.length < 0x80 ? [value.length] : [0x81, value.length]), ...value];
  const data = Uint8Array.of(0x7c, ...(inner.length < 0x80 ? [inner.length] : [0x81, inner.length]), ...inner);
  return encodeCommand({ cla: 0x00, ins: INS.GENERAL_AUTHENTICATE, p1: 0, p2: 0, data, ne: 256 });
}

/** PSO: VERIFY CERTIFICATE with objects 7F4E and 5F37, or whatever the data are. */
export function performSecurityOperation(data: Uint8Array): Uint8Array {
  return encodeCommand({ cla: 0x00, ins: INS.PERFORM_SECURITY_OPERATION, p1: 0x00, p2: 0xbe, data });
}

function selectIssuer(certificate: Uint8Array | null): Uint8Array | null {
  if (certificate === null) return null;
  const { authorityReference } = parseCertificate(certificate);
  return manageSecurityEnvironment(SET_DST_VERIFICATION, { publicKeyReference: authorityReference });
}

function verifyCertificate(certificate: Uint8Array | null): Uint8Array | null {
  return certificate === null ? null : performSecurityOperation(bodyAndSignature(certificate));
}

/** Objects 7F4E and 5F37 of a certificate. */
export function bodyAndSignature(certificate: Uint8Array): Uint8Array {
  return findTlv(certificate, CERTIFICATE) as Uint8Array;
}
