import * as z from 'zod';
import {
  type Affiliation,
  type Beneficiary,
  type CardData,
  INVOICE_STATUSES,
  type Insured,
  type Invoice,
  type RightRecord,
} from '../../../src/applet/vitale/index.ts';
import { CLAIM, type Claim } from '../credential/claim.ts';
import { base64urlBytes, type P256Jwk } from '../credential/jws.ts';

/*
 * What goes over the wire between the issuer and those that ask it, as both ends read it. The description of the HTTP
 * interface (/openapi.json) is made from these schemas. Times are milliseconds since 1970, bytes are hexadecimal digits.
 */

/** An extended answer, protected. */
const MOST_APDU_BYTES = 65_640;
const MOST_SERIAL_BYTES = 16;
const MOST_QR_CHARACTERS = 1300;

const hex = (mostBytes: number): z.ZodType<string, string> =>
  z
    .string()
    .max(2 * mostBytes)
    .regex(/^([0-9a-fA-F]{2})*$/)
    .describe('bytes as hexadecimal digits');
const time = z.int().nonnegative().describe('milliseconds since 1970');
const identifier = z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/);
const token = z.string().regex(/^[\x21-\x7e]{16,200}$/);
const presenceText = z.string().min(1).max(200).describe('text of the presence QR code');
const digits = (length: number): z.ZodType<string, string> => z.string().regex(new RegExp(`^\\d{${length}}$`));
const coordinate = z.string().refine((text) => base64urlBytes(text)?.length === 32);
const p256 = { kty: z.literal('EC'), crv: z.literal('P-256'), x: coordinate, y: coordinate };

/** What a person can agree to disclose. */
export const DISCLOSED = ['insured', 'affiliation', 'beneficiaries', 'rights', 'invoices'] as const;
export type Disclosed = (typeof DISCLOSED)[number];

const keyedNir = z.object({ nir: z.string(), key: z.string() });
const affiliation = z.object({ regime: digits(2), caisse: digits(3), centre: digits(4), codeGestion: digits(2) });
const period = { start: digits(8), end: digits(8).nullable() };
const person = {
  index: z.int(),
  quality: z.int(),
  birthRank: z.int(),
  birthDate: digits(8),
  usualName: z.string(),
  birthName: z.string().nullable(),
  firstName: z.string(),
  certifiedNir: keyedNir.nullable(),
};
const cents = z.int().nonnegative();
/** As it is shown: an answer does not refuse what the issuer has. */
const shownInvoice = z.object({
  number: digits(9),
  date: digits(8),
  beneficiaryIndex: z.int(),
  professionalId: digits(9),
  professionalName: z.string(),
  total: cents,
  amo: cents,
  amc: cents,
  patient: cents,
  thirdParty: z.boolean(),
  status: z.enum(INVOICE_STATUSES),
});

/** An answer that says no more than its status. */
export const NOTHING: z.ZodType<object> = z.object({});

// What a phone asks for.

/** Begins an activation, with one proof of who the person is. */
export interface Begin {
  /** An application that an operator accepted. */
  readonly application?: { readonly id: string; readonly ticket: string };
  /** The access token of a credential offer (OpenID4VCI). */
  readonly offer?: { readonly accessToken: string };
  /** Card access number of the blank card, 6 digits. */
  readonly can: string;
  /** Hexadecimal digits. */
  readonly cardSerial: string;
}
export const BEGIN: z.ZodType<Begin> = z
  .strictObject({
    application: z.strictObject({ id: identifier, ticket: token }).exactOptional(),
    offer: z.strictObject({ accessToken: token }).exactOptional(),
    can: digits(6),
    cardSerial: hex(MOST_SERIAL_BYTES),
  })
  .refine(({ application, offer }) => (application === undefined) !== (offer === undefined), 'exactly one proof');

/** The card's people, for the card and for the check of a weak code. */
export type CardPeople = Pick<CardData, 'insured' | 'affiliation' | 'beneficiaries'>;
export interface Begun {
  readonly activationId: string;
  readonly number: number;
  readonly claims: CardPeople;
}
export const BEGUN: z.ZodType<Begun> = z.object({
  activationId: identifier,
  number: z.int().positive(),
  claims: z.object({
    insured: keyedNir,
    affiliation,
    beneficiaries: z.array(z.object({ ...person, rights: z.array(z.object(period)) })),
  }),
});

/** Before the registry's commit, and after it. */
export const RELAY_STEPS = ['personalisation', 'operation'] as const;
export type RelayStep = (typeof RELAY_STEPS)[number];
export interface Relay {
  readonly step: RelayStep;
  /** Null: a new one. */
  readonly relay: string | null;
  /** Response APDU to the last command; null at the beginning. */
  readonly answer: string | null;
}
export const RELAY: z.ZodType<Relay> = z.strictObject({
  step: z.enum(RELAY_STEPS),
  relay: identifier.nullable(),
  answer: hex(MOST_APDU_BYTES).nullable(),
});
export type Relayed =
  | { readonly relay: string; readonly command: string }
  | { readonly relay: string; readonly done: true };
export const RELAYED: z.ZodType<Relayed> = z.union([
  z.object({ relay: identifier, command: hex(MOST_APDU_BYTES) }),
  z.object({ relay: identifier, done: z.literal(true) }),
]);

export const COMMIT: z.ZodType<{ readonly holderKey: P256Jwk }> = z.strictObject({ holderKey: z.strictObject(p256) });
export interface Committed {
  readonly number: number;
  readonly since: number;
}
export const COMMITTED: z.ZodType<Committed> = z.object({ number: z.int().positive(), since: time });

/** The answer to "am I the active one?" */
export type Standing =
  | { readonly state: 'unknown' }
  | { readonly state: 'pending'; readonly activationId: string; readonly number: number }
  | { readonly state: 'active'; readonly activationId: string; readonly number: number; readonly since: number }
  | {
      readonly state: 'revoked';
      readonly activationId: string;
      readonly number: number;
      readonly since: number;
      readonly why: 'replaced' | 'lost' | 'operator';
      readonly wipe: 'queued' | 'done';
    }
  | { readonly state: 'abandoned'; readonly activationId: string };
const numbered = { activationId: identifier, number: z.int() };
export const STANDING: z.ZodType<Standing> = z.discriminatedUnion('state', [
  z.object({ state: z.literal('unknown') }),
  z.object({ state: z.literal('pending'), ...numbered }),
  z.object({ state: z.literal('active'), ...numbered, since: time }),
  z.object({
    state: z.literal('revoked'),
    ...numbered,
    since: time,
    why: z.enum(['replaced', 'lost', 'operator']),
    wipe: z.enum(['queued', 'done']),
  }),
  z.object({ state: z.literal('abandoned'), activationId: identifier }),
]);

export interface Mint {
  readonly agreed: readonly Disclosed[];
  /** Identifier of a delegation: the phone presents somebody else. */
  readonly delegation?: string;
}
export const MINT: z.ZodType<Mint> = z.strictObject({
  agreed: z.array(z.enum(DISCLOSED)).min(1).max(DISCLOSED.length),
  delegation: identifier.exactOptional(),
});
export interface Minted {
  readonly presence: string;
  readonly expiresAt: number;
}
export const MINTED: z.ZodType<Minted> = z.object({ presence: presenceText, expiresAt: time });

export interface ClaimOfPhone {
  readonly id: string;
  readonly invoice: Invoice;
}
export const CLAIMS_OF_PHONE: z.ZodType<{ readonly claims: readonly ClaimOfPhone[] }> = z.object({
  claims: z.array(z.object({ id: identifier, invoice: shownInvoice })),
});

// What a professional asks for.

export const RESOLVE: z.ZodType<{ readonly presence: string }> = z.strictObject({ presence: presenceText });
/** What a resolved presence opens. */
export interface Context {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: number;
}
const context = z.object({ id: identifier, token, expiresAt: time });
/** What the person agreed to, and nothing else. */
export interface DisclosedData {
  readonly insured?: Insured;
  readonly affiliation?: Affiliation;
  readonly beneficiaries?: readonly Omit<Beneficiary, 'rights'>[];
  readonly rights?: readonly RightRecord[];
  readonly invoices?: readonly Invoice[];
}
export interface Resolved {
  readonly context: Context;
  readonly data: DisclosedData;
}
export const RESOLVED: z.ZodType<Resolved> = z.object({
  context,
  data: z.object({
    insured: keyedNir.exactOptional(),
    affiliation: affiliation.exactOptional(),
    beneficiaries: z.array(z.object(person)).exactOptional(),
    rights: z.array(z.object({ beneficiaryIndex: z.int(), ...period })).exactOptional(),
    invoices: z.array(shownInvoice).exactOptional(),
  }),
});

export const WITH_TOKEN: z.ZodType<{ readonly token: string }> = z.strictObject({ token });
export const RENEWED: z.ZodType<{ readonly context: Context }> = z.object({ context });
export const CLAIM_BY_CONTEXT: z.ZodType<{ readonly token: string; readonly claim: Claim }> = z.strictObject({
  token,
  claim: CLAIM,
});
/** What proves that a card was there: the whole text of its offline QR code, or after a tap its serial number. */
export type OfflineProof = { readonly offline: string } | { readonly cardSerial: string };
export const CLAIM_OFFLINE: z.ZodType<OfflineProof & { readonly claim: Claim }> = z.union([
  z.strictObject({ offline: z.string().min(1).max(MOST_QR_CHARACTERS), claim: CLAIM }),
  z.strictObject({ cardSerial: hex(MOST_SERIAL_BYTES), claim: CLAIM }),
]);
export const CLAIMED: z.ZodType<{ readonly id: string }> = z.object({ id: identifier });

// What everybody may know.

export interface Trust {
  /** As the issuer's tokens name it. */
  readonly issuer: string;
  readonly keys: readonly (P256Jwk & { readonly kid: string })[];
  /** URL of the Token Status List. */
  readonly statusList: string;
}
export const TRUST: z.ZodType<Trust> = z.object({
  issuer: z.string(),
  keys: z.array(z.object({ ...p256, kid: z.string() })),
  statusList: z.string(),
});
