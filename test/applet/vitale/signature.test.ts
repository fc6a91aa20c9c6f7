import { createHash, createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findTlv, fromHex, toHex } from '../../../src/apdu/index.ts';
import { refuseSignature, signFiles } from '../../../src/applet/vitale/index.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';

const crypto = nobleCrypto();
const key = (first: number): Uint8Array => crypto.privateKey('P-256', new Uint8Array(40).fill(first));
const keys = { authority: key(1), signer: key(2) };
const authorityPublicKey = crypto.publicKey('P-256', keys.authority);
const files = [[fromHex('E100')], [fromHex('E200'), fromHex('E20101')], [fromHex('E300')]];
const content = signFiles(crypto, keys, files, '20240229');

/** Node's own ECDSA, over a message that it hashes itself. */
function nodeVerifies(point: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const part = (from: number): string => Buffer.from(point.subarray(from, from + 32)).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: part(1), y: part(33) };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  return verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

const sha256 = (hex: string): Buffer => createHash('sha256').update(Buffer.from(hex, 'hex')).digest();

describe('E00F SIGNATURE', () => {
  it('is laid out as documented', () => {
    const certificate = findTlv(content, 0x7f21)!;
    const body = findTlv(certificate, 0x7f4e)!;
    expect(toHex(body.subarray(0, 17))).toBe(`5F290100420B${Buffer.from('FRTEST00001').toString('hex')}`.toUpperCase());
    expect(Buffer.from(findTlv(body, 0x5f20)!).toString()).toBe('FRCARD00001');
    expect(toHex(findTlv(findTlv(body, 0x7f49)!, 0x06)!)).toBe('04007F00070202020203');
    expect(toHex(findTlv(body, 0x7f4c)!)).toBe('060904007F0007030102035301 40'.replace(' ', ''));
    expect(toHex(findTlv(body, 0x5f25)!)).toBe('020400020209');
    expect(toHex(findTlv(body, 0x5f24)!)).toBe('030400020208');
    expect(findTlv(content, 0x5f37)).toHaveLength(64);
  });

  it('is verified by another implementation: the certificate, then the three hashes', () => {
    const certificate = findTlv(content, 0x7f21)!;
    const body = findTlv(certificate, 0x7f4e)!;
    const whole = Buffer.concat([Buffer.from('7F4E81', 'hex'), Buffer.of(body.length), body]);
    expect(nodeVerifies(authorityPublicKey, whole, findTlv(certificate, 0x5f37)!)).toBe(true);
    const point = findTlv(findTlv(body, 0x7f49)!, 0x86)!;
    expect(toHex(point)).toBe(toHex(crypto.publicKey('P-256', keys.signer)));
    const message = Buffer.concat([sha256('E100'), sha256('E200E20101'), sha256('E300')]);
    expect(nodeVerifies(point, message, findTlv(content, 0x5f37)!)).toBe(true);
  });

  it('holds for its files', () => expect(refuseSignature(crypto, authorityPublicKey, files, content)).toBeNull());

  const changed = (at: number, by = 1): Uint8Array => {
    const other = Uint8Array.from(content);
    other[at] = (other[at] as number) ^ by;
    return other;
  };
  it.each([
    [
      'another record',
      [[fromHex('E100')], [fromHex('E200'), fromHex('E20102')], files[2]!],
      content,
      'the signature is not over these files',
    ],
    [
      'a record that moved to the next file',
      [[fromHex('E100')], [fromHex('E200')], [fromHex('E20101'), fromHex('E300')]],
      content,
      'the signature is not over these files',
    ],
    ['a signature changed at its end', files, changed(content.length - 1), 'the signature is not over these files'],
    ['a certificate changed in its body', files, changed(16), 'the certificate is not signed by the test authority'],
    ['nothing there', files, fromHex('00'), 'certificate or signature missing'],
    ['cut short', files, content.subarray(0, 100), 'malformed: '],
    [
      'a certificate of another kind',
      files,
      fromHex('7F21037F4E00 5F3700'),
      'malformed certificate: tag 5F37 is missing',
    ],
  ])('does not hold for %s', (_, over, bytes, reason) => {
    expect(refuseSignature(crypto, authorityPublicKey, over, bytes)).toContain(reason);
  });

  it('does not hold under another authority', () => {
    const other = crypto.publicKey('P-256', key(3));
    expect(refuseSignature(crypto, other, files, content)).toBe('the certificate is not signed by the test authority');
  });
});
