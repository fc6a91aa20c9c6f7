import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { type Crypto, CryptoError, type CurveName, type HashName } from '../../src/hal/crypto.ts';

const HASHES: readonly HashName[] = ['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512'];
const CURVES: readonly { readonly name: CurveName; readonly bytes: number }[] = [
  { name: 'P-256', bytes: 32 },
  { name: 'P-384', bytes: 48 },
  { name: 'P-521', bytes: 66 },
  { name: 'brainpoolP256r1', bytes: 32 },
  { name: 'brainpoolP384r1', bytes: 48 },
  { name: 'brainpoolP512r1', bytes: 64 },
];
const nodeName = (name: HashName): string => name.replace('-', '');
const sequence = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + 7) & 0xff);

/** What every Crypto promises, apart from its known answers: those are checked for each driver against vectors. */
export function cryptoContract(name: string, setup: () => Crypto): void {
  describe(`Crypto contract: ${name}`, () => {
    const crypto = setup();

    it.each(HASHES)('%s equals that of OpenSSL around the block limits', (hash) => {
      for (const length of [0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 1000]) {
        const data = sequence(length);
        expect(hex(crypto.hash(hash, data)), `${length} bytes`).toBe(
          createHash(nodeName(hash)).update(data).digest('hex'),
        );
      }
    });

    it.each(HASHES)('HMAC with %s equals that of OpenSSL, key and message around the block limits', (hash) => {
      for (const keyLength of [0, 1, 32, 63, 64, 65, 127, 128, 129, 200]) {
        const key = sequence(keyLength);
        const keyed = crypto.keyedHash(hash, key);
        for (const length of [0, 1, 31, 32, 33, 63, 64, 65, 128, 300]) {
          const data = sequence(length);
          const target = new Uint8Array(keyed.size);
          keyed.digest(data, 0, length, target, 0);
          expect(hex(target), `key ${keyLength}, message ${length}`).toBe(
            createHmac(nodeName(hash), key).update(data).digest('hex'),
          );
        }
      }
    });

    it('a keyed hash takes its message from the middle and puts its result into the middle', () => {
      const keyed = crypto.keyedHash('sha-256', sequence(32));
      const data = sequence(100);
      const target = new Uint8Array(40).fill(0xee);
      keyed.digest(data, 10, 50, target, 4);
      expect([...target.subarray(0, 4), ...target.subarray(36)]).toEqual(new Array(8).fill(0xee));
      expect(hex(target.subarray(4, 36))).toBe(
        createHmac('sha256', sequence(32)).update(data.subarray(10, 60)).digest('hex'),
      );
      expect(data).toEqual(sequence(100));
    });

    it('a keyed hash keeps its key to itself, and two of them do not disturb each other', () => {
      const key = sequence(16);
      const [first, second] = [crypto.keyedHash('sha-256', key), crypto.keyedHash('sha-256', sequence(17))];
      key.fill(0);
      const results = [new Uint8Array(32), new Uint8Array(32), new Uint8Array(32)] as const;
      first.digest(sequence(5), 0, 5, results[0], 0);
      second.digest(sequence(5), 0, 5, results[1], 0);
      first.digest(sequence(5), 0, 5, results[2], 0);
      const expected = createHmac('sha256', sequence(16)).update(sequence(5)).digest('hex');
      expect([hex(results[0]), hex(results[2])]).toEqual([expected, expected]);
      expect(hex(results[1])).not.toBe(expected);
    });

    it('a keyed hash may put its result over its own message', () => {
      const buffer = sequence(32);
      crypto.keyedHash('sha-256', sequence(8)).digest(buffer, 0, 32, buffer, 0);
      expect(hex(buffer)).toBe(createHmac('sha256', sequence(8)).update(sequence(32)).digest('hex'));
    });

    it.each([
      [-1, 1, 0],
      [0, 11, 0],
      [10, 1, 0],
      [0, 1, 1],
      [0, 1, -1],
    ])('a keyed hash refuses offset %s, length %s, target offset %s', (offset, length, targetOffset) => {
      const keyed = crypto.keyedHash('sha-256', sequence(8));
      expect(() => keyed.digest(new Uint8Array(10), offset, length, new Uint8Array(32), targetOffset)).toThrow(
        RangeError,
      );
    });

    it.each([0, 1, 15, 17, 31, 33, 40])('refuses an AES key of %s bytes', (length) => {
      const key = sequence(length);
      expect(() => crypto.cmac(key, sequence(3))).toThrow(CryptoError);
      expect(() => crypto.aesCbcEncrypt(key, sequence(16), sequence(16))).toThrow(CryptoError);
      expect(() => crypto.aesCbcDecrypt(key, sequence(16), sequence(16))).toThrow(CryptoError);
    });

    it.each([
      ['IV of 15 bytes', 15, 16],
      ['IV of 17 bytes', 17, 16],
      ['data of 15 bytes', 16, 15],
      ['data of 17 bytes', 16, 17],
    ])('refuses AES-CBC with %s', (_, ivLength, dataLength) => {
      expect(() => crypto.aesCbcEncrypt(sequence(16), sequence(ivLength), sequence(dataLength))).toThrow(CryptoError);
      expect(() => crypto.aesCbcDecrypt(sequence(16), sequence(ivLength), sequence(dataLength))).toThrow(CryptoError);
    });

    it('AES-CBC leaves its inputs alone and takes no data at all', () => {
      const [key, iv, data] = [sequence(16), sequence(16), sequence(48)];
      crypto.aesCbcDecrypt(key, iv, crypto.aesCbcEncrypt(key, iv, data));
      expect([key, iv, data]).toEqual([sequence(16), sequence(16), sequence(48)]);
      expect(crypto.aesCbcEncrypt(key, iv, new Uint8Array(0))).toHaveLength(0);
      expect(crypto.aesCbcDecrypt(key, iv, new Uint8Array(0))).toHaveLength(0);
    });

    it('a key that is kept encrypts, decrypts and authenticates in place as the single calls do', () => {
      for (const keyLength of [16, 24, 32]) {
        const [key, iv] = [sequence(keyLength), sequence(16)];
        const cipher = crypto.blockCipher(key);
        const mac = crypto.blockMac(key);
        key.fill(0);
        const kept = sequence(keyLength);
        for (const blocks of [0, 1, 2, 7]) {
          const buffer = sequence(16 * blocks + 9);
          cipher.cbcEncrypt(iv, buffer, 4, 16 * blocks);
          const expected = sequence(16 * blocks + 9);
          expected.set(crypto.aesCbcEncrypt(kept, iv, copyBytes(expected, 4, 4 + 16 * blocks)), 4);
          expect(buffer).toEqual(expected);
          cipher.cbcDecrypt(iv, buffer, 4, 16 * blocks);
          expect(buffer).toEqual(sequence(16 * blocks + 9));
        }
        const block = sequence(20);
        cipher.encryptBlock(block, 3);
        expect(copyBytes(block, 3, 19)).toEqual(
          crypto.aesCbcEncrypt(kept, new Uint8Array(16), copyBytes(sequence(20), 3, 19)),
        );
        expect(iv).toEqual(sequence(16));
        for (const length of [0, 1, 15, 16, 17, 31, 32, 33, 48, 100]) {
          for (const cut of [0, 1, 7, 15, 16, 17, 32]) {
            const data = sequence(length);
            const target = new Uint8Array(20);
            mac.update(data, 0, Math.min(cut, length));
            mac.update(data, Math.min(cut, length), length - Math.min(cut, length));
            mac.finish(target, 2, 16);
            expect(hex(target), `${length} bytes cut at ${cut}`).toBe(`0000${hex(crypto.cmac(kept, data))}0000`);
          }
        }
      }
    });

    it('a kept MAC can be cut to its first bytes, and two keys do not disturb each other', () => {
      const [first, second] = [crypto.blockMac(sequence(16)), crypto.blockMac(sequence(32))];
      const target = new Uint8Array(16);
      first.update(sequence(20), 0, 10);
      second.update(sequence(20), 0, 20);
      first.update(sequence(20), 10, 10);
      second.finish(target, 8, 8);
      first.finish(target, 0, 8);
      expect(hex(target)).toBe(
        hex(copyBytes(crypto.cmac(sequence(16), sequence(20)), 0, 8)) +
          hex(copyBytes(crypto.cmac(sequence(32), sequence(20)), 0, 8)),
      );
    });

    it('a kept key refuses wrong lengths and spans', () => {
      for (const length of [0, 1, 15, 17, 31, 33]) {
        expect(() => crypto.blockCipher(sequence(length))).toThrow(CryptoError);
        expect(() => crypto.blockMac(sequence(length))).toThrow(CryptoError);
      }
      const cipher = crypto.blockCipher(sequence(16));
      const mac = crypto.blockMac(sequence(16));
      const data = new Uint8Array(32);
      expect(() => cipher.encryptBlock(data, 17)).toThrow(RangeError);
      expect(() => cipher.cbcEncrypt(sequence(16), data, 1, 32)).toThrow(RangeError);
      expect(() => cipher.cbcDecrypt(sequence(16), data, 0, 48)).toThrow(RangeError);
      expect(() => cipher.cbcEncrypt(sequence(16), data, 0, 15)).toThrow(CryptoError);
      expect(() => cipher.cbcDecrypt(sequence(15), data, 0, 16)).toThrow(CryptoError);
      expect(() => mac.update(data, 0, 33)).toThrow(RangeError);
      expect(() => mac.finish(data, 30, 8)).toThrow(RangeError);
      expect(() => mac.finish(data, 0, 0)).toThrow(RangeError);
      expect(() => mac.finish(data, 0, 17)).toThrow(RangeError);
    });

    it('a wiped key works no more', () => {
      const cipher = crypto.blockCipher(sequence(16));
      const mac = crypto.blockMac(sequence(16));
      cipher.wipe();
      mac.wipe();
      const data = sequence(32);
      expect(() => cipher.encryptBlock(data, 0)).toThrow();
      expect(() => cipher.cbcEncrypt(sequence(16), data, 0, 16)).toThrow();
      expect(() => cipher.cbcDecrypt(sequence(16), data, 0, 16)).toThrow();
      expect(() => mac.update(data, 0, 16)).toThrow();
      expect(() => mac.finish(data, 0, 8)).toThrow();
      expect(data).toEqual(sequence(32));
    });

    describe.each(CURVES)('$name', ({ name: curve, bytes }) => {
      const [alice, bob] = [
        crypto.privateKey(curve, sequence(bytes + 8)),
        crypto.privateKey(curve, sequence(bytes + 9)),
      ];

      it('makes keys of the right lengths, the same from the same seed', () => {
        expect(alice).toHaveLength(bytes);
        expect(crypto.privateKey(curve, sequence(bytes + 8))).toEqual(alice);
        expect(alice).not.toEqual(bob);
        const point = crypto.publicKey(curve, alice);
        expect([point.length, point[0]]).toEqual([1 + 2 * bytes, 0x04]);
      });

      it('agrees on a secret', () => {
        const secret = crypto.ecdh(curve, alice, crypto.publicKey(curve, bob));
        expect(secret).toHaveLength(bytes);
        expect(crypto.ecdh(curve, bob, crypto.publicKey(curve, alice))).toEqual(secret);
      });

      const one = Uint8Array.of(...new Uint8Array(bytes - 1), 1);
      const generator = crypto.publicKey(curve, one);

      it('multiplies and adds points as the group does', () => {
        expect(crypto.multiply(curve, alice, generator)).toEqual(crypto.publicKey(curve, alice));
        const shared = crypto.multiply(curve, alice, crypto.publicKey(curve, bob));
        expect(crypto.multiply(curve, bob, crypto.publicKey(curve, alice))).toEqual(shared);
        expect(copyBytes(shared, 1, 1 + bytes)).toEqual(crypto.ecdh(curve, alice, crypto.publicKey(curve, bob)));
        const [a, b] = [crypto.publicKey(curve, alice), crypto.publicKey(curve, bob)];
        expect(crypto.addPoints(curve, a, b)).toEqual(crypto.addPoints(curve, b, a));
        const two = Uint8Array.of(...new Uint8Array(bytes - 1), 2);
        expect(crypto.addPoints(curve, a, a)).toEqual(crypto.multiply(curve, two, a));
      });

      it('divides and reduces scalars modulo the order', () => {
        const quotient = crypto.divideScalars(curve, alice, bob);
        expect(quotient).toHaveLength(bytes);
        expect(crypto.multiply(curve, quotient, crypto.publicKey(curve, bob))).toEqual(crypto.publicKey(curve, alice));
        expect(crypto.divideScalars(curve, bob, bob)).toEqual(one);
        expect(crypto.reduceScalar(curve, Uint8Array.of(0, 0, ...alice))).toEqual(alice);
        expect(crypto.reduceScalar(curve, Uint8Array.of(1))).toEqual(one);
        expect(crypto.reduceScalar(curve, new Uint8Array(0))).toEqual(new Uint8Array(bytes));
        // The order is one more than the number that turns the generator into its opposite.
        const order = crypto.reduceScalar(curve, minusOne(crypto, curve, generator, bytes));
        order[bytes - 1] = (order[bytes - 1] as number) + 1;
        expect(crypto.reduceScalar(curve, order)).toEqual(new Uint8Array(bytes));
        expect(() => crypto.reduceScalar(curve, new Uint8Array(129))).toThrow(CryptoError);
      });

      it('refuses infinite sums, points and scalars that are none', () => {
        const point = crypto.publicKey(curve, bob);
        const opposite = crypto.multiply(curve, minusOne(crypto, curve, generator, bytes), point);
        expect(copyBytes(opposite, 0, 1 + bytes)).toEqual(copyBytes(point, 0, 1 + bytes));
        expect(() => crypto.addPoints(curve, point, opposite)).toThrow(CryptoError);
        for (const bad of [flipped(point, 2 * bytes), Uint8Array.of(0), copyBytes(point, 0, -1), new Uint8Array(0)]) {
          expect(() => crypto.multiply(curve, alice, bad)).toThrow(CryptoError);
          expect(() => crypto.addPoints(curve, point, bad)).toThrow(CryptoError);
          expect(() => crypto.addPoints(curve, bad, point)).toThrow(CryptoError);
        }
        for (const bad of [new Uint8Array(bytes), new Uint8Array(bytes).fill(0xff), copyBytes(alice, 1)]) {
          expect(() => crypto.multiply(curve, bad, point)).toThrow(CryptoError);
          expect(() => crypto.divideScalars(curve, bad, alice)).toThrow(CryptoError);
          expect(() => crypto.divideScalars(curve, alice, bad)).toThrow(CryptoError);
        }
      });

      it('signs the same way each time, and verifies the right key, digest and signature only', () => {
        const digest = sequence(32);
        const signature = crypto.ecdsaSign(curve, alice, digest);
        expect(signature).toHaveLength(2 * bytes);
        expect(crypto.ecdsaSign(curve, alice, digest)).toEqual(signature);
        const point = crypto.publicKey(curve, alice);
        expect(crypto.ecdsaVerify(curve, point, digest, signature)).toBe(true);
        expect(crypto.ecdsaVerify(curve, crypto.publicKey(curve, bob), digest, signature)).toBe(false);
        expect(crypto.ecdsaVerify(curve, point, flipped(digest, 31), signature)).toBe(false);
        expect(crypto.ecdsaVerify(curve, point, digest, flipped(signature, 0))).toBe(false);
        expect(crypto.ecdsaVerify(curve, point, digest, flipped(signature, 2 * bytes - 1))).toBe(false);
      });

      it('calls every malformed signature false', () => {
        const [digest, point] = [sequence(32), crypto.publicKey(curve, alice)];
        for (const length of [0, 1, 2 * bytes - 1, 2 * bytes + 1]) {
          expect(crypto.ecdsaVerify(curve, point, digest, sequence(length)), `${length} bytes`).toBe(false);
        }
        expect(crypto.ecdsaVerify(curve, point, digest, new Uint8Array(2 * bytes))).toBe(false);
        expect(crypto.ecdsaVerify(curve, point, digest, new Uint8Array(2 * bytes).fill(0xff))).toBe(false);
      });

      it('refuses private keys that are none', () => {
        const point = crypto.publicKey(curve, bob);
        for (const key of [
          new Uint8Array(bytes),
          new Uint8Array(bytes).fill(0xff),
          Uint8Array.from(alice.subarray(1)),
          Uint8Array.of(0, ...alice),
          new Uint8Array(0),
        ]) {
          expect(() => crypto.publicKey(curve, key)).toThrow(CryptoError);
          expect(() => crypto.ecdh(curve, key, point)).toThrow(CryptoError);
          expect(() => crypto.ecdsaSign(curve, key, sequence(32))).toThrow(CryptoError);
        }
      });

      it('refuses public keys that are none', () => {
        const point = crypto.publicKey(curve, bob);
        const compressed = Uint8Array.of(2 + ((point[2 * bytes] as number) & 1), ...point.subarray(1, 1 + bytes));
        for (const key of [
          flipped(point, 2 * bytes),
          flipped(point, 0),
          compressed,
          Uint8Array.of(0),
          Uint8Array.from(point.subarray(0, -1)),
          Uint8Array.of(...point, 0),
          new Uint8Array(0),
        ]) {
          expect(() => crypto.ecdh(curve, alice, key), hex(key)).toThrow(CryptoError);
          expect(() => crypto.ecdsaVerify(curve, key, sequence(32), sequence(2 * bytes)), hex(key)).toThrow(
            CryptoError,
          );
        }
      });

      it('refuses a seed that is too short', () => {
        expect(() => crypto.privateKey(curve, sequence(bytes + 7))).toThrow(CryptoError);
      });
    });
  });
}

/** -1 modulo the order, from the order's own definition: OpenSSL has the order of each curve's generator. */
function minusOne(crypto: Crypto, curve: CurveName, generator: Uint8Array, bytes: number): Uint8Array {
  const order = Uint8Array.from(Buffer.from(ORDERS[curve].padStart(2 * bytes, '0'), 'hex'));
  order[bytes - 1] = (order[bytes - 1] as number) - 1;
  const opposite = crypto.multiply(curve, order, generator);
  expect(copyBytes(opposite, 0, 1 + bytes)).toEqual(copyBytes(generator, 0, 1 + bytes));
  expect(opposite).not.toEqual(generator);
  return order;
}

/** FIPS 186-4 appendix D.1.2 and RFC 5639 section 3; all of them are odd. */
const ORDERS: Readonly<Record<CurveName, string>> = {
  'P-256': 'FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551',
  'P-384': 'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973',
  'P-521':
    '01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409',
  brainpoolP256r1: 'A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7',
  brainpoolP384r1: '8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B31F166E6CAC0425A7CF3AB6AF6B7FC3103B883202E9046565',
  brainpoolP512r1:
    'AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA70330870553E5C414CA92619418661197FAC10471DB1D381085DDADDB58796829CA90069',
};

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function flipped(bytes: Uint8Array, index: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[index] = (copy[index] as number) ^ 0x01;
  return copy;
}
