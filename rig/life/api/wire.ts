import * as z from 'zod';
import {
  type Affiliation,
  type Beneficiary,
  type CardData,
  INVOICE_STATUSES,
  type Insured,
  type Invoice,
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
const beneficiary = z.object({
  index: z.int(),
  quality: z.int(),
  birthRank: z.int(),
  birthDate: digits(8),
  usualName: z.string(),
  birthName: z.string().nullable(),
  firstName: z.string(),
  certifiedNir: keyedNir.nullable(),
  rights: z.array(z.object(period)),
});
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

/** Begins an activation. */
export interface Begin {
  /** Who the person is: `identity:…` of a digital identity, or `application:…` of an application that was accepted. */
  readonly ticket: string;
  /** Card access number of the blank card, 6 digits. */
  readonly can: string;
  /** Hexadecimal digits. */
  readonly cardSerial: string;
}
export const BEGIN: z.ZodType<Begin> = z.strictObject({
  ticket: token,
  can: digits(6),
  cardSerial: hex(MOST_SERIAL_BYTES).refine((text) => text !== ''),
});

/** The card's people, for the card and for the check of a weak code. */
export type CardPeople = Pick<CardData, 'insured' | 'affiliation' | 'beneficiaries'>;
export interface Begun {
  readonly activationId: string;
  readonly number: number;
  readonly claims: CardPeople;
  /** Where the credential can be had once the card is active (OpenID4VCI credential offer). */
  readonly credentialOffer?: string;
}
export const BEGUN: z.ZodType<Begun> = z.object({
  activationId: identifier,
  number: z.int().positive(),
  claims: z.object({
    insured: keyedNir,
    affiliation,
    beneficiaries: z.array(beneficiary),
  }),
  credentialOffer: z.string().max(4000).exactOptional(),
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
/** Another offer of the credential, as a link of OpenID4VCI. */
export interface Offered {
  readonly credentialOffer: string;
}
export const OFFERED: z.ZodType<Offered> = z.object({ credentialOffer: z.string().max(8000) });

export const MINTED: z.ZodType<Minted> = z.object({ presence: presenceText, expiresAt: time });

export interface ClaimOfPhone {
  /** Number of the claim at the issuer. */
  readonly id: number;
  readonly invoice: Invoice;
}
export const CLAIMS_OF_PHONE: z.ZodType<{ readonly claims: readonly ClaimOfPhone[] }> = z.object({
  claims: z.array(z.object({ id: z.int(), invoice: shownInvoice })),
});

/** A permission for another phone to present for one beneficiary, until a time. */
export interface Delegation {
  readonly id: string;
  readonly beneficiaryIndex: number;
  /** What the other phone may disclose. */
  readonly agreed: readonly Disclosed[];
  readonly until: number;
  readonly madeAt: number;
  readonly revokedAt: number | null;
}
const delegation = z.object({
  id: identifier,
  beneficiaryIndex: z.int(),
  agreed: z.array(z.enum(DISCLOSED)),
  until: time,
  madeAt: time,
  revokedAt: time.nullable(),
});
export interface Delegate {
  /** Thumbprint (RFC 7638) of the other phone's device key. */
  readonly delegateKey: string;
  readonly beneficiaryIndex: number;
  readonly agreed: readonly Disclosed[];
  readonly until: number;
}
export const DELEGATE: z.ZodType<Delegate> = z.strictObject({
  delegateKey: coordinate,
  beneficiaryIndex: z.int().min(1).max(255),
  agreed: z.array(z.enum(DISCLOSED)).min(1).max(DISCLOSED.length),
  until: time,
});
export const DELEGATED: z.ZodType<Delegation> = delegation;
export interface Delegations {
  readonly given: readonly Delegation[];
  readonly received: readonly Delegation[];
}
export const DELEGATIONS: z.ZodType<Delegations> = z.object({
  given: z.array(delegation),
  received: z.array(delegation),
});

// What a person asks for who has no card, or no phone any more.

/** Longest request with an application: its files, each in base64. */
export const MOST_APPLICATION_BYTES: number = 24 * 1024 * 1024;
export const APPLIED: z.ZodType<{ readonly ticket: string; readonly destroyBy: number }> = z.object({
  ticket: token,
  destroyBy: time.describe('when the files are gone, at the latest'),
});
/** What became of an application, as its person is told. */
export interface ApplicationStanding {
  readonly state: 'receiving' | 'waiting' | 'accepted' | 'refused' | 'expired' | 'used';
  /** Why it was refused. */
  readonly reason: string | null;
  readonly filesDestroyed: boolean;
}
export const APPLICATION_STANDING: z.ZodType<ApplicationStanding> = z.object({
  state: z.enum(['receiving', 'waiting', 'accepted', 'refused', 'expired', 'used']),
  reason: z.string().max(200).nullable(),
  filesDestroyed: z.boolean(),
});

export const REPORT_LOSS: z.ZodType<{ readonly ticket: string }> = z.strictObject({ ticket: token });
/** Since when the card has ended, and why: perhaps it had before. */
export interface Ended {
  readonly since: number;
  readonly why: 'replaced' | 'lost' | 'operator';
}
export const ENDED: z.ZodType<Ended> = z.object({ since: time, why: z.enum(['replaced', 'lost', 'operator']) });

// What a professional asks for.

export const RESOLVE: z.ZodType<{ readonly presence: string }> = z.strictObject({ presence: presenceText });
/** What a resolved presence opens. */
export interface Context {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: number;
}
const context = z.object({ id: identifier, token, expiresAt: time });
/** What the person agreed to; the rest is null. */
export interface DisclosedData {
  readonly insured: Insured | null;
  readonly affiliation: Affiliation | null;
  /** Their rights are empty lists unless these were agreed to. */
  readonly beneficiaries: readonly Beneficiary[] | null;
  /** Newest first. */
  readonly invoices: readonly Invoice[] | null;
}
export interface Resolved {
  readonly context: Context;
  readonly data: DisclosedData;
}
export const RESOLVED: z.ZodType<Resolved> = z.object({
  context,
  data: z.object({
    insured: keyedNir.nullable(),
    affiliation: affiliation.nullable(),
    beneficiaries: z.array(beneficiary).nullable(),
    invoices: z.array(shownInvoice).nullable(),
  }),
});

export const WITH_TOKEN: z.ZodType<{ readonly token: string }> = z.strictObject({ token });
export const RENEWED: z.ZodType<{ readonly expiresAt: number }> = z.object({ expiresAt: time });
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
/** A claim that the issuer has. */
export interface Claimed {
  /** Its number at the issuer. */
  readonly id: number;
  /** When it came the first time. */
  readonly receivedAt: number;
}
export const CLAIMED: z.ZodType<Claimed> = z.object({ id: z.int(), receivedAt: time });

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
