import { expect, it } from 'vitest';
import { type CurveOperation, doAlone, noting } from '../../../../rig/measure/crypto/curve-operations.ts';
import { toHex } from '../../../../src/apdu/index.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { randomKeyPair } from '../../../../src/secure-channel/index.ts';

it.each(['P-256', 'brainpoolP512r1'] as const)('what is measured alone on %s is what was asked for', (curve) => {
  const crypto = nobleCrypto();
  const random = new SeededRandom('operations');
  const [a, b] = [randomKeyPair(crypto, random, curve), randomKeyPair(crypto, random, curve)];
  const asked: CurveOperation[] = [];
  const noted = noting(crypto, (operation) => asked.push(operation));
  const digest = crypto.hash('sha-512', a.publicKey);
  const signature = noted.ecdsaSign(curve, a.privateKey, digest);
  const given: unknown[] = [
    signature,
    noted.publicKey(curve, a.privateKey),
    noted.multiply(curve, a.privateKey, b.publicKey),
    noted.addPoints(curve, a.publicKey, b.publicKey),
    noted.ecdsaVerify(curve, a.publicKey, digest, signature),
    noted.ecdsaVerify(curve, b.publicKey, digest, signature),
  ];
  expect(asked.map(({ name }) => name)).toEqual([
    'ecdsaSign',
    'publicKey',
    'multiply',
    'addPoints',
    'ecdsaVerify',
    'ecdsaVerify',
  ]);
  expect(asked.map((operation) => shown(doAlone(operation)))).toEqual(given.map(shown));
  // A shared secret is the X of the same point.
  const secret = noted.ecdh(curve, b.privateKey, a.publicKey);
  const point = shown(doAlone(asked[asked.length - 1]!));
  expect(point.slice(2, 2 + 2 * secret.length)).toBe(toHex(secret));
});

it('keeps copies: a protocol wipes its keys', () => {
  const asked: CurveOperation[] = [];
  const key = Uint8Array.of(...new Uint8Array(31), 5);
  const noted = noting(nobleCrypto(), (operation) => asked.push(operation));
  const given = noted.publicKey('P-256', key);
  key.fill(0);
  expect(shown(doAlone(asked[0]!))).toBe(toHex(given));
});

function shown(value: unknown): string {
  return value instanceof Uint8Array ? toHex(value) : String(value);
}
