import type { Statements } from '../../../store/sql.ts';
import { NotReached } from '../../../web/limited-fetch.ts';
import { base64url, type JsonObject, pointToJwk } from '../../credential/jws.ts';
import { ASKED_CLAIMS, IDENTITY_VCT, type IdentityClaims, readIdentityClaims } from '../../identity/claims.ts';
import {
  type AuthorizationRequest,
  authorizationRequestParameters,
  clientIdOf,
} from '../../identity/openid4vp/request.ts';
import { decryptAnswer, keyOfResponse, presentationOf } from '../../identity/openid4vp/response.ts';
import { SdJwtRefusal } from '../../identity/sd-jwt/refusals.ts';
import { verifySdJwtVc } from '../../identity/sd-jwt/verify.ts';
import { readIdentityTicket } from '../../identity/ticket.ts';
import { equalBytes, hashOf, newSecret, type OpenIdContext, randomBytes } from './context.ts';
import { PRESENTATION_MAX_AGE_SECONDS, PRESENTATION_MS } from './limits.ts';
import { OpenIdRefusal } from './refusals.ts';

/**
 * The issuer as verifier of an identity (OpenID4VP 1.0). Two secrets meet before an identity is used: the transaction,
 * which only the phone that asked has, and the response code, which only the browser gets in which the person agreed. So
 * nobody uses an identity that somebody else was talked into presenting.
 */

type VerifierContext = Pick<OpenIdContext, 'crypto' | 'random' | 'sql' | 'now' | 'origin' | 'identityProviders'>;

export interface PresentationRequest {
  /** For the phone alone. */
  readonly transaction: string;
  /** Where the person agrees. */
  readonly authorizationRequest: string;
  readonly expiresInSeconds: number;
}

interface PresentationRow {
  readonly [column: string]: string | number | boolean | null | Uint8Array;
  readonly transaction_hash: Uint8Array;
  readonly nonce: string;
  readonly state_hash: Uint8Array;
  readonly encryption_kid: string;
  readonly encryption_key: Uint8Array | null;
  readonly return_to: string | null;
  readonly expires_at: number;
  readonly answered_at: number | null;
  readonly refused: boolean;
  readonly response_code_hash: Uint8Array | null;
  readonly identity: string | null;
}

const RESPONSE_PATH = '/openid/presentations/response';
/** Where a browser ends that came from no page of the phone. */
export const PRESENTED_PATH = '/openid/presented';
const SEED_SIZE = 40;
const STATE_SIZE = 16;

export function responseUriOf(context: Pick<OpenIdContext, 'origin'>): string {
  return context.origin() + RESPONSE_PATH;
}

/** @param returnTo page of the phone that the browser goes back to. @throws {OpenIdRefusal} */
export async function requestPresentation(
  context: VerifierContext,
  order: { readonly provider: string | null; readonly returnTo: string | null },
): Promise<PresentationRequest> {
  const { crypto, random, sql } = context;
  const provider = context.identityProviders.find(({ issuer }) => order.provider === null || issuer === order.provider);
  if (provider === undefined) throw new OpenIdRefusal('provider-unknown');
  if (order.returnTo !== null) checkReturn(order.returnTo);
  const transaction = newSecret(random);
  const privateKey = crypto.privateKey('P-256', randomBytes(random, SEED_SIZE));
  const state = base64url(randomBytes(random, STATE_SIZE));
  const responseUri = responseUriOf(context);
  const request: AuthorizationRequest = {
    clientId: clientIdOf(responseUri),
    responseUri,
    nonce: base64url(randomBytes(random, STATE_SIZE)),
    state,
    vct: IDENTITY_VCT,
    claims: ASKED_CLAIMS,
    encryption: {
      jwk: pointToJwk(crypto.publicKey('P-256', privateKey)),
      kid: base64url(randomBytes(random, STATE_SIZE)),
    },
  };
  await sql.query(
    `insert into openid_presentations
      (transaction_hash, state_hash, nonce, encryption_kid, encryption_key, return_to, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      hashOf(crypto, transaction),
      hashOf(crypto, state),
      request.nonce,
      request.encryption!.kid,
      privateKey,
      order.returnTo,
      context.now() + PRESENTATION_MS,
    ],
  );
  return {
    transaction,
    authorizationRequest: `${provider.issuer}/authorize?${authorizationRequestParameters(request)}`,
    expiresInSeconds: PRESENTATION_MS / 1000,
  };
}

/** Only to the machine on which the browser runs: the response code that goes there is half of the identity's use. */
function checkReturn(returnTo: string): void {
  const url = URL.canParse(returnTo) ? new URL(returnTo) : null;
  const onLoopback = url !== null && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  const plain = url !== null && url.username === '' && url.password === '' && url.hash === '';
  if (!onLoopback || !plain || !/^https?:$/.test(url.protocol)) throw new OpenIdRefusal('return-refused');
}

/**
 * Takes what a wallet posted. Nothing of the identity is kept unless all of it was believed.
 * @returns where the browser goes next
 * @throws {OpenIdRefusal}
 */
export async function acceptResponse(
  context: VerifierContext,
  form: Readonly<Record<string, string>>,
): Promise<{ readonly redirectUri: string }> {
  const { crypto, random, sql } = context;
  const row = await findRequest(context, form);
  refuseEnded(row, context.now());
  const answer = form.response === undefined ? form : await decrypted(context, row, form.response);
  if (typeof answer.state !== 'string' || !equalBytes(hashOf(crypto, answer.state), row.state_hash)) {
    throw new OpenIdRefusal('request-unknown');
  }
  const refused = answer.error !== undefined;
  const identity = refused ? null : await judgeIdentity(context, row, answer);
  const responseCode = newSecret(random);
  // Whoever comes second finds nothing to change: an answer counts once.
  const answered = await sql.query(
    `update openid_presentations set answered_at = $2, refused = $3, response_code_hash = $4, identity = $5,
      encryption_key = null where transaction_hash = $1 and answered_at is null returning 1 as one`,
    [
      row.transaction_hash,
      context.now(),
      refused,
      hashOf(crypto, responseCode),
      identity === null ? null : JSON.stringify(identity),
    ],
  );
  if (answered.length === 0) throw new OpenIdRefusal('request-answered');
  const back = row.return_to ?? context.origin() + PRESENTED_PATH;
  // The phone learns of a refusal from its own browser, and asks nobody to choose a code for nothing.
  return { redirectUri: `${back}#response_code=${responseCode}${refused ? '&error=access_denied' : ''}` };
}

async function findRequest(
  { sql, crypto }: VerifierContext,
  form: Readonly<Record<string, string>>,
): Promise<PresentationRow> {
  const kid = form.response === undefined ? null : keyOfResponse(form.response);
  const [row] =
    kid === null
      ? await sql.query<PresentationRow>('select * from openid_presentations where state_hash = $1', [
          hashOf(crypto, form.state ?? ''),
        ])
      : await sql.query<PresentationRow>('select * from openid_presentations where encryption_kid = $1', [kid]);
  if (row === undefined) throw new OpenIdRefusal('request-unknown');
  // Encryption was asked for. Only an error may come without it.
  if (kid === null && form.error === undefined) throw new OpenIdRefusal('response-unreadable');
  return row;
}

function refuseEnded(row: PresentationRow, now: number): void {
  if (row.answered_at !== null) throw new OpenIdRefusal('request-answered');
  if (row.expires_at <= now) throw new OpenIdRefusal('request-expired');
}

async function decrypted({ crypto }: VerifierContext, row: PresentationRow, response: string): Promise<JsonObject> {
  const privateKey = row.encryption_key;
  if (privateKey === null) throw new OpenIdRefusal('request-answered');
  const jwk = pointToJwk(crypto.publicKey('P-256', privateKey));
  const answer = await decryptAnswer(response, { jwk, kid: row.encryption_kid }, privateKey);
  if (answer === null) throw new OpenIdRefusal('response-unreadable');
  return answer;
}

async function judgeIdentity(
  context: VerifierContext,
  row: PresentationRow,
  answer: JsonObject,
): Promise<IdentityClaims> {
  const text = presentationOf(answer.vp_token);
  if (text === null) throw new OpenIdRefusal('response-malformed');
  const claims = await believedClaims(context, row.nonce, text);
  const identity = readIdentityClaims(claims);
  if (identity === null) throw new OpenIdRefusal('identity-incomplete');
  return identity;
}

/** In clear in every SD-JWT VC. */
const REGISTERED = ['iss', 'vct', 'iat', 'nbf', 'exp', 'cnf', 'status'];

async function believedClaims(context: VerifierContext, nonce: string, text: string): Promise<JsonObject> {
  const { crypto } = context;
  try {
    const { claims } = await verifySdJwtVc({
      crypto,
      text,
      now: Math.floor(context.now() / 1000),
      issuerKeys: async (issuer) =>
        (await context.identityProviders.find((provider) => provider.issuer === issuer)?.keys()) ?? [],
      binding: {
        audience: clientIdOf(responseUriOf(context)),
        nonce,
        maxAgeSeconds: PRESENTATION_MAX_AGE_SECONDS,
      },
      vct: IDENTITY_VCT,
    });
    const asked: readonly string[] = [...ASKED_CLAIMS, ...REGISTERED];
    if (Object.keys(claims).some((name) => !asked.includes(name))) throw new OpenIdRefusal('more-than-asked');
    return claims;
  } catch (cause) {
    if (cause instanceof NotReached) throw new OpenIdRefusal('provider-not-reached', { cause });
    if (!(cause instanceof SdJwtRefusal)) throw cause;
    throw new OpenIdRefusal(cause.code, { status: 400, error: 'invalid_request', sentence: cause.message });
  }
}

/**
 * Gives the identity out, once, and keeps nothing of it.
 * @param mayBeSpent looks at it first; what it throws leaves the ticket as it was, until its time is over
 * @throws {OpenIdRefusal}
 */
export async function redeemIdentityTicket(
  context: VerifierContext,
  ticket: string,
  mayBeSpent: (identity: IdentityClaims) => Promise<void> = () => Promise.resolve(),
): Promise<IdentityClaims> {
  await mayBeSpent(await identityBehind(context, ticket, false));
  return identityBehind(context, ticket, true);
}

async function identityBehind(context: VerifierContext, ticket: string, spend: boolean): Promise<IdentityClaims> {
  const { crypto, sql } = context;
  const order = readIdentityTicket(ticket);
  if (order === null) throw new OpenIdRefusal('request-unknown');
  const hash = hashOf(crypto, order.transaction);
  const outcome = await sql.transaction(async (statements) => {
    const row = await lockedRow(statements, hash);
    if (row === null) return new OpenIdRefusal('request-unknown');
    if (row.expires_at <= context.now()) return new OpenIdRefusal('request-expired');
    if (row.answered_at === null) return new OpenIdRefusal('not-answered');
    const right = row.response_code_hash ?? new Uint8Array(0);
    if (!equalBytes(hashOf(crypto, order.responseCode), right)) return new OpenIdRefusal('response-code-wrong');
    // Only who has both secrets learns more than that; purged with the request.
    if (row.refused) return new OpenIdRefusal('consent-refused');
    if (row.identity === null) return new OpenIdRefusal('identity-used');
    if (spend) {
      await statements.query('update openid_presentations set identity = null where transaction_hash = $1', [hash]);
    }
    return JSON.parse(row.identity) as IdentityClaims;
  });
  if (outcome instanceof OpenIdRefusal) throw outcome;
  return outcome;
}

async function lockedRow(statements: Statements, hash: Uint8Array): Promise<PresentationRow | null> {
  const [row] = await statements.query<PresentationRow>(
    'select * from openid_presentations where transaction_hash = $1 for update',
    [hash],
  );
  return row ?? null;
}
