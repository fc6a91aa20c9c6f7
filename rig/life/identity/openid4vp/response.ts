import { base64url, isJsonObject, type JsonObject } from '../../credential/jws.ts';
import { ENCRYPTION, type EncryptionKey, IDENTITY_QUERY_ID } from './request.ts';

/** The answer to an authorization request: what the wallet posts, and what the verifier reads out of it. */

/** Fields of the form that goes to `response_uri`. */
export async function responseForm(
  answer: JsonObject,
  encryption: EncryptionKey | null,
): Promise<Readonly<Record<string, string>>> {
  if (encryption !== null) return { response: await encryptAnswer(answer, encryption) };
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, text(value)]));
}

async function encryptAnswer(answer: JsonObject, { jwk, kid }: EncryptionKey): Promise<string> {
  const { CompactEncrypt, importJWK } = await import('jose');
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(answer)))
    .setProtectedHeader({ ...ENCRYPTION, kid })
    .encrypt(await importJWK({ ...jwk }, ENCRYPTION.alg));
}

/** More than an identity with all its claims and a signature. */
const MAX_RESPONSE = 64 * 1024;

/** Which key an encrypted answer was made for, or null where it does not say so. */
export function keyOfResponse(response: string): string | null {
  if (response.length > MAX_RESPONSE) return null;
  try {
    const header: unknown = JSON.parse(Buffer.from(response.split('.')[0] ?? '', 'base64url').toString('utf8'));
    return isJsonObject(header) && typeof header.kid === 'string' ? header.kid : null;
  } catch {
    return null;
  }
}

/** The answer, or null for anything that was not encrypted for this key as it was asked for. */
export async function decryptAnswer(
  response: string,
  publicKey: EncryptionKey,
  privateKey: Uint8Array,
): Promise<JsonObject | null> {
  const { compactDecrypt, importJWK } = await import('jose');
  try {
    const key = await importJWK({ ...publicKey.jwk, d: base64url(privateKey) }, ENCRYPTION.alg);
    const { plaintext } = await compactDecrypt(response, key, {
      keyManagementAlgorithms: [ENCRYPTION.alg],
      contentEncryptionAlgorithms: [ENCRYPTION.enc],
      maxDecompressedLength: 0,
    });
    const answer: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext));
    return isJsonObject(answer) ? answer : null;
  } catch {
    return null;
  }
}

/** The one presentation in a `vp_token` (an object, or its JSON text in a plain form), or null. */
export function presentationOf(token: unknown): string | null {
  const value = typeof token === 'string' ? parsed(token) : token;
  if (!isJsonObject(value)) return null;
  const presentations = value[IDENTITY_QUERY_ID];
  if (Object.keys(value).length !== 1 || !Array.isArray(presentations) || presentations.length !== 1) return null;
  return typeof presentations[0] === 'string' ? presentations[0] : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
