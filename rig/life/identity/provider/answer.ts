import * as z from 'zod';
import { type FetchLimits, limitedFetch, NotReached } from '../../../web/limited-fetch.ts';
import type { JsonObject } from '../../credential/jws.ts';
import type { AuthorizationRequest } from '../openid4vp/request.ts';
import { responseForm } from '../openid4vp/response.ts';

/** How the verifier took an answer. */
export type Outcome =
  | { readonly kind: 'taken'; readonly redirectUri: string | null }
  | { readonly kind: 'not-believed'; readonly reason: string }
  | { readonly kind: 'not-reached' };

const TAKEN = z.looseObject({ redirect_uri: z.string().max(2000).optional() });
const REFUSED = z.looseObject({
  error: z.string().regex(/^[a-z_]{1,60}$/),
  reason: z
    .string()
    .regex(/^[a-z-]{1,60}$/)
    .optional(),
});
const MOST_BYTES = 16_384;

/** Posts an answer to the verifier (`direct_post`). Redirections are not followed: the answer is for this address. */
export async function postAnswer(
  request: AuthorizationRequest,
  answer: JsonObject,
  limits: FetchLimits = {},
): Promise<Outcome> {
  const form = await responseForm(
    { ...answer, ...(request.state !== null && { state: request.state }) },
    request.encryption,
  );
  try {
    const { status, text } = await limitedFetch(
      request.responseUri,
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
        body: new URLSearchParams({ ...form }).toString(),
      },
      { mostBytes: MOST_BYTES, ...limits },
    );
    return outcomeOf(status, text);
  } catch (error) {
    if (error instanceof NotReached) return { kind: 'not-reached' };
    throw error;
  }
}

function outcomeOf(status: number, text: string): Outcome {
  const json = parsed(text);
  if (status === 200) {
    const taken = TAKEN.safeParse(json);
    const redirectUri = taken.data?.redirect_uri ?? null;
    if (!taken.success || (redirectUri !== null && !isWebAddress(redirectUri))) {
      return { kind: 'not-believed', reason: 'answer-malformed' };
    }
    return { kind: 'taken', redirectUri };
  }
  const refused = REFUSED.safeParse(json);
  const reason = refused.success ? (refused.data.reason ?? refused.data.error) : `status-${status}`;
  return { kind: 'not-believed', reason };
}

/** A browser would run an address of javascript: as a script of this page. */
function isWebAddress(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
