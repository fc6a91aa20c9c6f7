import * as z from 'zod';
import { type FetchLimits, limitedFetch, NotReached } from '../../../web/limited-fetch.ts';
import { type P256Jwk, readP256Jwk } from '../../credential/jws.ts';
import type { IdentityProvider } from './context.ts';

const PUBLISHED = z.looseObject({
  issuer: z.string(),
  jwks: z.looseObject({ keys: z.array(z.unknown()).min(1).max(20) }),
});
/** How long keys are used before they are asked for again. */
const FRESH_MS = 10 * 60_000;
const MOST_BYTES = 65_536;

/**
 * An identity provider that the issuer was told to trust, by its address. Its keys are asked for there when they are
 * first needed (SD-JWT VC: JWT VC issuer metadata), and again every ten minutes.
 * @param now milliseconds since 1970
 */
export function trustedProvider(issuer: string, now: () => number, limits: FetchLimits = {}): IdentityProvider {
  let known: { readonly keys: readonly P256Jwk[]; readonly at: number } | null = null;
  return {
    issuer,
    keys: async () => {
      if (known === null || known.at + FRESH_MS <= now()) {
        known = { keys: await fetchKeys(issuer, { mostBytes: MOST_BYTES, ...limits }), at: now() };
      }
      return known.keys;
    },
  };
}

/** @throws {NotReached} */
async function fetchKeys(issuer: string, limits: FetchLimits): Promise<readonly P256Jwk[]> {
  const { status, text } = await limitedFetch(
    `${issuer}/.well-known/jwt-vc-issuer`,
    {},
    { idempotent: true, ...limits },
  );
  const read = status === 200 ? PUBLISHED.safeParse(parsed(text)) : null;
  if (!read?.success || read.data.issuer !== issuer) throw new NotReached(`${issuer} is no identity provider`);
  try {
    return read.data.jwks.keys.map(readP256Jwk);
  } catch (cause) {
    throw new NotReached(`${issuer} publishes keys that are not on P-256`, { cause });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
