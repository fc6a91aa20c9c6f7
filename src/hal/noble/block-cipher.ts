import { type BlockCipher, type BlockMac, CryptoError } from '../crypto.ts';
import { checkSpan } from '../span.ts';

const BLOCK_SIZE = 16;

/** Round keys, as the rounds that made them like them. */
export type AesSchedule = Uint32Array | Int32Array;

/** AES on one block of state; the modes are here. A key has 16, 24 or 32 bytes, which is checked before. */
export interface AesRounds {
  encryptingSchedule(key: Uint8Array): AesSchedule;
  decryptingSchedule(key: Uint8Array): AesSchedule;
  /** In place. */
  encrypt(schedule: AesSchedule, state: AesState): void;
  /** In place. */
  decrypt(schedule: AesSchedule, state: AesState): void;
}

/** One block as four little-endian words. */
export class AesState {
  s0 = 0;
  s1 = 0;
  s2 = 0;
  s3 = 0;

  clear(): void {
    this.s0 = this.s1 = this.s2 = this.s3 = 0;
  }

  xor(data: Uint8Array, at: number): void {
    this.s0 ^= word(data, at);
    this.s1 ^= word(data, at + 4);
    this.s2 ^= word(data, at + 8);
    this.s3 ^= word(data, at + 12);
  }

  store(data: Uint8Array, at: number): void {
    putWord(data, at, this.s0);
    putWord(data, at + 4, this.s1);
    putWord(data, at + 8, this.s2);
    putWord(data, at + 12, this.s3);
  }
}

/** AES with a key that is kept. */
export class AesBlockCipher implements BlockCipher {
  readonly #rounds: AesRounds;
  readonly #state = new AesState();
  #encrypting: AesSchedule | null;
  #decrypting: AesSchedule | null;

  /** @throws {CryptoError} a key that has not 16, 24 or 32 bytes */
  constructor(rounds: AesRounds, key: Uint8Array) {
    checkAesKey(key);
    this.#rounds = rounds;
    this.#encrypting = rounds.encryptingSchedule(key);
    this.#decrypting = rounds.decryptingSchedule(key);
  }

  encryptBlock(data: Uint8Array, offset: number): void {
    checkSpan('data', data.length, offset, BLOCK_SIZE);
    const schedule = present(this.#encrypting);
    const state = this.#state;
    state.clear();
    state.xor(data, offset);
    this.#rounds.encrypt(schedule, state);
    state.store(data, offset);
    state.clear();
  }

  cbcEncrypt(iv: Uint8Array, data: Uint8Array, offset: number, length: number): void {
    checkBlocks(iv, data, offset, length);
    const schedule = present(this.#encrypting);
    const state = this.#state;
    state.clear();
    state.xor(iv, 0);
    for (let at = offset; at < offset + length; at += BLOCK_SIZE) {
      state.xor(data, at);
      this.#rounds.encrypt(schedule, state);
      state.store(data, at);
    }
    state.clear();
  }

  cbcDecrypt(iv: Uint8Array, data: Uint8Array, offset: number, length: number): void {
    checkBlocks(iv, data, offset, length);
    const schedule = present(this.#decrypting);
    const state = this.#state;
    // From the last block to the first, so that the block before is still the cryptogram.
    for (let at = offset + length - BLOCK_SIZE; at >= offset; at -= BLOCK_SIZE) {
      const from = at === offset ? iv : data;
      const before = at === offset ? 0 : at - BLOCK_SIZE;
      state.clear();
      state.xor(data, at);
      this.#rounds.decrypt(schedule, state);
      state.xor(from, before);
      state.store(data, at);
    }
    state.clear();
  }

  wipe(): void {
    this.#encrypting?.fill(0);
    this.#decrypting?.fill(0);
    this.#encrypting = null;
    this.#decrypting = null;
  }
}

/** RFC 4493 section 2.4, the message in pieces. */
export class AesBlockMac implements BlockMac {
  readonly #rounds: AesRounds;
  readonly #state = new AesState();
  readonly #block = new Uint8Array(BLOCK_SIZE);
  readonly #k1 = new Uint8Array(BLOCK_SIZE);
  readonly #k2 = new Uint8Array(BLOCK_SIZE);
  #schedule: AesSchedule | null;
  /** Bytes of `#block` that are taken: the last block stays there until it is known to be the last. */
  #taken = 0;

  /** @throws {CryptoError} a key that has not 16, 24 or 32 bytes */
  constructor(rounds: AesRounds, key: Uint8Array) {
    checkAesKey(key);
    this.#rounds = rounds;
    this.#schedule = rounds.encryptingSchedule(key);
    rounds.encrypt(this.#schedule, this.#state);
    this.#state.store(this.#k1, 0);
    double(this.#k1, this.#k1);
    double(this.#k1, this.#k2);
    this.#state.clear();
  }

  update(data: Uint8Array, offset: number, length: number): void {
    checkSpan('data', data.length, offset, length);
    const schedule = present(this.#schedule);
    const block = this.#block;
    const end = offset + length;
    let at = offset;
    while (at < end) {
      if (this.#taken === BLOCK_SIZE) {
        this.#state.xor(block, 0);
        this.#rounds.encrypt(schedule, this.#state);
        this.#taken = 0;
      }
      if (this.#taken === 0) {
        // Whole blocks that are not the last go in without a copy.
        while (end - at > BLOCK_SIZE) {
          this.#state.xor(data, at);
          this.#rounds.encrypt(schedule, this.#state);
          at += BLOCK_SIZE;
        }
      }
      while (at < end && this.#taken < BLOCK_SIZE) block[this.#taken++] = data[at++] as number;
    }
  }

  finish(target: Uint8Array, offset: number, size: number): void {
    checkSpan('target', target.length, offset, size);
    if (size < 1 || size > BLOCK_SIZE) throw new RangeError(`a MAC has 1 to 16 bytes, not ${size}`);
    const schedule = present(this.#schedule);
    const block = this.#block;
    const whole = this.#taken === BLOCK_SIZE;
    if (!whole) {
      block[this.#taken] = 0x80;
      block.fill(0, this.#taken + 1);
    }
    this.#state.xor(block, 0);
    this.#state.xor(whole ? this.#k1 : this.#k2, 0);
    this.#rounds.encrypt(schedule, this.#state);
    this.#state.store(block, 0);
    for (let i = 0; i < size; i++) target[offset + i] = block[i] as number;
    block.fill(0);
    this.#state.clear();
    this.#taken = 0;
  }

  wipe(): void {
    this.#schedule?.fill(0);
    this.#schedule = null;
    this.#k1.fill(0);
    this.#k2.fill(0);
    this.#block.fill(0);
    this.#state.clear();
    this.#taken = 0;
  }
}

/** @throws {CryptoError} a key that has not 16, 24 or 32 bytes */
export function checkAesKey(key: Uint8Array): void {
  if (key.length !== 16 && key.length !== 24 && key.length !== 32) {
    throw new CryptoError(`an AES key has 16, 24 or 32 bytes, not ${key.length}`);
  }
}

/** Times x in GF(2^128), most significant bit first (RFC 4493 section 2.3). */
function double(from: Uint8Array, to: Uint8Array): void {
  const carry = (from[0] as number) >> 7;
  for (let i = 0; i < BLOCK_SIZE - 1; i++) to[i] = ((from[i] as number) << 1) | ((from[i + 1] as number) >> 7);
  to[BLOCK_SIZE - 1] = ((from[BLOCK_SIZE - 1] as number) << 1) ^ (0x87 & -carry);
}

function present(schedule: AesSchedule | null): AesSchedule {
  if (schedule === null) throw new Error('this key was wiped');
  return schedule;
}

function checkBlocks(iv: Uint8Array, data: Uint8Array, offset: number, length: number): void {
  checkSpan('data', data.length, offset, length);
  if (iv.length !== BLOCK_SIZE) throw new CryptoError(`an AES-CBC IV has 16 bytes, not ${iv.length}`);
  if (length % BLOCK_SIZE !== 0) {
    throw new CryptoError(`AES-CBC without padding takes a multiple of 16 bytes, not ${length}`);
  }
}

function word(data: Uint8Array, at: number): number {
  return (
    (data[at] as number) |
    ((data[at + 1] as number) << 8) |
    ((data[at + 2] as number) << 16) |
    ((data[at + 3] as number) << 24)
  );
}

function putWord(data: Uint8Array, at: number, value: number): void {
  data[at] = value;
  data[at + 1] = value >> 8;
  data[at + 2] = value >> 16;
  data[at + 3] = value >> 24;
}
