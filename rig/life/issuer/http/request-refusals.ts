import { WebRefusal } from '../../../web/refusal.ts';

/** Why a signed request is not believed, before the issuer looks at what it asks for. One row each: HTTP status and words. */
export const REQUEST_REFUSALS = {
  'signature-missing': { status: 401, meaning: 'the request is not signed' },
  'signature-malformed': { status: 400, meaning: 'the signature of the request is not in the form of this interface' },
  'signature-wrong': { status: 401, meaning: 'the signature is not that of the key which the request names' },
  'request-for-another': { status: 401, meaning: 'the request was signed for another server, route or body' },
  'clock-wrong': { status: 401, meaning: 'the clock of the requester and that of the issuer differ too much' },
  'request-replayed': { status: 409, meaning: 'a request with this identifier came before' },
  'terminal-unknown': { status: 403, meaning: 'no certificate chain leads from the trusted root to this terminal' },
  'terminal-expired': { status: 403, meaning: 'a certificate of the terminal is not valid today' },
  'terminal-revoked': { status: 403, meaning: 'the terminal, or one of its issuers, was revoked' },
  'terminal-refused': { status: 403, meaning: 'the certificates of the terminal are not in order' },
  'terminal-lacks-right': {
    status: 403,
    meaning: 'the certificates of the terminal do not give the right that this takes',
  },
} as const;
export type RequestRefusalCode = keyof typeof REQUEST_REFUSALS;

/** What the HTTP interface itself refuses when the request is believed. */
export const INTERFACE_REFUSALS = {
  'ticket-malformed': { status: 400, meaning: 'this is no ticket of an identity or of an application' },
  'not-personalised': { status: 409, meaning: 'the card of this activation has not been personalised: do that first' },
  'relay-unknown': { status: 409, meaning: 'this relay has ended or never was: begin it anew' },
  'relay-busy': { status: 409, meaning: 'the last answer of this card is still being worked on' },
  'relay-limit': { status: 503, meaning: 'too many cards are being personalised now: try again later' },
  'card-failed': { status: 422, meaning: 'the card did not do what its personalisation takes' },
  'offline-refused': { status: 422, meaning: 'the offline code is not one that this issuer can believe' },
  'list-unreachable': { status: 503, meaning: 'the status list cannot be had now' },
  'store-busy': { status: 503, meaning: 'the registry is busy: try again' },
  'store-full': { status: 503, meaning: 'the registry has no space left: nothing was changed' },
  'store-unreachable': { status: 503, meaning: 'the registry cannot be reached: try again later' },
} as const;
export type InterfaceRefusalCode = keyof typeof INTERFACE_REFUSALS;

const ALL: Readonly<Record<string, { readonly status: number; readonly meaning: string }>> = {
  ...REQUEST_REFUSALS,
  ...INTERFACE_REFUSALS,
};

/** A refusal of these tables. @param more what is different from the row's words, for a person */
export function refuseRequest(code: RequestRefusalCode | InterfaceRefusalCode, more?: string): WebRefusal {
  const { status, meaning } = ALL[code] as { status: number; meaning: string };
  return new WebRefusal(code, more === undefined ? meaning : `${meaning}: ${more}`, status);
}
