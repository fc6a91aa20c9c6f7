import type { Crypto } from '../../src/hal/crypto.ts';
import { nobleCiphers } from '../../src/hal/noble/ciphers.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';

/**
 * Crypto whose curves are the integers modulo a prime with addition: a group in which everybody finds the private key,
 * and in which a whole PACE takes a millisecond. The model asks for thousands, and for what the card does with them, not
 * for points: those have their tests in test/secure-channel.
 */
const ORDER = 2n ** 255n - 19n;
const LENGTH = 32;

export function quickGroup(): Crypto {
  return {
    ...nobleHashes(),
    ...nobleCiphers(),
    privateKey: (_, seed) => bytes((number(seed) % (ORDER - 1n)) + 1n),
    publicKey: (_, key) => point(number(key)),
    ecdh: (_, key, other) => bytes(number(key) * place(other)),
    multiply: (_, scalar, other) => point(number(scalar) * place(other)),
    addPoints: (_, a, b) => point(place(a) + place(b)),
    reduceScalar: (_, long) => bytes(number(long)),
    divideScalars: notHere,
    ecdsaSign: notHere,
    ecdsaVerify: notHere,
  };
}

function notHere(): never {
  throw new Error('the model has no keys');
}

function number(of: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(of).toString('hex')}`);
}

function bytes(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from((value % ORDER).toString(16).padStart(2 * LENGTH, '0'), 'hex'));
}

/** `04`, and the number twice. */
function point(value: bigint): Uint8Array {
  const half = bytes(value);
  return Uint8Array.of(0x04, ...half, ...half);
}

function place(of: Uint8Array): bigint {
  return number(of.subarray(1, 1 + LENGTH));
}
