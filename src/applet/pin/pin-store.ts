import { copyBytes } from '../../apdu/copy-bytes.ts';
import type { CardInterface } from '../../hal/card-link.ts';
import type { KeyedHash, KeyedHashes } from '../../hal/crypto.ts';
import type { Nvm } from '../../hal/nvm.ts';
import { PASSWORD } from '../../secure-channel/index.ts';
import type { CardFile } from '../files/card-file.ts';
import { interfaceIndex, PIN } from '../image/layout.ts';

/** Longest block that VERIFY may carry. */
export const LARGEST_CODE = 32;
export const CODE_HASH_LENGTH = 32;
/** Longest password of PACE: its length stands beside it where other codes have their hash. */
export const LARGEST_PASSWORD: number = CODE_HASH_LENGTH - 1;
/** Bits of the byte that says whether a code is in use. */
export const PIN_STATE = { REQUIREMENT_DISABLED: 0x01, DEACTIVATED: 0x02 } as const;
/** Any reference, in a look-up. */
const ANY = -1;

/** A code of the card: its policy from the image. Its counter and hash stay there. */
export interface Pin {
  /** Place in the code table, and bit in the security status. */
  readonly slot: number;
  readonly reference: number;
  readonly directory: CardFile;
  /** References 01 to 1F, in the MF: counts everywhere. */
  readonly cardWide: boolean;
  readonly minLength: number;
  readonly maxLength: number;
  readonly paddedLength: number;
  readonly paddingByte: number;
  readonly tries: number;
  /** Security condition bytes: contact, contactless, wired. */
  readonly access: Uint8Array;
  readonly unlocksHolder: boolean;
  readonly canBeDisabled: boolean;
  readonly unblockedBy: number;
  /** Reference as a password of PACE: 1 MRZ, 2 CAN, 3 PIN, 4 PUK; 0: it is none. */
  readonly password: number;
  /** Address of its entry in the image. */
  readonly address: number;
}

/** Results of {@link PinStore.comparePrefix} that are no length: no beginning matches; or no try was left. */
export const MISMATCH = -1;
export const BLOCKED = -2;

/**
 * The codes: kept as keyed hashes, but those that are passwords of PACE, whose own bytes the protocol needs; each with
 * a counter that is lowered, durably, before a comparison.
 */
export class PinStore {
  readonly #nvm: Nvm;
  readonly #pins: readonly Pin[];
  readonly #hash: KeyedHash;
  readonly #message = new Uint8Array(3 + LARGEST_CODE);
  readonly #computed = new Uint8Array(CODE_HASH_LENGTH);
  readonly #stored = new Uint8Array(CODE_HASH_LENGTH);
  readonly #byte = new Uint8Array(1);

  constructor(nvm: Nvm, crypto: KeyedHashes, secret: Uint8Array, pins: readonly Pin[]) {
    this.#nvm = nvm;
    this.#pins = pins;
    this.#hash = crypto.keyedHash('sha-256', secret);
  }

  /**
   * The code that P2 of VERIFY names from a directory: a local one of the nearest DF that has it, up to the
   * application; a card-wide one from anywhere.
   */
  find(reference: number, directory: CardFile): Pin | null {
    if ((reference & 0x80) === 0) return this.#of(directory, reference, true);
    for (let at = directory; ; at = at.parent) {
      const pin = this.#of(at, reference, false);
      if (pin !== null || at === at.application) return pin;
    }
  }

  /**
   * The code that a rule without an environment number means: the first one of the nearest DF that has any, up to the
   * application; else the first of the card.
   */
  firstOf(directory: CardFile): Pin | null {
    for (let at = directory; ; at = at.parent) {
      const pin = this.#of(at, ANY, false);
      if (pin !== null) return pin;
      if (at === at.application) return this.#of(at, ANY, true);
    }
  }

  #of(directory: CardFile, reference: number, cardWide: boolean): Pin | null {
    for (let i = 0; i < this.#pins.length; i++) {
      const pin = this.#pins[i] as Pin;
      const here = cardWide ? pin.cardWide : pin.directory === directory;
      if (here && (reference === ANY || pin.reference === reference)) return pin;
    }
    return null;
  }

  triesLeft(pin: Pin): number {
    return this.#nvm.readByte(pin.address + PIN.TRIES_LEFT);
  }

  /** Whether the card asks for this code at all: its requirement can be disabled. */
  isRequired(pin: Pin): boolean {
    return !pin.canBeDisabled || (this.#state(pin) & PIN_STATE.REQUIREMENT_DISABLED) === 0;
  }

  /** In the open transaction. */
  setRequired(pin: Pin, required: boolean): void {
    const others = this.#state(pin) & ~PIN_STATE.REQUIREMENT_DISABLED;
    this.#writeByte(pin.address + PIN.STATE, others | (required ? 0 : PIN_STATE.REQUIREMENT_DISABLED));
  }

  isDeactivated(pin: Pin): boolean {
    return (this.#state(pin) & PIN_STATE.DEACTIVATED) !== 0;
  }

  #state(pin: Pin): number {
    return this.#nvm.readByte(pin.address + PIN.STATE);
  }

  /** Whether the card has passwords of PACE. */
  get hasPasswords(): boolean {
    return this.#pins.some(({ password }) => password !== 0);
  }

  /** The code that is this password of PACE, 1 MRZ, 2 CAN, 3 PIN, 4 PUK; or null. */
  passwordCode(password: number): Pin | null {
    return password === 0 ? null : (this.#pins.find((pin) => pin.password === password) ?? null);
  }

  /** The bytes of a password; the caller wipes them. */
  reveal(pin: Pin): Uint8Array {
    storedCode(this.#hash, this.#message, pin, this.#message, 0, 0, this.#computed);
    this.#nvm.read(pin.address + PIN.HASH, this.#stored, 0, CODE_HASH_LENGTH);
    for (let i = 0; i < CODE_HASH_LENGTH; i++)
      this.#stored[i] = (this.#stored[i] as number) ^ (this.#computed[i] as number);
    const password = copyBytes(this.#stored, 1, 1 + (this.#stored[0] as number));
    this.#computed.fill(0);
    this.#stored.fill(0);
    return password;
  }

  /** Sets the tries left, durable at once. @throws {HalError} `storage` */
  setTries(pin: Pin, tries: number): void {
    this.#writeByte(pin.address + PIN.TRIES_LEFT, tries);
    this.#nvm.flush();
  }

  /** The code whose presentation resets the counter of `pin`, in the same directory, or null. */
  unblockingCode(pin: Pin): Pin | null {
    return this.#pins.find((each) => each.reference === pin.unblockedBy && each.directory === pin.directory) ?? null;
  }

  /** Whether a block can become the code: its length, and for a padded one that nothing but padding follows it. */
  acceptsNew(pin: Pin, data: Uint8Array, offset: number, length: number): boolean {
    if (!this.acceptsLength(pin, length)) return false;
    if (pin.paddedLength === 0) return true;
    let digits = length;
    while (digits > 0 && data[offset + digits - 1] === pin.paddingByte) digits--;
    return digits >= pin.minLength && digits <= pin.maxLength;
  }

  /** Makes a block the code, in the open transaction. */
  store(pin: Pin, data: Uint8Array, offset: number, length: number): void {
    storedCode(this.#hash, this.#message, pin, data, offset, length, this.#computed);
    this.#nvm.write(pin.address + PIN.HASH, this.#computed, 0, CODE_HASH_LENGTH);
    this.#computed.fill(0);
    this.#message.fill(0);
  }

  /** Gives all tries back, in the open transaction. */
  restoreTries(pin: Pin): void {
    this.#writeByte(pin.address + PIN.TRIES_LEFT, pin.tries);
  }

  /** Whether a block of this length can be the code: lengths are public and cost no try. */
  acceptsLength(pin: Pin, length: number): boolean {
    if (pin.paddedLength > 0) return length === pin.paddedLength;
    return length >= pin.minLength && length <= pin.maxLength;
  }

  accessCondition(pin: Pin, cardInterface: CardInterface): number {
    return pin.access[interfaceIndex(cardInterface)] as number;
  }

  /**
   * Compares every beginning of the data that is `least` to `most` bytes long, for one try: a code of variable length
   * that something else follows has no mark at its end.
   *
   * The try is paid, and durable, before anything is compared, so that cutting the power gains nothing; a match gives
   * the tries back.
   * @returns length of the beginning that is the code, {@link MISMATCH}, or {@link BLOCKED}
   * @throws {HalError} `storage`: nothing was compared, or the tries could not be given back
   */
  comparePrefix(pin: Pin, data: Uint8Array, offset: number, least: number, most: number): number {
    const left = this.triesLeft(pin);
    if (left === 0) return BLOCKED;
    this.setTries(pin, left - 1);
    this.#nvm.read(pin.address + PIN.HASH, this.#stored, 0, CODE_HASH_LENGTH);
    let matched: number = MISMATCH;
    for (let length = least; length <= most; length++) {
      storedCode(this.#hash, this.#message, pin, data, offset, length, this.#computed);
      if (equalInConstantTime(this.#computed, this.#stored)) matched = length;
    }
    this.#computed.fill(0);
    this.#message.fill(0);
    if (matched === MISMATCH) return MISMATCH;
    // Nothing gives back the tries of a PUK, but the one that it has just won.
    this.setTries(pin, pin.password === PASSWORD.PUK ? left : pin.tries);
    return matched;
  }

  #writeByte(address: number, value: number): void {
    this.#byte[0] = value;
    this.#nvm.write(address, this.#byte, 0, 1);
  }
}

/** What of a code its hash depends on besides the block itself. */
export interface HashedCode {
  readonly reference: number;
  readonly directory: { readonly index: number };
  readonly password: number;
}

/**
 * What the image keeps of a code: HMAC over reference, directory and block, so that equal codes have unequal hashes.
 * Of a password: its length and bytes, filled up with 00, under the HMAC over reference and directory. Both are compared
 * in the same way, and no text of an image is a code.
 */
export function storedCode(
  hash: KeyedHash,
  scratch: Uint8Array,
  code: HashedCode,
  data: Uint8Array,
  offset: number,
  length: number,
  target: Uint8Array,
): void {
  scratch[0] = code.reference;
  scratch[1] = code.directory.index >> 8;
  scratch[2] = code.directory.index & 0xff;
  if (code.password !== 0) {
    hash.digest(scratch, 0, 3, target, 0);
    target[0] = (target[0] as number) ^ length;
    for (let i = 0; i < length; i++) target[1 + i] = (target[1 + i] as number) ^ (data[offset + i] as number);
    return;
  }
  for (let i = 0; i < length; i++) scratch[3 + i] = data[offset + i] as number;
  hash.digest(scratch, 0, 3 + length, target, 0);
}

function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}
