import * as z from 'zod';
import { type Crypto, CryptoError } from '../../../src/hal/crypto.ts';
import { CannotRun } from '../../console/failure.ts';
import { readInputText } from '../../console/input-file.ts';

/** The lab's key as a JSON Web Key (RFC 7517) on P-256: the private one for its owner alone, the public one for all. */

export interface LabKey {
  /** `04 X Y` */
  readonly publicKey: Uint8Array;
  /** 32 bytes, or null where the file is the public one. */
  readonly privateKey: Uint8Array | null;
  /** SHA-256 thumbprint of RFC 7638, 32 bytes: the same for both files. */
  readonly keyId: Uint8Array;
}

const COORDINATE = z
  .string()
  .regex(/^[\w-]{43}$/, 'base64url of 32 bytes')
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64url')));

const SCHEMA = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: COORDINATE,
  y: COORDINATE,
  d: COORDINATE.optional(),
});

/** 8 bytes more than the field has, as FIPS 186 wants them. */
const SEED_LENGTH = 40;

type KeyCrypto = Pick<Crypto, 'hash' | 'privateKey' | 'publicKey'>;

export function newLabKey(crypto: KeyCrypto, fill: (target: Uint8Array) => void): LabKey {
  const seed = new Uint8Array(SEED_LENGTH);
  fill(seed);
  const privateKey = crypto.privateKey('P-256', seed);
  seed.fill(0);
  const publicKey = crypto.publicKey('P-256', privateKey);
  return { publicKey, privateKey, keyId: thumbprint(publicKey, crypto) };
}

/** Text of a key file. @param half the private half holds the public one */
export function keyFileText(key: LabKey, half: 'private' | 'public'): string {
  const jwk = { ...coordinates(key.publicKey), kid: base64url(key.keyId), alg: 'ES256', use: 'sig' };
  if (half === 'public') return `${JSON.stringify(jwk, null, 2)}\n`;
  if (key.privateKey === null) throw new Error('this key has no private half');
  return `${JSON.stringify({ ...jwk, d: base64url(key.privateKey) }, null, 2)}\n`;
}

export const LARGEST_KEY_FILE: number = 65_536;

/** @throws {CannotRun} not a key file; an ordinary file error is left as it is */
export function readKeyFile(path: string, crypto: KeyCrypto): LabKey {
  return parseKey(readInputText(path, 'a key file', LARGEST_KEY_FILE), path, crypto);
}

/** @param name for messages, which never hold what the file says */
export function parseKey(text: string, name: string, crypto: KeyCrypto): LabKey {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CannotRun(`${name}: not a key file: not JSON`, { cause });
  }
  const parsed = SCHEMA.safeParse(json);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') || 'its content';
    throw new CannotRun(`${name}: not a key file: ${field} is not as in a JSON Web Key on P-256`);
  }
  const { x, y, d } = parsed.data;
  const publicKey = Uint8Array.of(4, ...x, ...y);
  if (d !== undefined && !samePoint(d, publicKey, name, crypto)) {
    throw new CannotRun(`${name}: its private and its public half do not belong together`);
  }
  return { publicKey, privateKey: d ?? null, keyId: thumbprint(publicKey, crypto) };
}

function samePoint(privateKey: Uint8Array, publicKey: Uint8Array, name: string, crypto: KeyCrypto): boolean {
  try {
    return Buffer.compare(crypto.publicKey('P-256', privateKey), publicKey) === 0;
  } catch (cause) {
    if (cause instanceof CryptoError) throw new CannotRun(`${name}: ${cause.message}`, { cause });
    throw cause;
  }
}

/** The required members in alphabetical order, without white space. */
function thumbprint(publicKey: Uint8Array, crypto: KeyCrypto): Uint8Array {
  const { crv, kty, x, y } = coordinates(publicKey);
  return crypto.hash('sha-256', Buffer.from(JSON.stringify({ crv, kty, x, y })));
}

function coordinates(publicKey: Uint8Array): { kty: 'EC'; crv: 'P-256'; x: string; y: string } {
  return {
    kty: 'EC',
    crv: 'P-256',
    x: base64url(publicKey.subarray(1, 33)),
    y: base64url(publicKey.subarray(33)),
  };
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
