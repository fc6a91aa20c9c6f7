import type { Crypto } from '../../../src/hal/crypto.ts';

/**
 * Compact JWS (RFC 7515) with ES256 (RFC 7518) alone: one algorithm, so that no header can choose another. A signer gets
 * the SHA-256 of the signing input, because that is what a card signs.
 */

/** A public key on P-256 as a JWK (RFC 7517). It never has `d`. */
export interface P256Jwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  /** 32 bytes, base64url. */
  readonly x: string;
  readonly y: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Signs a SHA-256 with a key on P-256: `r ‖ s`, 64 bytes. */
export type DigestSigner = (digest: Uint8Array) => Uint8Array | Promise<Uint8Array>;

type JwsCrypto = Pick<Crypto, 'hash' | 'ecdsaVerify'>;

/** A JWS whose form is right; its signature has not been judged. */
export interface ReadJws {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  /** ASCII, what the signature is over. */
  readonly signingInput: string;
  /** 64 bytes, `r ‖ s`. */
  readonly signature: Uint8Array;
}

/** The text is no JWS that we accept. The message says what is wrong with it, without quoting it. */
export class JwsError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'JwsError';
  }
}

const COORDINATE_SIZE = 32;
const SIGNATURE_SIZE = 64;
/** More than any token of ours needs; what is longer is not decoded. */
const DEFAULT_MAX_CHARACTERS = 16 * 1024;
const BASE64URL = /^[A-Za-z0-9_-]*$/;

export async function signJws(order: {
  readonly crypto: Pick<Crypto, 'hash'>;
  /** Without `alg`, which is always ES256. */
  readonly header: JsonObject;
  readonly payload: JsonObject;
  readonly sign: DigestSigner;
}): Promise<string> {
  const header = base64url(utf8(JSON.stringify({ ...order.header, alg: 'ES256' })));
  const signingInput = `${header}.${base64url(utf8(JSON.stringify(order.payload)))}`;
  return `${signingInput}.${base64url(await signText(order.crypto, signingInput, order.sign))}`;
}

/** @throws {JwsError} a signer that gives anything but 64 bytes */
export async function signText(
  crypto: Pick<Crypto, 'hash'>,
  signingInput: string,
  sign: DigestSigner,
): Promise<Uint8Array> {
  const signature = await sign(crypto.hash('sha-256', utf8(signingInput)));
  if (signature.length !== SIGNATURE_SIZE) {
    throw new JwsError(`the signer gave ${signature.length} bytes, not the ${SIGNATURE_SIZE} of a signature on P-256`);
  }
  return signature;
}

/** A signer with a private key in memory. */
export function softwareSigner(crypto: Pick<Crypto, 'ecdsaSign'>, privateKey: Uint8Array): DigestSigner {
  return (digest) => crypto.ecdsaSign('P-256', privateKey, digest);
}

/**
 * Reads a JWS strictly: three parts, canonical base64url, UTF-8, JSON objects, `alg` ES256, the `typ` asked for, no
 * `crit`. @throws {JwsError}
 */
export function readJws(
  text: string,
  expected: { readonly typ: string | readonly string[]; readonly maxCharacters?: number },
): ReadJws {
  return readJwsOf(text, { ...expected, signatureSizes: { ES256: SIGNATURE_SIZE } });
}

/**
 * The same for signers whose key decides the algorithm, as a terminal's certificate does: the caller holds `alg` against it.
 * @param expected `signatureSizes`: bytes of a signature by `alg`; no other one is read. @throws {JwsError}
 */
export function readJwsOf(
  text: string,
  expected: {
    readonly typ: string | readonly string[];
    readonly maxCharacters?: number;
    readonly signatureSizes: Readonly<Record<string, number>>;
  },
): ReadJws {
  const maxCharacters = expected.maxCharacters ?? DEFAULT_MAX_CHARACTERS;
  if (text.length > maxCharacters) {
    throw new JwsError(`the token has ${text.length} characters, more than ${maxCharacters}`);
  }
  const parts = text.split('.');
  if (parts.length !== 3) throw new JwsError('the token has not the three parts of a JWS');
  const [headerPart, payloadPart, signaturePart] = parts as [string, string, string];
  const header = jsonObject(headerPart, 'header');
  const { signatureSizes } = expected;
  const size =
    typeof header.alg === 'string' && Object.hasOwn(signatureSizes, header.alg) && signatureSizes[header.alg];
  if (!size) throw new JwsError(`the algorithm of the token is not ${Object.keys(signatureSizes).join(' or ')}`);
  const types = typeof expected.typ === 'string' ? [expected.typ] : expected.typ;
  if (typeof header.typ !== 'string' || !types.includes(header.typ)) {
    throw new JwsError(`the type of the token is not ${types.join(' or ')}`);
  }
  if ('crit' in header) throw new JwsError('the token demands an extension (crit), and none is known');
  const signature = base64urlBytes(signaturePart);
  if (signature?.length !== size) throw new JwsError(`the signature of the token has not ${size} bytes`);
  return {
    header,
    payload: jsonObject(payloadPart, 'payload'),
    signingInput: `${headerPart}.${payloadPart}`,
    signature,
  };
}

/** Whether the signature is that of `key`. False, too, for a key that is no point of the curve. */
export function verifyJws(crypto: JwsCrypto, jws: ReadJws, key: P256Jwk): boolean {
  return verifyText(crypto, jws.signingInput, jws.signature, key);
}

export function verifyText(crypto: JwsCrypto, signingInput: string, signature: Uint8Array, key: P256Jwk): boolean {
  try {
    return crypto.ecdsaVerify('P-256', jwkToPoint(key), crypto.hash('sha-256', utf8(signingInput)), signature);
  } catch (error) {
    if (error instanceof Error && error.name === 'CryptoError') return false;
    throw error;
  }
}

/** A JWK from outside, reduced to its four members. @throws {JwsError} another kind of key, or a private one */
export function readP256Jwk(value: unknown): P256Jwk {
  if (!isJsonObject(value)) throw new JwsError('the key is not a JWK');
  const { kty, crv, x, y } = value;
  if (kty !== 'EC' || crv !== 'P-256') throw new JwsError('the key is not on P-256');
  if ('d' in value) throw new JwsError('the key is a private one');
  if (!isCoordinate(x) || !isCoordinate(y)) throw new JwsError('a coordinate of the key has not 32 bytes');
  return { kty, crv, x, y };
}

/** The point `04 X Y` of a JWK that was read. */
export function jwkToPoint(key: P256Jwk): Uint8Array {
  const point = new Uint8Array(1 + 2 * COORDINATE_SIZE);
  point[0] = 0x04;
  point.set(Buffer.from(key.x, 'base64url'), 1);
  point.set(Buffer.from(key.y, 'base64url'), 1 + COORDINATE_SIZE);
  return point;
}

/** @throws {JwsError} no uncompressed point of 65 bytes */
export function pointToJwk(point: Uint8Array): P256Jwk {
  if (point.length !== 1 + 2 * COORDINATE_SIZE || point[0] !== 0x04) {
    throw new JwsError('the key is no uncompressed point on P-256');
  }
  const x = base64url(point.subarray(1, 1 + COORDINATE_SIZE));
  return { kty: 'EC', crv: 'P-256', x, y: base64url(point.subarray(1 + COORDINATE_SIZE)) };
}

/** RFC 7638 with SHA-256, base64url. */
export function jwkThumbprint(crypto: Pick<Crypto, 'hash'>, key: P256Jwk): string {
  const { crv, kty, x, y } = key;
  return base64url(crypto.hash('sha-256', utf8(JSON.stringify({ crv, kty, x, y }))));
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** The bytes, or null for anything but canonical base64url without padding. */
export function base64urlBytes(text: string): Uint8Array | null {
  if (!BASE64URL.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  // One text for the same bytes: stray bits in the last character would make a second form of a token used once.
  return bytes.toString('base64url') === text ? new Uint8Array(bytes) : null;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCoordinate(value: unknown): value is string {
  return typeof value === 'string' && base64urlBytes(value)?.length === COORDINATE_SIZE;
}

function jsonObject(part: string, name: string): JsonObject {
  const bytes = base64urlBytes(part);
  if (bytes === null) throw new JwsError(`the ${name} of the token is not base64url`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new JwsError(`the ${name} of the token is not JSON`, { cause });
  }
  if (!isJsonObject(value)) throw new JwsError(`the ${name} of the token is not a JSON object`);
  return value;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
