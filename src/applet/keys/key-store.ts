import { copyBytes } from '../../apdu/copy-bytes.ts';
import type { CardInterface } from '../../hal/card-link.ts';
import { crc32 } from '../../hal/crc32.ts';
import type { CurveName } from '../../hal/crypto.ts';
import { type CipherName, fieldLength, type TrustState } from '../../secure-channel/index.ts';
import type { CardFile } from '../files/card-file.ts';
import { interfaceIndex, KEY, LARGEST_KEY_VALUE, TRUST } from '../image/layout.ts';
import type { TransactionalNvm } from '../nvm/transactional-nvm.ts';
import { decodeTrust, encodeTrust } from './key-coding.ts';

/** A key of the card: its policy from the image. Its value and its counter stay there. */
export interface CardKey {
  /** Place among the keys, and bit in the security status. */
  readonly slot: number;
  readonly reference: number;
  readonly directory: CardFile;
  /** It stands in the MF: counts everywhere. */
  readonly cardWide: boolean;
  readonly algorithm:
    | { readonly kind: 'aes'; readonly bytes: 16 | 24 | 32 }
    | { readonly kind: 'ec'; readonly curve: CurveName };
  /** Bits of KEY_USE. */
  readonly uses: number;
  readonly ciphers: readonly CipherName[];
  /** 0 for no counter. */
  readonly tries: number;
  /** Security condition bytes: contact, contactless, wired. */
  readonly access: Uint8Array;
  readonly generate: Uint8Array;
  /** Address of its entry in the image. */
  readonly address: number;
}

/** The keys of the card, and whose certificates it trusts. What changes is written in the open transaction. */
export class KeyStore {
  readonly all: readonly CardKey[];
  readonly #nvm: TransactionalNvm;
  /** Address of the trust points, or null for a card that trusts nobody. */
  readonly #trust: number | null;
  readonly #byte = new Uint8Array(1);

  constructor(nvm: TransactionalNvm, keys: readonly CardKey[], trust: number | null) {
    this.#nvm = nvm;
    this.all = keys;
    this.#trust = trust;
  }

  /**
   * The key that a command names from a directory: a local one of the nearest DF that has it, up to the application; a
   * card-wide one from anywhere.
   * @param use bit of KEY_USE that it must have
   */
  find(reference: number, directory: CardFile, use: number): CardKey | null {
    for (let at = directory; ; at = at.parent) {
      for (let i = 0; i < this.all.length; i++) {
        const key = this.all[i] as CardKey;
        if (key.reference !== reference || (key.uses & use) === 0) continue;
        if (key.cardWide || key.directory === at) return key;
      }
      if (at === at.application) return null;
    }
  }

  isPresent(key: CardKey): boolean {
    return this.#nvm.readByte(key.address + KEY.PRESENT) === 1;
  }

  /** A copy of the value, to be wiped after use; null when it is not there, or damaged. */
  value(key: CardKey): Uint8Array | null {
    if (!this.isPresent(key)) return null;
    const bytes = new Uint8Array(LARGEST_KEY_VALUE + 6);
    this.#nvm.read(key.address + KEY.VALUE, bytes, 0, bytes.length);
    const whole =
      crc32(bytes, 0, LARGEST_KEY_VALUE) === new DataView(bytes.buffer).getUint32(KEY.VALUE_CRC - KEY.VALUE);
    const value = whole ? copyBytes(bytes, 0, valueLength(key)) : null;
    bytes.fill(0);
    return value;
  }

  /** Makes bytes the value of the key. */
  store(key: CardKey, value: Uint8Array): void {
    const state = new Uint8Array(KEY.SIZE - KEY.PRESENT);
    state[0] = 1;
    state.set(value, KEY.VALUE - KEY.PRESENT);
    const start = KEY.VALUE - KEY.PRESENT;
    new DataView(state.buffer).setUint32(KEY.VALUE_CRC - KEY.PRESENT, crc32(state, start, LARGEST_KEY_VALUE));
    this.#nvm.write(key.address + KEY.PRESENT, state, 0, state.length);
    state.fill(0);
  }

  /** Tries left; 15 for a key without a counter. */
  triesLeft(key: CardKey): number {
    return key.tries === 0 ? 15 : this.#nvm.readByte(key.address + KEY.TRIES_LEFT);
  }

  /** Pays a try, durably: before anything is compared. @throws {HalError} `storage` */
  payTry(key: CardKey): void {
    if (key.tries === 0) return;
    this.#writeTries(key, this.triesLeft(key) - 1);
    this.#nvm.flush();
  }

  restoreTries(key: CardKey): void {
    if (key.tries > 0) this.#writeTries(key, key.tries);
  }

  accessCondition(key: CardKey, cardInterface: CardInterface): number {
    return key.access[interfaceIndex(cardInterface)] as number;
  }

  generationCondition(key: CardKey, cardInterface: CardInterface): number {
    return key.generate[interfaceIndex(cardInterface)] as number;
  }

  /** Trust points and date as they are now; null for a card that trusts nobody. */
  trust(): TrustState | null {
    if (this.#trust === null) return null;
    const bytes = new Uint8Array(TRUST.SIZE);
    this.#nvm.read(this.#trust, bytes, 0, bytes.length);
    return decodeTrust(bytes);
  }

  /** Keeps new trust points and a new date, all in one write. */
  storeTrust(state: TrustState): void {
    const bytes = encodeTrust(state);
    if (this.#trust === null || bytes === null) throw new Error('trust points that the image has no room for');
    this.#nvm.write(this.#trust, bytes, 0, bytes.length);
  }

  #writeTries(key: CardKey, tries: number): void {
    this.#byte[0] = tries;
    this.#nvm.write(key.address + KEY.TRIES_LEFT, this.#byte, 0, 1);
  }
}

function valueLength({ algorithm }: CardKey): number {
  if (algorithm.kind === 'aes') return algorithm.bytes;
  return fieldLength(algorithm.curve);
}
