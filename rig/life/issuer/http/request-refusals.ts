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

/** A refusal of this table. @param more what is different from the row's words, for a person */
export function refuseRequest(code: RequestRefusalCode, more?: string): WebRefusal {
  const { status, meaning } = REQUEST_REFUSALS[code];
  return new WebRefusal(code, more === undefined ? meaning : `${meaning}: ${more}`, status);
}
