import type { Statements } from '../../../store/sql.ts';
import { CLOCK_LIMIT_S } from './judge-claims.ts';

/** A signed request, by which it is known again. */
export interface SeenRequest {
  /** Thumbprint of a device key, or holder reference of a terminal. */
  readonly signer: string;
  readonly requestId: string;
  /** SHA-256 of what it asks for. */
  readonly contentHash: Uint8Array;
  /** Seconds since 1970, as it says. */
  readonly issuedAt: number;
}

/** `first`: never seen. `same`: seen, and asked for the same. `other`: seen, and asked for something else. */
export type SeenBefore = 'first' | 'same' | 'other';

/** After this its time is refused anyway. */
const KEPT_MS = 2 * CLOCK_LIMIT_S * 1000;

/**
 * Remembers a request as long as its time would be believed. It stands in the database, so that a restart forgets none.
 * @param now milliseconds since 1970
 */
export async function rememberRequest(statements: Statements, seen: SeenRequest, now: number): Promise<SeenBefore> {
  const { signer, requestId, contentHash, issuedAt } = seen;
  const expiresAt = Math.max(now, issuedAt * 1000) + KEPT_MS;
  const inserted = await statements.query(
    `insert into seen_requests (signer, request_id, content_hash, expires_at) values ($1, $2, $3, $4)
     on conflict do nothing returning 1 as one`,
    [signer, requestId, contentHash, expiresAt],
  );
  if (inserted.length > 0) return 'first';
  const same = await statements.query(
    'select 1 as one from seen_requests where signer = $1 and request_id = $2 and content_hash = $3',
    [signer, requestId, contentHash],
  );
  return same.length > 0 ? 'same' : 'other';
}

/** Forgets what is too old to be believed. */
export async function forgetRequests(statements: Statements, now: number): Promise<void> {
  await statements.query('delete from seen_requests where expires_at < $1', [now]);
}
