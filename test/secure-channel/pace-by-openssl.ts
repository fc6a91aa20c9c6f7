import { createCipheriv, createECDH, createHash } from 'node:crypto';
import type { CurveName } from '../../src/hal/crypto.ts';
import type { Random } from '../../src/hal/random.ts';
import { domainParameters } from '../../src/secure-channel/domain-parameters.ts';
import type { CipherName } from '../../src/secure-channel/key-derivation.ts';

/*
 * PACE's secret, keys and token computed a second time, by OpenSSL through node:crypto, from the private keys that a run
 * drew: what both sides of ours agree on could still be wrong on both.
 */

const OPENSSL_NAMES: Readonly<Record<CurveName, string>> = {
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
  brainpoolP256r1: 'brainpoolP256r1',
  brainpoolP384r1: 'brainpoolP384r1',
  brainpoolP512r1: 'brainpoolP512r1',
};

/** Gives what another gives, and keeps it. */
export class RecordedRandom implements Random {
  readonly draws: Uint8Array[] = [];
  readonly #source: Random;

  constructor(source: Random) {
    this.#source = source;
  }

  fill(target: Uint8Array, offset: number, length: number): void {
    this.#source.fill(target, offset, length);
    this.draws.push(Uint8Array.from(target.subarray(offset, offset + length)));
  }
}

/** The private key that is made of a draw: (seed mod (n - 1)) + 1. */
export function privateKeyOf(curve: CurveName, seed: Uint8Array): Uint8Array {
  const order = numberOf(domainParameters(curve).order);
  return bytesOf((numberOf(seed) % (order - 1n)) + 1n, domainParameters(curve).fieldLength);
}

/** X of `key` times `point`, as long as the field: OpenSSL keeps its leading zeros. */
export function sharedSecret(curve: CurveName, key: Uint8Array, point: Uint8Array): Uint8Array {
  const ecdh = createECDH(OPENSSL_NAMES[curve]);
  ecdh.setPrivateKey(key);
  return ecdh.computeSecret(point);
}

/** BSI TR-03110-3 A.2.3: SHA-1 and its first 16 bytes, or SHA-256. @param counter 1 encryption, 2 MAC */
export function sessionKey(cipher: CipherName, secret: Uint8Array, counter: number): Uint8Array {
  const hash = createHash(cipher === 'AES-128' ? 'sha1' : 'sha256');
  const length = Number(cipher.slice(4)) / 8;
  return hash
    .update(secret)
    .update(Uint8Array.of(0, 0, 0, counter))
    .digest()
    .subarray(0, length);
}

/** The first 8 bytes of CMAC over `7F49 { 06 protocol, 86 point }`, which is longer than one block. */
export function token(macKey: Uint8Array, oid: Uint8Array, point: Uint8Array): Uint8Array {
  const inner = [0x06, oid.length, ...oid, 0x86, ...berLength(point.length), ...point];
  return cmac(macKey, Uint8Array.of(0x7f, 0x49, ...berLength(inner.length), ...inner)).subarray(0, 8);
}

function cmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  const aes = (mode: string, data: Uint8Array): Uint8Array => {
    const cipher = createCipheriv(`aes-${key.length * 8}-${mode}`, key, mode === 'cbc' ? new Uint8Array(16) : null);
    cipher.setAutoPadding(false);
    return Uint8Array.of(...cipher.update(data), ...cipher.final());
  };
  const times = (block: bigint): bigint => ((block << 1n) & ((1n << 128n) - 1n)) ^ (block >> 127n === 1n ? 0x87n : 0n);
  const k1 = times(numberOf(aes('ecb', new Uint8Array(16))));
  const whole = message.length % 16 === 0;
  const last = whole ? message.subarray(-16) : Uint8Array.of(...message.subarray(message.length & ~15), 0x80);
  const padded = Uint8Array.of(...last, ...new Uint8Array(16 - last.length));
  const tail = bytesOf(numberOf(padded) ^ (whole ? k1 : times(k1)), 16);
  const blocks = Uint8Array.of(...message.subarray(0, whole ? -16 : message.length & ~15), ...tail);
  return aes('cbc', blocks).subarray(-16);
}

function berLength(length: number): number[] {
  return length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

export function numberOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

export function bytesOf(number: bigint, length: number): Uint8Array {
  return Uint8Array.from(Buffer.from(number.toString(16).padStart(2 * length, '0'), 'hex'));
}
