/**
 * Chip authentication version 2 as the chip plays it (BSI TR-03110-3 B.2, A.2.3, A.2.4), after terminal authentication
 * and inside the channel of PACE.
 *
 * 1. MSE:Set AT names the protocol and the chip's static key: {@link ChipAuthenticationChip.select}.
 * 2. GENERAL AUTHENTICATE brings the ephemeral key that the terminal signed for, whole: `7C { 80 … }`.
 * 3. K = static key · that point, r = 8 random bytes; new keys from K ‖ r; answer `7C { 81 r, 82 token }`.
 *
 * The answer goes out under the old keys; from the next command on the new session counts, its counter at 0.
 */
import { copyBytes } from '../apdu/copy-bytes.ts';
import { SW } from '../apdu/index.ts';
import { type Crypto, CryptoError, type CurveName } from '../hal/crypto.ts';
import type { Random } from '../hal/random.ts';
import { type AuthenticationTemplate, singleByte } from './authentication-template.ts';
import { authenticationToken } from './authentication-token.ts';
import { equalInConstantTime } from './constant-time.ts';
import { compressed } from './domain-parameters.ts';
import { readDynamicAuthenticationData, writeDynamicAuthenticationData } from './dynamic-authentication-data.ts';
import { type CipherName, deriveSessionKeys } from './key-derivation.ts';
import { chipAuthenticationCipher } from './object-identifier.ts';
import { SecureSession } from './secure-session.ts';

export const CHIP_NONCE_LENGTH = 8;

/** A static key of the chip, as EF.CardSecurity shows its public half. */
export interface ChipKey {
  readonly keyId: number;
  readonly curve: CurveName;
  readonly privateKey: Uint8Array;
  /** Ciphers that ChipAuthenticationInfo offers with this key. */
  readonly ciphers: readonly CipherName[];
}

export interface ChipAuthenticationChipOptions {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly keys: readonly ChipKey[];
}

export class ChipAuthenticationChip {
  readonly #crypto: Crypto;
  readonly #random: Random;
  readonly #keys: readonly ChipKey[];
  #selected: { readonly key: ChipKey; readonly cipher: CipherName; readonly oid: Uint8Array } | null = null;
  #session: SecureSession | null = null;

  /** Data of the answer of {@link step}: valid when it gave 9000. */
  response: Uint8Array = new Uint8Array(0);

  constructor(options: ChipAuthenticationChipOptions) {
    this.#crypto = options.crypto;
    this.#random = options.random;
    this.#keys = options.keys;
  }

  /** Whether GENERAL AUTHENTICATE belongs to this protocol. */
  get selected(): boolean {
    return this.#selected !== null;
  }

  /** MSE:Set AT. Without DO 84 the first key of that cipher. @returns 9000, 6A80 (protocol), 6A88 (key) */
  select(template: AuthenticationTemplate): number {
    this.reset();
    if (template.protocol === undefined) return SW.WRONG_DATA;
    const cipher = chipAuthenticationCipher(template.protocol);
    if (cipher === null) return SW.WRONG_DATA;
    const offered = this.#keys.filter(({ ciphers }) => ciphers.includes(cipher));
    if (offered.length === 0) return SW.WRONG_DATA;
    const reference = template.privateKeyReference;
    const id = singleByte(reference);
    const key = reference === undefined ? offered[0] : offered.find(({ keyId }) => keyId === id);
    if (key === undefined) return SW.REFERENCED_DATA_NOT_FOUND;
    this.#selected = { key, cipher, oid: copyBytes(template.protocol) };
    return SW.OK;
  }

  /**
   * GENERAL AUTHENTICATE.
   * @param signedKey the compressed key of the terminal that was authenticated, null when none was
   * @returns 9000 with {@link response}; 6985 (no key selected, no terminal authenticated), 6A80 (malformed, or a point
   *   off the curve), 6300 (another key than the terminal signed for). The channel that there was stays.
   */
  step(data: Uint8Array, signedKey: Uint8Array | null): number {
    const selected = this.#selected;
    this.reset();
    if (selected === null || signedKey === null) return SW.CONDITIONS_NOT_SATISFIED;
    const objects = readDynamicAuthenticationData(data);
    const terminalKey = objects?.get(0x80);
    if (objects === null || objects.size !== 1 || terminalKey === undefined) return SW.WRONG_DATA;
    const { key, cipher, oid } = selected;
    let secret: Uint8Array;
    try {
      secret = this.#crypto.ecdh(key.curve, key.privateKey, terminalKey);
    } catch (error) {
      if (error instanceof CryptoError) return SW.WRONG_DATA;
      throw error;
    }
    const given = compressed(terminalKey);
    if (given.length !== signedKey.length || !equalInConstantTime(given, 0, signedKey, 0, given.length)) {
      secret.fill(0);
      return SW.AUTHENTICATION_FAILED;
    }
    const nonce = new Uint8Array(CHIP_NONCE_LENGTH);
    this.#random.fill(nonce, 0, nonce.length);
    const keys = deriveSessionKeys(this.#crypto, cipher, secret, nonce);
    secret.fill(0);
    this.response = writeDynamicAuthenticationData([
      [0x81, nonce],
      [0x82, authenticationToken(this.#crypto, keys.mac, oid, terminalKey)],
    ]);
    this.#session = new SecureSession(this.#crypto, keys);
    return SW.OK;
  }

  /** The new session, once, after the answer has gone out under the old keys. */
  takeSession(): SecureSession | null {
    const session = this.#session;
    this.#session = null;
    return session;
  }

  reset(): void {
    this.#selected = null;
    this.#session?.close();
    this.#session = null;
    this.response = new Uint8Array(0);
  }
}
