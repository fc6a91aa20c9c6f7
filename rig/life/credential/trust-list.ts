import { z } from 'zod';
import { JwsError, jwkToPoint, readP256Jwk } from './jws.ts';
import type { TrustedIssuer } from './verify-offline-qr.ts';

/** A document that names no issuer to believe: one clause. */
export class TrustListError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'TrustListError';
  }
}

/** More keys than any issuer has at a time. */
const MOST_KEYS = 100;

const DOCUMENT = z.strictObject({
  issuer: z.string().min(1).max(300),
  keys: z.array(z.record(z.string(), z.unknown())).min(1).max(MOST_KEYS),
  statusList: z.string().max(500),
});

/**
 * The keys of an issuer, as it hands them over in a file or answers `GET /v1/trust`: `issuer` as its tokens name it,
 * `keys` as JWK on P-256, `statusList`, its address.
 * @returns one row for each key
 * @throws {TrustListError}
 */
export function readTrustList(document: unknown): readonly TrustedIssuer[] {
  const read = DOCUMENT.safeParse(document);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new TrustListError(`${issue?.path.join('.') || 'the document'} is not as a trust list has it`);
  }
  const { issuer, keys } = read.data;
  try {
    return keys.map((key) => ({ issuer, publicKey: jwkToPoint(readP256Jwk(key)) }));
  } catch (cause) {
    if (!(cause instanceof JwsError)) throw cause;
    throw new TrustListError(`a key in it is none: ${cause.message}`, { cause });
  }
}
