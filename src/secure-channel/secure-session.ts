import type { BlockCipher, BlockMac, Crypto } from '../hal/crypto.ts';
import type { CipherName, SessionKeys } from './key-derivation.ts';

export const BLOCK_SIZE = 16;
/** Bytes of the cryptographic checksum in DO 8E. */
export const MAC_LENGTH = 8;

/** ISO/IEC 7816-4 padding: 80, then zeros. */
const PADDING: Uint8Array = Uint8Array.of(0x80, ...new Uint8Array(BLOCK_SIZE - 1));

export type SessionCrypto = Pick<Crypto, 'blockCipher' | 'blockMac'>;

/**
 * One channel's keys and its send sequence counter (BSI TR-03110-3 F.4.2 and F.5): the same on both sides. The counter
 * has 16 bytes, starts at 0, and is raised before each message. Nothing is allocated here after the constructor.
 *
 * Once closed it stays closed, and its keys are wiped. It closes by itself when its counter is at its end.
 */
export class SecureSession {
  readonly cipher: CipherName;
  /** The counter as it stands, big-endian. To be read only. */
  readonly counter: Uint8Array = new Uint8Array(BLOCK_SIZE);
  readonly #cipher: BlockCipher;
  readonly #mac: BlockMac;
  readonly #iv = new Uint8Array(BLOCK_SIZE);
  #macLength = 0;
  #open = true;

  /**
   * The keys' bytes are wiped here: the session keeps their schedules.
   * @param counter where a recorded session goes on that is opened in its middle; a new one begins at 0
   * @throws {CryptoError} key length
   */
  constructor(crypto: SessionCrypto, keys: SessionKeys, counter?: Uint8Array) {
    if (counter !== undefined) this.counter.set(counter);
    this.cipher = keys.cipher;
    this.#cipher = crypto.blockCipher(keys.enc);
    this.#mac = crypto.blockMac(keys.mac);
    keys.enc.fill(0);
    keys.mac.fill(0);
  }

  get open(): boolean {
    return this.#open;
  }

  /** Wipes the keys. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#cipher.wipe();
    this.#mac.wipe();
    this.#iv.fill(0);
    this.counter.fill(0);
  }

  /**
   * Raises the counter for the next message and takes it into that message's MAC.
   * @returns false when the session is closed, or the counter at its end: the session is then closed
   */
  begin(): boolean {
    if (!this.#open) return false;
    const counter = this.counter;
    let at = BLOCK_SIZE - 1;
    while (at >= 0 && counter[at] === 0xff) at--;
    if (at < 0) {
      this.close();
      return false;
    }
    counter[at] = (counter[at] as number) + 1;
    counter.fill(0, at + 1);
    this.#mac.update(counter, 0, BLOCK_SIZE);
    this.#macLength = 0;
    return true;
  }

  /** Adds bytes to the MAC of this message. */
  authenticate(bytes: Uint8Array, offset: number, length: number): void {
    this.#mac.update(bytes, offset, length);
    this.#macLength += length;
  }

  /** Pads the part since the last padding to whole blocks; a part of no bytes gets none. */
  padAuthenticated(): void {
    if (this.#macLength === 0) return;
    this.#mac.update(PADDING, 0, BLOCK_SIZE - (this.#macLength % BLOCK_SIZE));
    this.#macLength = 0;
  }

  /** Writes the MAC of this message, {@link MAC_LENGTH} bytes. */
  checksum(target: Uint8Array, offset: number): void {
    this.#mac.finish(target, offset, MAC_LENGTH);
  }

  /** Encrypts whole blocks in place under this message's IV, E(K_ENC, counter). */
  encrypt(bytes: Uint8Array, offset: number, length: number): void {
    this.#cipher.cbcEncrypt(this.#messageIv(), bytes, offset, length);
  }

  decrypt(bytes: Uint8Array, offset: number, length: number): void {
    this.#cipher.cbcDecrypt(this.#messageIv(), bytes, offset, length);
  }

  #messageIv(): Uint8Array {
    this.#iv.set(this.counter);
    this.#cipher.encryptBlock(this.#iv, 0);
    return this.#iv;
  }
}

/** Bytes of `length` bytes with their padding. */
export function paddedLength(length: number): number {
  return length + BLOCK_SIZE - (length % BLOCK_SIZE);
}

/** Writes 80 00 … from `end` of the data to the end of its last block, which must have room. */
export function pad(bytes: Uint8Array, end: number, count: number): void {
  bytes[end] = 0x80;
  bytes.fill(0, end + 1, end + count);
}

/** Bytes of data before the padding, or -1 where there is no padding of ISO/IEC 7816-4 in the last block. */
export function unpaddedLength(bytes: Uint8Array, offset: number, length: number): number {
  let at = offset + length - 1;
  const first = offset + length - BLOCK_SIZE;
  while (at > first && bytes[at] === 0) at--;
  return at >= offset && bytes[at] === 0x80 ? at - offset : -1;
}
