/**
 * What the OpenID routes of the issuer refuse. `error` is the word that the standards give the other side's program
 * (RFC 6749, RFC 6750, OpenID4VCI 1.0, OpenID4VP 1.0); the code, sent beside it, says which of our rules it was.
 */
export const OPENID_REFUSALS = {
  'request-unknown': {
    status: 400,
    error: 'invalid_request',
    sentence: 'no request of this issuer belongs to this answer',
  },
  'request-expired': {
    status: 400,
    error: 'invalid_request',
    sentence: 'the request was answered too late: begin again',
  },
  'request-answered': { status: 400, error: 'invalid_request', sentence: 'the request was answered before' },
  'response-malformed': {
    status: 400,
    error: 'invalid_request',
    sentence: 'the answer has not one presentation of the identity asked for',
  },
  'response-unreadable': {
    status: 400,
    error: 'invalid_request',
    sentence: 'the answer was not encrypted as it was asked for',
  },
  'more-than-asked': {
    status: 400,
    error: 'invalid_request',
    sentence: 'the presentation discloses more than was asked for',
  },
  'identity-incomplete': {
    status: 400,
    error: 'invalid_request',
    sentence: 'a claim that was asked for is missing or malformed',
  },
  'not-answered': { status: 400, error: 'invalid_request', sentence: 'the identity has not been presented yet' },
  'consent-refused': { status: 403, error: 'access_denied', sentence: 'the person did not agree' },
  'identity-used': {
    status: 400,
    error: 'invalid_request',
    sentence: 'this identity was used before: a new ticket comes from presenting it again',
  },
  'response-code-wrong': {
    status: 400,
    error: 'invalid_request',
    sentence: 'the response code is not the one of this request',
  },
  'return-refused': { status: 400, error: 'invalid_request', sentence: 'the return address is not on this machine' },
  'provider-unknown': {
    status: 400,
    error: 'invalid_request',
    sentence:
      'this issuer trusts no identity provider of that address; an operator names it with: vitap issuer serve --identity URL',
  },
  'provider-not-reached': {
    status: 503,
    error: 'temporarily_unavailable',
    sentence: 'the identity provider cannot be asked for its keys now',
  },
  'grant-unsupported': { status: 400, error: 'unsupported_grant_type', sentence: 'this grant type is not offered' },
  'code-unknown': {
    status: 400,
    error: 'invalid_grant',
    sentence: 'the pre-authorized code is unknown or has expired',
  },
  'code-used': {
    status: 400,
    error: 'invalid_grant',
    sentence: 'the pre-authorized code was used before; what was given for it is revoked',
  },
  'transaction-code-missing': {
    status: 400,
    error: 'invalid_request',
    sentence: 'the transaction code (tx_code) is missing',
  },
  'transaction-code-wrong': { status: 400, error: 'invalid_grant', sentence: 'the transaction code is wrong' },
  'tries-used': {
    status: 400,
    error: 'invalid_grant',
    sentence: 'the transaction code was wrong too often: a new offer is needed',
  },
  'refresh-unknown': { status: 400, error: 'invalid_grant', sentence: 'the refresh token is unknown or has expired' },
  'refresh-used': {
    status: 400,
    error: 'invalid_grant',
    sentence: 'the refresh token was used before; what was given for it is revoked',
  },
  'offer-open': {
    status: 409,
    error: 'invalid_request',
    sentence: 'an offer is open: use its transaction code, or ask again when it has ended',
  },
  'offers-used': {
    status: 429,
    error: 'invalid_request',
    sentence: 'this card was offered its credential too often today: ask the operator, or tomorrow',
  },
  'activation-ended': { status: 400, error: 'invalid_grant', sentence: 'the activation is not there any more' },
  'token-missing': { status: 401, error: 'invalid_token', sentence: 'the access token is missing' },
  'token-unknown': { status: 401, error: 'invalid_token', sentence: 'the access token is unknown or has expired' },
  'credential-unknown': {
    status: 400,
    error: 'unknown_credential_configuration',
    sentence: 'this issuer has no such credential',
  },
  'credential-refused': {
    status: 400,
    error: 'credential_request_denied',
    sentence: 'only an active card gets a credential',
  },
  'proof-missing': { status: 400, error: 'invalid_proof', sentence: 'one proof of type jwt is needed' },
  'proof-malformed': {
    status: 400,
    error: 'invalid_proof',
    sentence: 'the proof is not an openid4vci-proof+jwt with a key on P-256',
  },
  'proof-signature': {
    status: 400,
    error: 'invalid_proof',
    sentence: 'the proof was not signed with the key that it shows',
  },
  'proof-audience': { status: 400, error: 'invalid_proof', sentence: 'the proof was made for another issuer' },
  'proof-in-future': { status: 400, error: 'invalid_proof', sentence: 'the proof says that it was made in the future' },
  'proof-stale': { status: 400, error: 'invalid_proof', sentence: 'the proof is too old' },
  'proof-key-used': { status: 400, error: 'invalid_proof', sentence: 'the key belongs to another card' },
  'proof-key-changed': { status: 400, error: 'invalid_proof', sentence: 'the key is not the one of this card' },
  'nonce-missing': { status: 400, error: 'invalid_proof', sentence: 'the proof has no nonce' },
  'nonce-unknown': { status: 400, error: 'invalid_nonce', sentence: 'the nonce is not of this issuer or has expired' },
  'nonce-used': { status: 400, error: 'invalid_nonce', sentence: 'the nonce was used before' },
} as const;

export type OpenIdRefusalCode = keyof typeof OPENID_REFUSALS;

interface Wording {
  readonly status: number;
  readonly error: string;
  readonly sentence: string;
}

const UNNAMED: Wording = { status: 400, error: 'invalid_request', sentence: 'the request is refused' };

export class OpenIdRefusal extends Error {
  /** Ours, or that of the part that refused (an SD-JWT, the registry). */
  readonly code: string;
  readonly status: number;
  readonly error: string;

  constructor(code: OpenIdRefusalCode, options?: { cause?: unknown });
  constructor(code: string, other: Wording);
  constructor(code: string, more: Partial<Wording> & { readonly cause?: unknown } = {}) {
    const { status, error, sentence } = { ...UNNAMED, ...OPENID_REFUSALS[code as OpenIdRefusalCode], ...more };
    super(sentence, more.cause === undefined ? {} : { cause: more.cause });
    this.name = 'OpenIdRefusal';
    this.code = code;
    this.status = status;
    this.error = error;
  }
}

/** The standards want ASCII without quotation mark and backslash in `error_description`. */
export function errorDescription(message: string): string {
  return message.replaceAll('’', "'").replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?');
}
