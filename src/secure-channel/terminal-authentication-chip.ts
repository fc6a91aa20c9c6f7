/**
 * Terminal authentication version 2 as the chip plays it (BSI TR-03110-3 B.3), after PACE and inside its channel.
 *
 * 1. MSE:Set DST names the key that checks the next certificate: {@link TerminalAuthenticationChip.selectKey}.
 * 2. PSO: VERIFY CERTIFICATE brings that certificate: {@link TerminalAuthenticationChip.verifyCertificate}; 1 and 2
 *    again for each certificate of the chain.
 * 3. MSE:Set AT names the terminal's key and its ephemeral key: {@link TerminalAuthenticationChip.setTemplate}.
 * 4. GET CHALLENGE, at any time before: {@link TerminalAuthenticationChip.challenge}.
 * 5. EXTERNAL AUTHENTICATE brings the signature: {@link TerminalAuthenticationChip.authenticate}.
 */
import { copyBytes } from '../apdu/copy-bytes.ts';
import { SW } from '../apdu/index.ts';
import { sameBytes } from '../apdu/same-bytes.ts';
import { type Crypto, CryptoError } from '../hal/crypto.ts';
import type { Random } from '../hal/random.ts';
import type { AuthenticationTemplate } from './authentication-template.ts';
import { type Authorization, effectiveAuthorization, roleOf } from './authorization.ts';
import { type AuxiliaryDatum, parseAuxiliaryData } from './auxiliary-data.ts';
import { type CardVerifiableCertificate, CertificateError, parseCertificate } from './card-verifiable-certificate.ts';
import { terminalAuthenticationHash } from './object-identifier.ts';
import { CHALLENGE_LENGTH, terminalSignatureInput } from './terminal-signature.ts';
import { type ImportedKey, judgeCertificate, type TrustState } from './trust-point.ts';

/** Bytes of the longest compressed key: one coordinate on the largest curve. */
const LONGEST_COMPRESSED_KEY = 66;
/** More auxiliary data than any terminal has. */
const LONGEST_AUXILIARY_DATA = 512;

/** What is known of an authenticated terminal. Rights count only after chip authentication with `compressedKey`. */
export interface AuthenticatedTerminal {
  /** The AND over its chain, and over what it asked for in PACE. */
  readonly authorization: Authorization;
  /** X of the ephemeral key that chip authentication must bring. */
  readonly compressedKey: Uint8Array;
  readonly auxiliaryData: readonly AuxiliaryDatum[];
  /** The terminal certificate's extensions, value of 65, or null. */
  readonly extensions: Uint8Array | null;
}

export interface TerminalAuthenticationChipOptions {
  readonly crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>;
  readonly random: Random;
  readonly trust: TrustState;
  /** X of the chip's ephemeral key of the PACE whose channel this is. */
  readonly idPicc: Uint8Array;
  /** The CHAT of PACE's MSE:Set AT; null when PACE was done without: terminal authentication is then refused. */
  readonly confined: Authorization | null;
}

export class TerminalAuthenticationChip {
  readonly #crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>;
  readonly #random: Random;
  readonly #idPicc: Uint8Array;
  readonly #confined: Authorization | null;
  #trust: TrustState;
  #selected: ImportedKey | null = null;
  /** The key imported last: of a document verifier, then of a terminal. Never survives the session. */
  #imported: ImportedKey | null = null;
  #template: {
    readonly key: ImportedKey;
    readonly compressedKey: Uint8Array;
    readonly auxiliaryData: Uint8Array | null;
  } | null = null;
  #challenge: Uint8Array | null = null;
  #terminal: AuthenticatedTerminal | null = null;

  /** Why the last certificate was refused, in words; for `explain` only. */
  reason: string | null = null;

  constructor(options: TerminalAuthenticationChipOptions) {
    this.#crypto = options.crypto;
    this.#random = options.random;
    this.#idPicc = options.idPicc;
    this.#confined = options.confined;
    this.#trust = options.trust;
  }

  /** Trust points and date as they now are. When they are not the object given, the card stores them before it answers. */
  get trust(): TrustState {
    return this.#trust;
  }

  /** The terminal, once {@link authenticate} gave 9000. */
  get terminal(): AuthenticatedTerminal | null {
    return this.#terminal;
  }

  /** MSE:Set DST. @returns 9000, 6A80 (no reference), 6A88 (no such key) */
  selectKey(template: AuthenticationTemplate): number {
    this.#selected = null;
    const name = template.publicKeyReference;
    if (name === undefined) return SW.WRONG_DATA;
    this.#selected = this.#find(name);
    return this.#selected === null ? SW.REFERENCED_DATA_NOT_FOUND : SW.OK;
  }

  /**
   * PSO: VERIFY CERTIFICATE. A certificate that is refused changes nothing: the key before stays the selected one.
   * @param data objects 7F4E and 5F37
   * @returns 9000; 6985 (no key was selected), 6A80 (malformed, or refused for what it says), 6300 (signature)
   */
  verifyCertificate(data: Uint8Array): number {
    this.reason = null;
    if (this.#selected === null) return SW.CONDITIONS_NOT_SATISFIED;
    let certificate: CardVerifiableCertificate;
    try {
      certificate = parseCertificate(data);
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      this.reason = error.message;
      return SW.WRONG_DATA;
    }
    const judged = judgeCertificate(this.#crypto, this.#trust, this.#selected, certificate);
    if ('reason' in judged) {
      this.reason = judged.reason;
      return judged.signature ? SW.AUTHENTICATION_FAILED : SW.WRONG_DATA;
    }
    const link = roleOf(certificate.authorization) === 'CVCA';
    if (!link) this.#imported = judged.key;
    this.#trust = judged.state.date === this.#trust.date && !link ? this.#trust : judged.state;
    this.#selected = null;
    this.#template = null;
    return SW.OK;
  }

  /**
   * MSE:Set AT.
   * @returns 9000; 6A80 (objects missing or of a wrong size, another algorithm than the key's), 6A88 (the key is not the
   *   terminal's that was imported last), 6982 (a terminal is authenticated already)
   */
  setTemplate(template: AuthenticationTemplate): number {
    this.#template = null;
    if (this.#terminal !== null) return SW.SECURITY_STATUS_NOT_SATISFIED;
    const { protocol, publicKeyReference, ephemeralKey, auxiliaryData } = template;
    if (protocol === undefined || publicKeyReference === undefined || ephemeralKey === undefined) return SW.WRONG_DATA;
    if (ephemeralKey.length === 0 || ephemeralKey.length > LONGEST_COMPRESSED_KEY) return SW.WRONG_DATA;
    if (auxiliaryData !== undefined && auxiliaryData.length > LONGEST_AUXILIARY_DATA) return SW.WRONG_DATA;
    const key = this.#imported;
    if (key === null || !sameBytes(key.holderReference, publicKeyReference)) return SW.REFERENCED_DATA_NOT_FOUND;
    if (roleOf(key.chain[key.chain.length - 1] as Authorization) !== 'terminal') return SW.REFERENCED_DATA_NOT_FOUND;
    if (terminalAuthenticationHash(protocol) !== key.hash) return SW.WRONG_DATA;
    this.#template = {
      key,
      compressedKey: copyBytes(ephemeralKey),
      auxiliaryData: auxiliaryData === undefined ? null : copyBytes(auxiliaryData),
    };
    return SW.OK;
  }

  /** GET CHALLENGE of 8 bytes: a new one each time, kept until it is used. */
  challenge(): Uint8Array {
    const challenge = new Uint8Array(CHALLENGE_LENGTH);
    this.#random.fill(challenge, 0, CHALLENGE_LENGTH);
    this.#challenge = copyBytes(challenge);
    return challenge;
  }

  /**
   * EXTERNAL AUTHENTICATE. A challenge is used up by it, whatever comes out.
   * @returns 9000; 6985 (no template, no challenge, or PACE was done for another terminal type), 6300 (the signature
   *   does not hold), 6982 (a terminal is authenticated already)
   */
  authenticate(signature: Uint8Array): number {
    const [template, challenge] = [this.#template, this.#challenge];
    this.#template = null;
    this.#challenge = null;
    if (this.#terminal !== null) return SW.SECURITY_STATUS_NOT_SATISFIED;
    if (template === null || challenge === null || this.#confined === null) return SW.CONDITIONS_NOT_SATISFIED;
    const { key, compressedKey, auxiliaryData } = template;
    const authorization = effectiveAuthorization([this.#confined, ...key.chain]);
    if (authorization === null) return SW.CONDITIONS_NOT_SATISFIED;
    const input = terminalSignatureInput(this.#idPicc, challenge, compressedKey, auxiliaryData);
    if (!this.#verifies(key, input, signature)) return SW.AUTHENTICATION_FAILED;
    // Only now is it the terminal's word; what cannot be read is no word.
    const items = auxiliaryData === null ? [] : parseAuxiliaryData(auxiliaryData);
    if (items === null) return SW.WRONG_DATA;
    this.#terminal = { authorization, compressedKey, auxiliaryData: items, extensions: key.extensions };
    this.#imported = null;
    return SW.OK;
  }

  #verifies(key: ImportedKey, input: Uint8Array, signature: Uint8Array): boolean {
    try {
      return this.#crypto.ecdsaVerify(key.curve, key.point, this.#crypto.hash(key.hash, input), signature);
    } catch (error) {
      if (error instanceof CryptoError) return false;
      throw error;
    }
  }

  #find(name: Uint8Array): ImportedKey | null {
    const known = this.#imported === null ? this.#trust.trustPoints : [...this.#trust.trustPoints, this.#imported];
    return known.find(({ holderReference }) => sameBytes(holderReference, name)) ?? null;
  }
}
