import * as jose from 'jose';
import { describe, expect, it } from 'vitest';
import {
  base64url,
  base64urlBytes,
  jwkThumbprint,
  type P256Jwk,
  pointToJwk,
  readJws,
  readP256Jwk,
  signJws,
  softwareSigner,
  verifyJws,
} from '../../../../rig/life/credential/jws.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';

const crypto = nobleCrypto();
/** RFC 6979 A.2.5. */
const PRIVATE = Buffer.from('C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721', 'hex');
const KEY = pointToJwk(crypto.publicKey('P-256', PRIVATE));
const sign = softwareSigner(crypto, PRIVATE);

const part = (value: unknown): string => base64url(Buffer.from(JSON.stringify(value)));

describe('compact JWS with ES256', () => {
  it('jose verifies ours, and we verify what jose signs', async () => {
    const ours = await signJws({ crypto, header: { typ: 'test+jwt' }, payload: { iat: 5, name: 'ZOÉ' }, sign });
    const judged = await jose.jwtVerify(ours, await jose.importJWK({ ...KEY }, 'ES256'), {
      currentDate: new Date(9e3),
    });
    expect(judged.payload).toEqual({ iat: 5, name: 'ZOÉ' });

    const { privateKey, publicKey } = await jose.generateKeyPair('ES256', { extractable: true });
    const theirs = await new jose.SignJWT({ a: 1 }).setProtectedHeader({ alg: 'ES256', typ: 'x' }).sign(privateKey);
    const key = readP256Jwk(await jose.exportJWK(publicKey));
    const read = readJws(theirs, { typ: 'x' });
    expect(read.payload).toEqual({ a: 1 });
    expect(verifyJws(crypto, read, key)).toBe(true);
    expect(verifyJws(crypto, read, KEY)).toBe(false);
  });

  it('has the thumbprint of jose', async () => {
    expect(jwkThumbprint(crypto, KEY)).toBe(await jose.calculateJwkThumbprint({ ...KEY }));
  });

  it('judges a key that is no point of the curve like any wrong key', async () => {
    const read = readJws(await signJws({ crypto, header: { typ: 'x' }, payload: {}, sign }), { typ: 'x' });
    expect(verifyJws(crypto, read, { ...KEY, y: KEY.x })).toBe(false);
  });

  it('refuses a signer that gives no signature', async () => {
    const order = { crypto, header: { typ: 'x' }, payload: {}, sign: () => new Uint8Array(63) };
    await expect(signJws(order)).rejects.toThrow('the signer gave 63 bytes');
  });

  const signature = base64url(new Uint8Array(64));
  const header = part({ alg: 'ES256', typ: 'x' });
  it.each<[string, string, string]>([
    ['two parts', `${header}.${part({})}`, 'not the three parts'],
    ['alg none', `${part({ alg: 'none', typ: 'x' })}.${part({})}.`, 'not ES256'],
    ['another algorithm', `${part({ alg: 'HS256', typ: 'x' })}.${part({})}.${signature}`, 'not ES256'],
    ['another type', `${part({ alg: 'ES256', typ: 'y' })}.${part({})}.${signature}`, 'type of the token'],
    ['no type', `${part({ alg: 'ES256' })}.${part({})}.${signature}`, 'type of the token'],
    ['crit', `${part({ alg: 'ES256', typ: 'x', crit: ['b64'] })}.${part({})}.${signature}`, 'demands an extension'],
    ['a payload that is an array', `${header}.${part([])}.${signature}`, 'payload of the token is not a JSON object'],
    [
      'a payload that is no JSON',
      `${header}.${base64url(Buffer.from('{'))}.${signature}`,
      'payload of the token is not',
    ],
    ['a payload that is not UTF-8', `${header}.${base64url(Uint8Array.of(0x22, 0xff, 0x22))}.${signature}`, 'not JSON'],
    ['padding', `${header}.${part({})}=.${signature}`, 'payload of the token is not base64url'],
    ['stray bits in the signature', `${header}.${part({})}.${signature.slice(0, -1)}B`, 'signature of the token'],
    ['a short signature', `${header}.${part({})}.${base64url(new Uint8Array(63))}`, 'signature of the token'],
    ['a long token', `${header}.${part({ a: 'x'.repeat(20_000) })}.${signature}`, 'more than 16384'],
  ])('refuses %s', (_, text, sentence) => {
    expect(() => readJws(text, { typ: 'x' })).toThrow(sentence);
  });

  it.each<[string, unknown, string]>([
    ['a string', 'key', 'not a JWK'],
    ['another curve', { ...KEY, crv: 'P-384' }, 'not on P-256'],
    ['a private key', { ...KEY, d: KEY.x }, 'a private one'],
    ['a short coordinate', { ...KEY, x: base64url(new Uint8Array(31)) }, 'has not 32 bytes'],
    ['a coordinate that is a number', { ...KEY, y: 7 }, 'has not 32 bytes'],
  ])('refuses %s as key', (_, value, sentence) => {
    expect(() => readP256Jwk(value)).toThrow(sentence);
  });

  it('reads no more of a key than its four members', () => {
    const read: P256Jwk = readP256Jwk({ ...KEY, kid: 'a', use: 'sig' });
    expect(read).toEqual(KEY);
  });

  it('reads base64url in its one form', () => {
    expect(base64urlBytes('AQI')).toEqual(Uint8Array.of(1, 2));
    expect([base64urlBytes('AQJ'), base64urlBytes('AQI='), base64urlBytes('A+I')]).toEqual([null, null, null]);
  });
});
