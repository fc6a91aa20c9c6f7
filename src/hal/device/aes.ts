import type { AesRounds, AesSchedule, AesState } from '../noble/block-cipher.ts';

/*
 * AES (FIPS 197) with 2.5 kB of tables, for a microcontroller: noble's tables of 65,536 words take 1.3 MB there. Words are
 * signed: an engine without a compiler makes an object of any number beyond 31 bits.
 */

const sbox = new Uint8Array(256);
const inverseSbox = new Uint8Array(256);
/** SubBytes and MixColumns of a column's first byte; the others are rotations of it. */
const mixed = new Int32Array(256);
/** The same of the inverse cipher. */
const unmixed = new Int32Array(256);

const FIELD = 0x11b;

function double(a: number): number {
  return (a << 1) ^ (FIELD & -(a >> 7));
}

function multiply(a: number, b: number): number {
  let product = 0;
  for (let factor = a, rest = b; rest > 0; rest >>= 1, factor = double(factor)) product ^= factor & -(rest & 1);
  return product;
}

/** The powers of 3 run through all elements but 0; those of its inverse, F6, run beside them. */
function fillTables(): void {
  for (let i = 0, a = 1, inverse = 1; i < 255; i++, a ^= double(a), inverse = multiply(inverse, 0xf6)) {
    setSbox(a, inverse);
  }
  setSbox(0, 0);
  for (let a = 0; a < 256; a++) {
    const s = sbox[a] as number;
    mixed[a] = double(s) | (s << 8) | (s << 16) | ((double(s) ^ s) << 24);
    const u = inverseSbox[a] as number;
    unmixed[a] = multiply(u, 14) | (multiply(u, 9) << 8) | (multiply(u, 13) << 16) | (multiply(u, 11) << 24);
  }
}

function setSbox(a: number, inverse: number): void {
  const twice = inverse | (inverse << 8);
  const s = (inverse ^ (twice >> 7) ^ (twice >> 6) ^ (twice >> 5) ^ (twice >> 4) ^ 0x63) & 0xff;
  sbox[a] = s;
  inverseSbox[s] = a;
}

function substituted(word: number): number {
  return (
    (sbox[word & 0xff] as number) |
    ((sbox[(word >> 8) & 0xff] as number) << 8) |
    ((sbox[(word >> 16) & 0xff] as number) << 16) |
    ((sbox[word >>> 24] as number) << 24)
  );
}

/** KeyExpansion, the words little-endian. */
function encryptingSchedule(key: Uint8Array): Int32Array {
  if (sbox[0] === 0) fillTables();
  const keyWords = key.length / 4;
  const schedule = new Int32Array(4 * (keyWords + 7));
  for (let i = 0; i < key.length; i++)
    schedule[i >> 2] = (schedule[i >> 2] as number) | ((key[i] as number) << (8 * (i & 3)));
  let constant = 1;
  for (let i = keyWords; i < schedule.length; i++) {
    let word = schedule[i - 1] as number;
    if (i % keyWords === 0) {
      word = substituted((word >>> 8) | (word << 24)) ^ constant;
      constant = double(constant);
    } else if (keyWords > 6 && i % keyWords === 4) word = substituted(word);
    schedule[i] = (schedule[i - keyWords] as number) ^ word;
  }
  return schedule;
}

/** Of the equivalent inverse cipher: last round key first, those between through InvMixColumns. */
function decryptingSchedule(key: Uint8Array): Int32Array {
  const forward = encryptingSchedule(key);
  const schedule = new Int32Array(forward.length);
  const last = forward.length - 4;
  for (let i = 0; i < forward.length; i++) {
    const word = forward[last - (i & ~3) + (i & 3)] as number;
    schedule[i] = i < 4 || i >= last ? word : unmixedColumn(word);
  }
  forward.fill(0);
  return schedule;
}

function unmixedColumn(word: number): number {
  const a = unmixed[sbox[word & 0xff] as number] as number;
  const b = unmixed[sbox[(word >> 8) & 0xff] as number] as number;
  const c = unmixed[sbox[(word >> 16) & 0xff] as number] as number;
  const d = unmixed[sbox[word >>> 24] as number] as number;
  return a ^ ((b << 8) | (b >>> 24)) ^ ((c << 16) | (c >>> 16)) ^ ((d << 24) | (d >>> 8));
}

/** One column of a round: byte 0 of `w`, 1 of `x`, 2 of `y`, 3 of `z`. */
function column(table: Int32Array, w: number, x: number, y: number, z: number): number {
  const b = table[(x >> 8) & 0xff] as number;
  const c = table[(y >> 16) & 0xff] as number;
  const d = table[z >>> 24] as number;
  return (table[w & 0xff] as number) ^ ((b << 8) | (b >>> 24)) ^ ((c << 16) | (c >>> 16)) ^ ((d << 24) | (d >>> 8));
}

/** The same of the last round, which mixes no columns. */
function lastColumn(box: Uint8Array, w: number, x: number, y: number, z: number): number {
  return (
    (box[w & 0xff] as number) |
    ((box[(x >> 8) & 0xff] as number) << 8) |
    ((box[(y >> 16) & 0xff] as number) << 16) |
    ((box[z >>> 24] as number) << 24)
  );
}

function encrypt(schedule: AesSchedule, state: AesState): void {
  const last = schedule.length - 4;
  let s0 = state.s0 ^ (schedule[0] as number);
  let s1 = state.s1 ^ (schedule[1] as number);
  let s2 = state.s2 ^ (schedule[2] as number);
  let s3 = state.s3 ^ (schedule[3] as number);
  for (let at = 4; at < last; at += 4) {
    const t0 = column(mixed, s0, s1, s2, s3) ^ (schedule[at] as number);
    const t1 = column(mixed, s1, s2, s3, s0) ^ (schedule[at + 1] as number);
    const t2 = column(mixed, s2, s3, s0, s1) ^ (schedule[at + 2] as number);
    s3 = column(mixed, s3, s0, s1, s2) ^ (schedule[at + 3] as number);
    s0 = t0;
    s1 = t1;
    s2 = t2;
  }
  state.s0 = lastColumn(sbox, s0, s1, s2, s3) ^ (schedule[last] as number);
  state.s1 = lastColumn(sbox, s1, s2, s3, s0) ^ (schedule[last + 1] as number);
  state.s2 = lastColumn(sbox, s2, s3, s0, s1) ^ (schedule[last + 2] as number);
  state.s3 = lastColumn(sbox, s3, s0, s1, s2) ^ (schedule[last + 3] as number);
}

function decrypt(schedule: AesSchedule, state: AesState): void {
  const last = schedule.length - 4;
  let s0 = state.s0 ^ (schedule[0] as number);
  let s1 = state.s1 ^ (schedule[1] as number);
  let s2 = state.s2 ^ (schedule[2] as number);
  let s3 = state.s3 ^ (schedule[3] as number);
  for (let at = 4; at < last; at += 4) {
    const t0 = column(unmixed, s0, s3, s2, s1) ^ (schedule[at] as number);
    const t1 = column(unmixed, s1, s0, s3, s2) ^ (schedule[at + 1] as number);
    const t2 = column(unmixed, s2, s1, s0, s3) ^ (schedule[at + 2] as number);
    s3 = column(unmixed, s3, s2, s1, s0) ^ (schedule[at + 3] as number);
    s0 = t0;
    s1 = t1;
    s2 = t2;
  }
  state.s0 = lastColumn(inverseSbox, s0, s3, s2, s1) ^ (schedule[last] as number);
  state.s1 = lastColumn(inverseSbox, s1, s0, s3, s2) ^ (schedule[last + 1] as number);
  state.s2 = lastColumn(inverseSbox, s2, s1, s0, s3) ^ (schedule[last + 2] as number);
  state.s3 = lastColumn(inverseSbox, s3, s2, s1, s0) ^ (schedule[last + 3] as number);
}

export const deviceAes: AesRounds = { encryptingSchedule, decryptingSchedule, encrypt, decrypt };
