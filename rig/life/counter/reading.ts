import { z } from 'zod';
import { type Affiliation, type Invoice, isCalendarDate, type Period } from '../../../src/applet/vitale/index.ts';

/** How a reading came to the counter. */
export const WAYS = ['card', 'presence by NFC', 'presence QR', 'offline QR'] as const;
export type Way = (typeof WAYS)[number];

/** Stands in the place of what is masked. */
export const MASK = '***';

/** One person. Days are AAAAMMJJ. */
export interface CounterPerson {
  readonly index: number;
  /** Code of the quality; 0 is the insured. */
  readonly quality: number;
  readonly firstName: string;
  readonly usualName: string;
  readonly birthName: string | null;
  readonly birthDate: string;
  readonly birthRank: number;
  readonly nir: { readonly nir: string; readonly key: string } | null;
  readonly rights: readonly Period[];
  /** Whether a period of rights holds on the day that was judged; null: no rights were told. */
  readonly open: boolean | null;
}

/** Something that was checked, and who looked: this counter, or the issuer. */
export interface ReadingCheck {
  /** `genuine card`, `data signature`, `holder key`, … */
  readonly what: string;
  readonly by: 'counter' | 'issuer';
  readonly verdict: 'pass' | 'fail' | 'not checked';
  readonly detail: string;
}

/** A signed list that the counter went by, and how old it was then. */
export interface ListAge {
  readonly from: 'file' | 'issuer' | 'cache';
  readonly issuedAt: string;
  readonly ageSeconds: number;
  /** How long it says that it may be kept; null: it does not say. */
  readonly goodForSeconds: number | null;
  readonly stale: boolean;
}

/**
 * What the counter knows when somebody has presented a card, whatever the way it came. Amounts are whole cents, days
 * AAAAMMJJ, instants ISO 8601 in UTC.
 */
export interface CounterReading {
  readonly schema: 'vitap-counter-reading';
  readonly version: 1;
  readonly way: Way;
  /** When the counter read it. */
  readonly at: string;
  /** The day that rights were judged for. */
  readonly rightsOn: string;
  readonly people: readonly CounterPerson[];
  readonly affiliation: Affiliation | null;
  /** Since when the data stand as they are: read from the card now, told by the issuer now, or signed at a time. */
  readonly known: { readonly from: 'card' | 'issuer' | 'signature'; readonly since: string };
  /** Null: not asked for, or this way has none. */
  readonly invoices: readonly Invoice[] | null;
  readonly checks: readonly ReadingCheck[];
  readonly activation: { readonly state: 'active' | 'revoked' | 'not checked'; readonly list: ListAge | null };
  /** What `counter claim --after` may name; null: a claim needs a new tap. */
  readonly followUp: {
    readonly kind: 'context' | 'offline QR';
    readonly id: string;
    readonly expiresAt: string | null;
  } | null;
  readonly warnings: readonly string[];
}

const instant = z.iso.datetime();
const calendarDay = z.string().refine(isCalendarDate);

const person = z.strictObject({
  index: z.int().min(1).max(255),
  quality: z.int().min(0).max(9),
  firstName: z.string(),
  usualName: z.string(),
  birthName: z.string().nullable(),
  birthDate: z.string().refine((text) => text === MASK || /^\d{8}$/.test(text)),
  birthRank: z.int().min(0).max(255),
  nir: z.strictObject({ nir: z.string(), key: z.string() }).nullable(),
  rights: z.array(z.strictObject({ start: z.string(), end: z.string().nullable() })),
  open: z.boolean().nullable(),
});

const affiliation = z.strictObject({
  regime: z.string().regex(/^\d{2}$/),
  caisse: z.string().regex(/^\d{3}$/),
  centre: z.string().regex(/^\d{4}$/),
  codeGestion: z.string().regex(/^\d{2}$/),
});

const invoice = z.strictObject({
  number: z.string(),
  date: z.string(),
  beneficiaryIndex: z.int(),
  professionalId: z.string(),
  professionalName: z.string(),
  total: z.int(),
  amo: z.int(),
  amc: z.int(),
  patient: z.int(),
  thirdParty: z.boolean(),
  status: z.enum(['recorded', 'sent', 'paid', 'rejected']),
});

const check = z.strictObject({
  what: z.string(),
  by: z.enum(['counter', 'issuer']),
  verdict: z.enum(['pass', 'fail', 'not checked']),
  detail: z.string(),
});

const list = z.strictObject({
  from: z.enum(['file', 'issuer', 'cache']),
  issuedAt: instant,
  ageSeconds: z.int().min(0),
  goodForSeconds: z.int().min(0).nullable(),
  stale: z.boolean(),
});

/** The closed schema of a reading. */
export const READING: z.ZodType<CounterReading> = z.strictObject({
  schema: z.literal('vitap-counter-reading'),
  version: z.literal(1),
  way: z.enum(WAYS),
  at: instant,
  rightsOn: calendarDay,
  people: z.array(person),
  affiliation: affiliation.nullable(),
  known: z.strictObject({ from: z.enum(['card', 'issuer', 'signature']), since: instant }),
  invoices: z.array(invoice).nullable(),
  checks: z.array(check),
  activation: z.strictObject({ state: z.enum(['active', 'revoked', 'not checked']), list: list.nullable() }),
  followUp: z
    .strictObject({ kind: z.enum(['context', 'offline QR']), id: z.string(), expiresAt: instant.nullable() })
    .nullable(),
  warnings: z.array(z.string()),
});

/** The same reading without names, birth dates and NIRs. */
export function masked(reading: CounterReading): CounterReading {
  return {
    ...reading,
    people: reading.people.map((each) => ({
      ...each,
      firstName: MASK,
      usualName: MASK,
      birthName: each.birthName === null ? null : MASK,
      birthDate: MASK,
      nir: each.nir === null ? null : { nir: MASK, key: MASK },
    })),
  };
}

/** Whether a check failed or the activation is revoked. */
export function isRefused({ checks, activation }: Pick<CounterReading, 'checks' | 'activation'>): boolean {
  return activation.state === 'revoked' || checks.some(({ verdict }) => verdict === 'fail');
}

/** As it may be shown: of somebody who is refused, what was checked stays and the people go. */
export function judged(reading: CounterReading): CounterReading {
  return isRefused(reading) ? { ...reading, people: [], affiliation: null, invoices: null, followUp: null } : reading;
}

/** The day here, AAAAMMJJ. */
export function dayOf(at: Date): string {
  const two = (value: number): string => `${value}`.padStart(2, '0');
  return `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
}
