import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { WebRefusal } from './refusal.ts';

/** A new secret of 256 bits, as text that may stand in an address. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Whether an Authorization header is `Bearer` with this secret (RFC 6750). The hashes are compared, so that the time
 * tells nothing of the secret or its length.
 * @throws {WebRefusal} it is not
 */
export function checkSecret(authorization: string | undefined, secret: string): void {
  const [, given] = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization ?? '') ?? [];
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (given === undefined || !timingSafeEqual(hash(given), hash(secret))) throw new WebRefusal('secret-missing');
}
