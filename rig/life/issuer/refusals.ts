/** One refusal of the issuer: what an HTTP answer, a verb and the docs say of it. */
export interface Refusal {
  /** HTTP status. */
  readonly status: number;
  /** What is wrong, without a value from the registry or the request. */
  readonly sentence: string;
  /** What the person or the program can do. */
  readonly cure: string;
}

/** One for each row of {@link REFUSALS}. */
export const REFUSAL_CODES = [
  'unknown-person',
  'department-closed',
  'device-key-used',
  'device-key-malformed',
  'device-unknown',
  'card-revoked',
  'activation-unknown',
  'nothing-active',
  'activation-ended',
  'activation-malformed',
  'card-used',
  'nothing-agreed',
  'presence-malformed',
  'presence-unknown',
  'presence-expired',
  'presence-used',
  'signer-malformed',
  'request-id-malformed',
  'request-used',
  'context-unknown',
  'context-expired',
  'context-ended',
  'context-limit',
  'claim-malformed',
  'claim-beneficiary',
  'claim-future',
  'claim-duplicate',
  'offline-used',
  'offline-stale',
  'offline-unknown',
  'card-unknown',
  'application-unknown',
  'application-malformed',
  'application-waiting',
  'application-refused',
  'application-expired',
  'application-decided',
  'application-used',
  'delegation-unknown',
  'delegation-malformed',
  'delegation-narrower',
  'delegation-ended',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** Every refusal of the issuer, by its code. docs/issuer.md shows this table. */
export const REFUSALS: Readonly<Record<RefusalCode, Refusal>> = {
  'unknown-person': row(403, 'nobody insured here has this identity, or more than one person has', 'ask the organism'),
  'department-closed': row(403, 'this department is not open yet', 'wait until it opens (`vitap issuer rollout`)'),
  'device-key-used': row(409, 'this device key belongs to another activation', 'make a new key in the card'),
  'device-key-malformed': row(
    400,
    'a device key is named by its thumbprint of 43 characters',
    'send the JWK thumbprint',
  ),
  'device-unknown': row(403, 'no active card has this device key', 'activate the phone first'),
  'card-revoked': row(403, 'this card was revoked', 'activate a phone again'),
  'activation-unknown': row(404, 'there is no such activation', 'begin a new one'),
  'nothing-active': row(404, 'this person never had an active card here', 'nothing: there is no card to end'),
  'activation-ended': row(
    409,
    'this activation is not pending',
    'ask for its state; begin a new one if it was abandoned',
  ),
  'activation-malformed': row(
    400,
    'holder key, serial number or EF.CardSecurity is not what it must be',
    'send them anew',
  ),
  'card-used': row(409, 'this card is active for another person', 'personalise a card of its own'),
  'nothing-agreed': row(
    400,
    'the person agreed to nothing, or to something that is not known',
    'name what is disclosed',
  ),
  'presence-malformed': row(400, 'this is no presence', 'read the QR code or the card again'),
  'presence-unknown': row(404, 'no phone was given this presence', 'ask the person for a new one'),
  'presence-expired': row(410, 'this presence is older than 60 seconds', 'ask the person for a new one'),
  'presence-used': row(409, 'this presence was used already', 'ask the person for a new one'),
  'signer-malformed': row(400, 'the signer has no holder reference', 'sign with the certificate of a terminal'),
  'request-id-malformed': row(
    400,
    'a request identifier has 16 to 64 letters, digits, _ or -',
    'make one for each request',
  ),
  'request-used': row(409, 'this request identifier belongs to another request', 'make a new one for each request'),
  'context-unknown': row(404, 'this signer has no such context with this token', 'resolve a presence'),
  'context-expired': row(410, 'this context has expired', 'resolve a new presence'),
  'context-ended': row(410, 'this context was destroyed', 'resolve a new presence'),
  'context-limit': row(409, 'this context was renewed as long as it may be', 'resolve a new presence'),
  'claim-malformed': row(
    400,
    'the claim is not the summary of an invoice, or does not fit the card',
    'send its fields and no others',
  ),
  'claim-beneficiary': row(
    422,
    'the claim is for nobody whom this context, code or card is about',
    'name a beneficiary of the card',
  ),
  'claim-future': row(422, 'the claim is dated after tomorrow', 'correct its date; look at the clocks'),
  'claim-duplicate': row(409, 'this professional sent another claim with this number', 'number each invoice once'),
  'offline-used': row(409, 'a claim was sent with this offline code already', 'nothing: the first claim counts'),
  'offline-stale': row(
    410,
    'this offline code was made too long ago, or in the future',
    'look at the clocks; bill on paper',
  ),
  'offline-unknown': row(404, 'no card has the status index of this offline code', 'check the code again'),
  'card-unknown': row(404, 'no active card has this serial number', 'ask the person for the phone that is active'),
  'application-unknown': row(404, 'there is no such application with this ticket', 'apply again'),
  'application-malformed': row(
    400,
    'an application needs a document and a video, neither empty nor too large',
    'send the files anew',
  ),
  'application-waiting': row(409, 'nobody has decided on this application yet', 'ask again later'),
  'application-refused': row(403, 'this application was refused', 'apply again with better pictures'),
  'application-expired': row(410, 'nobody decided on this application within 96 hours', 'apply again'),
  'application-decided': row(409, 'this application was decided already', 'nothing'),
  'application-used': row(409, 'a phone was activated with this application already', 'apply again for another phone'),
  'delegation-unknown': row(404, 'there is no such delegation', 'ask for the list'),
  'delegation-malformed': row(
    400,
    'a delegation lasts up to 30 days, is for one beneficiary of the card, and is not for oneself',
    'correct it',
  ),
  'delegation-narrower': row(
    403,
    'this delegation does not let the other phone disclose all of that',
    'ask for less: the list of delegations says what',
  ),
  'delegation-ended': row(403, 'this delegation has ended or was revoked', 'ask for a new one'),
};

/** The issuer says no. Nothing was changed but the audit log. */
export class IssuerRefusal extends Error {
  readonly code: RefusalCode;
  readonly status: number;
  readonly cure: string;

  /** @param detail what exactly, without a value from the registry or the request */
  constructor(code: RefusalCode, detail?: string) {
    const { status, sentence, cure } = REFUSALS[code];
    super(detail === undefined ? sentence : `${sentence}: ${detail}`);
    this.name = 'IssuerRefusal';
    this.code = code;
    this.status = status;
    this.cure = cure;
  }
}

function row(status: number, sentence: string, cure: string): Refusal {
  return { status, sentence, cure };
}
