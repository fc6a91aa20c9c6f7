import {
  createCipheriv,
  createECDH,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSign,
  createVerify,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Crypto, CryptoError, type CurveName } from '../../src/hal/crypto.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex').toUpperCase();
const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

/** A row of any of the files; each test reads what its own file has. */
interface Row {
  readonly curve: CurveName;
  readonly comment: string;
  readonly key: string;
  readonly private: string;
  readonly publicKey: string;
  readonly publicPoint: string;
  readonly point: string;
  readonly message: string;
  readonly tag: string;
  readonly signature: string;
  readonly shared: string;
  readonly result: 'valid' | 'invalid';
  readonly expect: string;
}

/** A vector file, whose shape the tests below spell out. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes; a wrong one fails the test that reads it
function vectors(name: string): any {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));
}

/** OpenSSL's names. */
const TWINS: readonly (readonly [CurveName, string, string])[] = [
  ['P-256', 'prime256v1', 'sha256'],
  ['P-384', 'secp384r1', 'sha384'],
  ['P-521', 'secp521r1', 'sha512'],
  ['brainpoolP256r1', 'brainpoolP256r1', 'sha256'],
  ['brainpoolP384r1', 'brainpoolP384r1', 'sha384'],
  ['brainpoolP512r1', 'brainpoolP512r1', 'sha512'],
];

const CURVE_OIDS: Readonly<Record<string, string>> = {
  prime256v1: '06082A8648CE3D030107',
  secp384r1: '06052B81040022',
  secp521r1: '06052B81040023',
  brainpoolP256r1: '06092B2403030208010107',
  brainpoolP384r1: '06092B240303020801010B',
  brainpoolP512r1: '06092B240303020801010D',
};

/** The keys as OpenSSL takes them: an ECPrivateKey of SEC 1 in DER. */
function sec1(
  nodeCurve: string,
  key: Uint8Array,
  point: Uint8Array,
): [ReturnType<typeof createPrivateKey>, ReturnType<typeof createPublicKey>] {
  const tlv = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const value = Buffer.concat(parts);
    const length =
      value.length < 128
        ? [value.length]
        : value.length < 256
          ? [0x81, value.length]
          : [0x82, value.length >> 8, value.length & 0xff];
    return Buffer.concat([Buffer.of(tag, ...length), value]);
  };
  const oid = bytes(CURVE_OIDS[nodeCurve] as string);
  const der = tlv(
    0x30,
    tlv(0x02, Buffer.of(1)),
    tlv(0x04, key),
    tlv(0xa0, oid),
    tlv(0xa1, tlv(0x03, Buffer.of(0), point)),
  );
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'sec1' });
  return [privateKey, createPublicKey(privateKey)];
}

/** Known answers: what a driver of Crypto must compute, apart from what {@link cryptoContract} asks of it. */
export function cryptoAnswers(crypto: Crypto): void {
  describe('hashes: FIPS 180 examples', () => {
    it.each([
      ['sha-1', '', 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709'],
      ['sha-1', 'abc', 'A9993E364706816ABA3E25717850C26C9CD0D89D'],
      ['sha-224', 'abc', '23097D223405D8228642A477BDA255B32AADBCE4BDA0B3F7E36C9DA7'],
      ['sha-256', '', 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855'],
      ['sha-256', 'abc', 'BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD'],
      [
        'sha-384',
        'abc',
        'CB00753F45A35E8BB5A03D699AC65007272C32AB0EDED1631A8B605A43FF5BED8086072BA1E7CC2358BAECA134C825A7',
      ],
      [
        'sha-512',
        'abc',
        'DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A2192992A274FC1A836BA3C23A3FEEBBD' +
          '454D4423643CE80E2A9AC94FA54CA49F',
      ],
    ] as const)('%s of "%s"', (name, text, expected) => {
      expect(hex(crypto.hash(name, ascii(text)))).toBe(expected);
    });
  });

  describe('HMAC: RFC 4231 test cases 1 to 4, 6 and 7', () => {
    const long = bytes('AA'.repeat(131));
    it.each([
      [
        '1',
        bytes('0B'.repeat(20)),
        ascii('Hi There'),
        'B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7',
      ],
      [
        '2',
        ascii('Jefe'),
        ascii('what do ya want for nothing?'),
        '5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843',
      ],
      [
        '3',
        bytes('AA'.repeat(20)),
        bytes('DD'.repeat(50)),
        '773EA91E36800E46854DB8EBD09181A72959098B3EF8C122D9635514CED565FE',
      ],
      [
        '4',
        bytes('0102030405060708090A0B0C0D0E0F10111213141516171819'),
        bytes('CD'.repeat(50)),
        '82558A389A443C0EA4CC819899F2083A85F0FAA3E578F8077A2E3FF46729665B',
      ],
      [
        '6',
        long,
        ascii('Test Using Larger Than Block-Size Key - Hash Key First'),
        '60E431591EE0B67F0D8A26AACBF5B77F8E0BC6213728C5140546040F0EE37F54',
      ],
      [
        '7',
        long,
        ascii(
          'This is a test using a larger than block-size key and a larger than block-size data. ' +
            'The key needs to be hashed before being used by the HMAC algorithm.',
        ),
        '9B09FFA71B942FCB27635FBCD5B0E944BFDC63644F0713938A7F51535C3A35E2',
      ],
    ])('case %s', (_, key, data, expected) => {
      const target = new Uint8Array(32);
      crypto.keyedHash('sha-256', key).digest(data, 0, data.length, target, 0);
      expect(hex(target)).toBe(expected);
      expect(createHmac('sha256', key).update(data).digest('hex').toUpperCase()).toBe(expected);
    });
  });

  describe('AES-CMAC', () => {
    const file = vectors('aes-cmac');
    it.each(['rfc4493', 'sp800-38b-aes256'])('%s', (block) => {
      expect(file[block].vectors).toHaveLength(4);
      const kept = crypto.blockMac(bytes(file[block].key));
      for (const { message, mac } of file[block].vectors) {
        expect(hex(crypto.cmac(bytes(file[block].key), bytes(message)))).toBe(mac);
        const target = new Uint8Array(16);
        kept.update(bytes(message), 0, bytes(message).length);
        kept.finish(target, 0, 16);
        expect(hex(target)).toBe(mac);
      }
    });

    it.each(file.wycheproof.vectors as Row[])('Wycheproof $tcId: $comment', (row) => {
      const mac = (): string => hex(crypto.cmac(bytes(row.key), bytes(row.message)));
      if (row.comment.startsWith('invalid key')) expect(mac).toThrow(CryptoError);
      else if (row.result === 'valid') expect(mac()).toBe(row.tag);
      else expect(mac()).not.toBe(row.tag);
    });
  });

  describe('AES-CBC equals that of OpenSSL', () => {
    it.each([16, 24, 32])('with a key of %s bytes', (keyLength) => {
      const key = Uint8Array.from({ length: keyLength }, (_, i) => i);
      const iv = Uint8Array.from({ length: 16 }, (_, i) => 0xf0 + i);
      for (const blocks of [1, 2, 5]) {
        const data = Uint8Array.from({ length: blocks * 16 }, (_, i) => (i * 13) & 0xff);
        const cipher = createCipheriv(`aes-${keyLength * 8}-cbc`, key, iv).setAutoPadding(false);
        const expected = Buffer.concat([cipher.update(data), cipher.final()]);
        const encrypted = crypto.aesCbcEncrypt(key, iv, data);
        expect(hex(encrypted)).toBe(hex(expected));
        expect(crypto.aesCbcDecrypt(key, iv, encrypted)).toEqual(data);
      }
    });

    it('takes views at any offset of a buffer', () => {
      const [key, iv, data] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2), new Uint8Array(32).fill(3)];
      const at = (value: Uint8Array): Uint8Array => {
        const buffer = new Uint8Array(value.length + 3);
        buffer.set(value, 3);
        return buffer.subarray(3);
      };
      expect(crypto.aesCbcEncrypt(at(key), at(iv), at(data))).toEqual(crypto.aesCbcEncrypt(key, iv, data));
      expect(crypto.aesCbcDecrypt(at(key), at(iv), at(data))).toEqual(crypto.aesCbcDecrypt(key, iv, data));
    });
  });

  describe('ECDSA', () => {
    const file = vectors('ecdsa');
    it.each([
      ['rfc6979-p256', 'P-256'],
      ['deterministic-brainpoolP256r1', 'brainpoolP256r1'],
    ] as const)('signs as RFC 6979 has it, high s included: %s', (block, curve) => {
      const { private: key, publicKey, vectors: rows } = file[block];
      expect(hex(crypto.publicKey(curve, bytes(key)))).toBe(publicKey);
      expect(rows.some((row: { sIsHigh: boolean }) => row.sIsHigh)).toBe(true);
      for (const { message, hash, r, s, lowS } of rows) {
        expect(hex(crypto.hash('sha-256', bytes(message)))).toBe(hash);
        expect(hex(crypto.ecdsaSign(curve, bytes(key), bytes(hash)))).toBe(r + s);
        expect(crypto.ecdsaVerify(curve, bytes(publicKey), bytes(hash), bytes(r + s))).toBe(true);
        expect(crypto.ecdsaVerify(curve, bytes(publicKey), bytes(hash), bytes(r + lowS))).toBe(true);
      }
    });

    it.each(file.scalarBounds.vectors as Row[])('$curve: $name is $result', (row) => {
      const digest = crypto.hash('sha-256', bytes(row.message));
      const verified = crypto.ecdsaVerify(row.curve, bytes(row.publicKey), digest, bytes(row.signature));
      expect(verified).toBe(row.result === 'valid');
    });

    // r ‖ s here; the rows in DER belong to whoever parses DER.
    const plain = file.wycheproof.filter((block: { encoding: string }) => block.encoding === 'p1363');
    it('has Wycheproof rows of r ‖ s for two curves', () => expect(plain).toHaveLength(2));
    for (const block of plain) {
      it.each(block.vectors as Row[])(`Wycheproof ${block.curve} $tcId: $comment`, (row) => {
        const digest = crypto.hash('sha-256', bytes(row.message));
        const verified = crypto.ecdsaVerify(block.curve, bytes(row.publicKey), digest, bytes(row.signature));
        expect(verified).toBe(row.result === 'valid');
      });
    }
  });

  describe.each(TWINS)('%s and its twin in OpenSSL', (curve, nodeCurve, hash) => {
    const twin = createECDH(nodeCurve);
    twin.generateKeys();
    const size = (twin.getPublicKey().length - 1) / 2;
    const padded = (key: Buffer): Uint8Array => Uint8Array.from(Buffer.concat([Buffer.alloc(size - key.length), key]));
    const theirs = padded(twin.getPrivateKey());
    const theirPoint = Uint8Array.from(twin.getPublicKey());
    const ours = crypto.privateKey(
      curve,
      Uint8Array.from({ length: size + 8 }, (_, i) => 0xff - i),
    );

    it('derive the same public key and the same secret', () => {
      expect(hex(crypto.publicKey(curve, theirs))).toBe(hex(theirPoint));
      const ourPoint = crypto.publicKey(curve, ours);
      expect(hex(crypto.ecdh(curve, ours, theirPoint))).toBe(hex(padded(twin.computeSecret(ourPoint))));
    });

    it('verify each other, whatever s is', () => {
      const message = ascii(`message for ${curve}`);
      const digest = crypto.hash(`sha-${hash.slice(3)}` as 'sha-256', message);
      const [privateKey, publicKey] = sec1(nodeCurve, theirs, theirPoint);
      for (let i = 0; i < 8; i++) {
        const signature = createSign(hash).update(message).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' });
        expect(crypto.ecdsaVerify(curve, theirPoint, digest, Uint8Array.from(signature))).toBe(true);
      }
      const signature = crypto.ecdsaSign(curve, theirs, digest);
      expect(createVerify(hash).update(message).verify({ key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(
        true,
      );
    });
  });

  describe('ECDH', () => {
    const file = vectors('ecdh');
    it('RFC 7027 A.1, from both sides', () => {
      const { dA, xA, yA, dB, xB, yB, xZ, yZ } = file['rfc7027-A.1'];
      expect(hex(crypto.multiply('brainpoolP256r1', bytes(dA), bytes(`04${xB}${yB}`)))).toBe(`04${xZ}${yZ}`);
      expect(hex(crypto.publicKey('brainpoolP256r1', bytes(dA)))).toBe(`04${xA}${yA}`);
      expect(hex(crypto.publicKey('brainpoolP256r1', bytes(dB)))).toBe(`04${xB}${yB}`);
      expect(hex(crypto.ecdh('brainpoolP256r1', bytes(dA), bytes(`04${xB}${yB}`)))).toBe(xZ);
      expect(hex(crypto.ecdh('brainpoolP256r1', bytes(dB), bytes(`04${xA}${yA}`)))).toBe(xZ);
    });

    it.each(file.wycheproof.vectors as Row[])('Wycheproof $curve $tcId: $comment', (row) => {
      const agree = (): string => hex(crypto.ecdh(row.curve, bytes(row.private), bytes(row.publicPoint)));
      if (row.result === 'valid') expect(agree()).toBe(row.shared);
      else expect(agree).toThrow(CryptoError);
    });

    it.each(file.points.vectors as Row[])('$curve, $name: $expect', (row) => {
      const curve = row.curve;
      const agree = (): Uint8Array => crypto.ecdh(curve, bytes(`${'00'.repeat(31)}01`), bytes(row.point));
      // With the private key 1 the secret is the point's own X.
      if (row.expect === 'accept') expect(hex(agree())).toBe(row.point.slice(2, 66));
      else expect(agree).toThrow(CryptoError);
    });
  });

  describe('one block of AES: FIPS 197 appendix C', () => {
    it.each([
      ['000102030405060708090A0B0C0D0E0F', '69C4E0D86A7B0430D8CDB78070B4C55A'],
      ['000102030405060708090A0B0C0D0E0F1011121314151617', 'DDA97CA4864CDFE06EAF70A0EC0D7191'],
      ['000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F', '8EA2B7CA516745BFEAFC49904B496089'],
    ])('key %s', (key, expected) => {
      const block = bytes('00112233445566778899AABBCCDDEEFF');
      crypto.blockCipher(bytes(key)).encryptBlock(block, 0);
      expect(hex(block)).toBe(expected);
    });
  });

  describe('privateKey', () => {
    it.each([
      // d = (seed mod (n - 1)) + 1
      ['zero', '00'.repeat(40), '01'],
      ['one', `${'00'.repeat(39)}01`, '02'],
      ['n - 2', `${'00'.repeat(8)}FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC63254F`, 'n-1'],
      ['n - 1', `${'00'.repeat(8)}FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550`, '01'],
      ['n', `${'00'.repeat(8)}FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551`, '02'],
    ])('of the seed %s', (_, seed, expected) => {
      const key =
        expected === 'n-1'
          ? 'FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550'
          : expected.padStart(64, '0');
      expect(hex(crypto.privateKey('P-256', bytes(seed)))).toBe(key);
    });
  });
}
