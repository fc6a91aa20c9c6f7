import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
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

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function flipped(bytes: Uint8Array, index: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[index] = (copy[index] as number) ^ 0x01;
  return copy;
}
