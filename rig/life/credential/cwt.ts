import { CborError, decodeCbor, encodeCbor } from '../../pki/deterministic-cbor.ts';

/**
 * Claims of a CBOR Web Token (RFC 8392): by number, dates in whole seconds.
 *
 * Numbers are those of IANA's registry; below −65536 it leaves them to whoever wants them, and there are two of ours.
 */
export const CLAIM = {
  ISSUER: 1,
  SUBJECT: 2,
  EXPIRATION: 4,
  NOT_BEFORE: 5,
  ISSUED_AT: 6,
  TOKEN_ID: 7,
  /** RFC 8747. */
  CONFIRMATION: 8,
  /** Token Status List: what a list holds, for how many seconds it may be kept, and where a token's status stands. */
  STATUS_LIST: 65533,
  TIME_TO_LIVE: 65534,
  STATUS: 65535,
  /** Ours: the people on a card and their affiliation. */
  FAMILY: -65537,
  /** Ours: the token of the issuer inside a token of the holder. */
  CERTIFIED: -65538,
} as const;

export type Claims = ReadonlyMap<number, unknown>;

/** Not the claims of a token, or not those that were expected. One clause of a sentence, without a value. */
export class ClaimError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ClaimError';
  }
}

export function encodeClaims(claims: Claims): Uint8Array {
  return encodeCbor(claims);
}

/** @param keys as {@link decodeCbor} has it @throws {ClaimError} */
export function decodeClaims(payload: Uint8Array, what: string, keys?: 'sorted' | 'as-they-come'): Claims {
  let claims: unknown;
  try {
    claims = decodeCbor(payload, what, keys);
  } catch (cause) {
    if (cause instanceof CborError) throw new ClaimError(cause.message, { cause });
    throw cause;
  }
  return numberedMap(claims, what);
}

/** @throws {ClaimError} not a map whose keys are all numbers */
export function numberedMap(value: unknown, what: string): Claims {
  if (!(value instanceof Map)) throw new ClaimError(`${what} is not a map`);
  for (const key of value.keys()) {
    if (!Number.isSafeInteger(key)) throw new ClaimError(`${what} has a key that is not a number`);
  }
  return value as Claims;
}

/** Seconds since 1970, whole: RFC 8392 would let it be a fraction or a tagged date. @throws {ClaimError} */
export function dateClaim(claims: Claims, claim: number, name: string): number {
  const value = claims.get(claim);
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new ClaimError(`${name} is not a number of seconds`);
  return value as number;
}

/** @throws {ClaimError} */
export function textClaim(claims: Claims, claim: number, name: string): string {
  const value = claims.get(claim);
  if (typeof value !== 'string' || value === '') throw new ClaimError(`${name} is not text`);
  return value;
}

/** @throws {ClaimError} */
export function bytesClaim(claims: Claims, claim: number, name: string): Uint8Array {
  const value = claims.get(claim);
  if (!(value instanceof Uint8Array)) throw new ClaimError(`${name} is not a byte string`);
  return value;
}

/** @throws {ClaimError} a claim that is not in the list: what nobody reads, nobody signed for */
export function refuseOtherClaims(claims: Claims, known: readonly number[], what: string): void {
  for (const claim of claims.keys()) {
    if (!known.includes(claim)) throw new ClaimError(`${what} has a claim that has no place there`);
  }
}
