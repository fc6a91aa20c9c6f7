/** How long things of the OpenID routes last, in milliseconds, and how often one may guess. */

/** From the request for an identity to its use. */
export const PRESENTATION_MS: number = 10 * 60_000;
/** A presentation that was signed longer ago is stale. */
export const PRESENTATION_MAX_AGE_SECONDS: number = 5 * 60;
export const OFFER_MS: number = 60 * 60_000;
/** Offers that a phone may ask for in a day, beside the one of its activation: each is a letter, and five more tries. */
export const OFFERS_A_DAY: number = 3;
export const DAY_MS: number = 24 * 60 * 60_000;
/** How long the operator's leave for one more offer may be used. */
export const OFFER_LEAVE_MS: number = 7 * DAY_MS;
export const TX_CODE_DIGITS: number = 6;
/** Of a million codes: five tries find one in 200,000. */
export const TX_CODE_TRIES: number = 5;
export const ACCESS_TOKEN_MS: number = 10 * 60_000;
/** A phone that was not used for half a year asks for its identity again. */
export const REFRESH_TOKEN_MS: number = 180 * 24 * 60 * 60_000;
export const NONCE_MS: number = 5 * 60_000;
export const PROOF_MAX_AGE_SECONDS: number = 5 * 60;
export const SKEW_SECONDS: number = 60;
/** A credential is renewed before this, and revoked by its status. */
export const CREDENTIAL_SECONDS: number = 30 * 24 * 60 * 60;
