import * as z from 'zod';
import type { FetchLimits } from '../../../web/limited-fetch.ts';
import { identityTicket } from '../ticket.ts';
import { OpenIdDistrusted, openIdCall } from './openid-call.ts';

/** The phone's part of an identity: it asks the issuer for a request, and brings the person's consent back as a ticket. */

export interface IdentityRequest {
  /** For the phone alone. */
  readonly transaction: string;
  /** Where a browser is sent, and the person agrees. */
  readonly authorizationRequest: string;
  /** Where the issuer lets the browser end: the phone's page, or a page of the issuer. */
  readonly returnTo: string;
  readonly expiresInSeconds: number;
}

const secret = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const REQUEST = z.looseObject({
  transaction: secret,
  authorization_request: z.url().max(8000),
  expires_in: z.number().positive(),
});

/**
 * @param issuer origin of the issuer. @param identity origin of the identity provider that the person chose
 * @param returnTo page of the phone on loopback, without fragment; null: a terminal has none
 * @throws as {@link openIdCall}; the issuer sends to another provider
 */
export async function requestIdentity(
  {
    issuer,
    identity,
    returnTo,
  }: { readonly issuer: string; readonly identity: string; readonly returnTo: string | null },
  limits: FetchLimits = {},
): Promise<IdentityRequest> {
  const body = { provider: identity, ...(returnTo !== null && { return_to: returnTo }) };
  const answer = await openIdCall({ url: `${issuer}/openid/presentations`, body }, REQUEST, limits);
  if (new URL(answer.authorization_request).origin !== identity) {
    throw new OpenIdDistrusted(`${issuer} sends to another identity provider than ${identity}`);
  }
  return {
    transaction: answer.transaction,
    authorizationRequest: answer.authorization_request,
    returnTo: returnTo ?? `${issuer}/openid/presented`,
    expiresInSeconds: answer.expires_in,
  };
}

/** What the person is asked for, at a terminal. */
export interface ConsentQuestion {
  /** Origin of who asks. */
  readonly verifier: string;
  /** Names of the claims. */
  readonly claims: readonly string[];
  /** The first of those that the provider knows. */
  readonly people: readonly { readonly id: string; readonly familyName: string; readonly givenName: string }[];
  /** How many it knows; undefined: it does not say. */
  readonly known?: number | undefined;
}

const QUESTION = z.looseObject({
  consent: z.string().max(100),
  verifier: z.string().max(200),
  claims: z.array(z.string().max(100)).max(20),
  people: z
    .array(z.looseObject({ id: z.string().max(100), familyName: z.string().max(100), givenName: z.string().max(100) }))
    .max(100),
  known: z.int().nonnegative().optional(),
});
const DECISION = z.looseObject({
  decision: z.enum(['agree', 'refuse']),
  redirect_uri: z.string().max(2000).nullable(),
});

/**
 * Consent without a browser: the identity provider's question goes to `decide`, its decision back.
 * @param decide id of the person who agrees, or null to refuse
 * @returns the ticket for the issuer, or null where the person refused
 * @throws as {@link openIdCall}
 */
export async function consentAtTerminal(
  request: IdentityRequest,
  decide: (question: ConsentQuestion) => Promise<string | null>,
  limits: FetchLimits = {},
): Promise<string | null> {
  const question = await openIdCall({ url: request.authorizationRequest, body: null }, QUESTION, limits);
  const person = await decide(question);
  const answer = await openIdCall(
    {
      url: new URL('/consent', request.authorizationRequest).href,
      body: {
        consent: question.consent,
        person: person ?? question.people[0]?.id ?? '',
        decision: person === null ? 'refuse' : 'agree',
      },
    },
    DECISION,
    limits,
  );
  return person === null ? null : ticketOf(request, answer.redirect_uri ?? '');
}

/**
 * The ticket out of the address at which the browser ended. @throws {OpenIdDistrusted} another address than the one
 * asked for: half of the right to the identity stands in it
 */
export function ticketOf({ transaction, returnTo }: IdentityRequest, address: string): string {
  const [to, fragment] = address.split('#', 2);
  const responseCode = new URLSearchParams(fragment ?? '').get('response_code');
  if (to !== returnTo) throw new OpenIdDistrusted('the answer went to another address than the phone asked for');
  if (responseCode === null || !secret.safeParse(responseCode).success) {
    throw new OpenIdDistrusted('the answer has no response code');
  }
  return identityTicket({ transaction, responseCode });
}
