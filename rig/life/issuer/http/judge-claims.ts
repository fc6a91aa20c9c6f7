import * as z from 'zod';
import type { RequestClaims } from '../../api/signed-request.ts';
import type { JsonObject } from '../../credential/jws.ts';
import { refuseRequest } from './request-refusals.ts';

/** How far the clocks of requester and issuer may differ, in seconds, either way. */
export const CLOCK_LIMIT_S = 60;

/** What a signed request is held against. */
export interface ReceivedRequest {
  readonly method: string;
  /** Scheme and Host header; the latter is one of the server's own names. */
  readonly origin: string;
  /** Path of the address, without its query. */
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** 128 bits or more in base64url; readable as part of a line of the audit. */
const IDENTIFIER = z.string().regex(/^[A-Za-z0-9_-]{22,64}$/);

const CLAIMS = z.object({
  aud: z.string().max(300),
  iat: z.int().nonnegative(),
  jti: IDENTIFIER,
  htm: z.string().max(10),
  htu: z.string().max(500),
});

/** @throws {WebRefusal} malformed, for another server or route, or of another time */
export function judgeClaims(payload: JsonObject, { method, origin, path, now }: ReceivedRequest): RequestClaims {
  const parsed = CLAIMS.safeParse(payload);
  if (!parsed.success) {
    const field = String(parsed.error.issues[0]?.path[0] ?? 'payload');
    throw refuseRequest('signature-malformed', `${field} is not as described`);
  }
  const { aud, iat, htm, htu } = parsed.data;
  if (aud !== origin) throw refuseRequest('request-for-another', 'aud is not this server');
  if (htm !== method || htu !== `${origin}${path}`) throw refuseRequest('request-for-another', 'htm or htu');
  const ahead = iat - Math.floor(now / 1000);
  if (Math.abs(ahead) > CLOCK_LIMIT_S) {
    const words = `${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} the issuer's, and ${CLOCK_LIMIT_S} s are the limit`;
    throw refuseRequest('clock-wrong', `the requester's is ${words}`);
  }
  return parsed.data;
}
