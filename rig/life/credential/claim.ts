import { z } from 'zod';
import { encodeUtf8, formatEuros, type Invoice, isCalendarDate, MOST_CENTS } from '../../../src/applet/vitale/index.ts';
import { isMedical, medicalRefusal } from '../../card/profile/medical.ts';
import { isPlainText } from './plain-text.ts';

/**
 * A claim: the summary of an invoice that goes back to the holder. The fields are closed: an act, a diagnosis or
 * anything else that is medical has no place in them. Amounts are whole cents; total = amo + amc + patient.
 */
export type Claim = Omit<Invoice, 'status'>;

/** Bytes of UTF-8 that are left for the professional's name in a record of 112 bytes: the other objects take 69. */
const LONGEST_NAME = 43;

const cents = z.int().min(0).max(MOST_CENTS);

/** The claim as a JSON document, in whole cents, with dates as AAAAMMJJ. */
export const CLAIM: z.ZodType<Claim> = z
  .strictObject({
    number: z.string().regex(/^\d{9}$/, 'not 9 digits'),
    date: z.string().refine(isCalendarDate, 'not a day of the calendar written AAAAMMJJ'),
    beneficiaryIndex: z.int().min(1).max(255),
    professionalId: z.string().regex(/^\d{9}$/, 'not 9 digits'),
    professionalName: z.string().refine(isProfessionalName, `not 1 to ${LONGEST_NAME} bytes of printable text`),
    total: cents,
    amo: cents,
    amc: cents,
    patient: cents,
    thirdParty: z.boolean(),
  })
  .check((context) => {
    const message = sumProblem(context.value);
    if (message !== null) context.issues.push({ code: 'custom', message, path: ['total'], input: undefined });
  });

/** Why the amounts do not add up; null when they do. */
export function sumProblem({
  total,
  amo,
  amc,
  patient,
}: Pick<Claim, 'total' | 'amo' | 'amc' | 'patient'>): string | null {
  const sum = amo + amc + patient;
  return total === sum
    ? null
    : `total ${formatEuros(total)} is not AMO + AMC + patient, which make ${formatEuros(sum)}`;
}

const DAY_MS = 24 * 3600 * 1000;

/**
 * Whether a claim is dated after tomorrow (UTC): today is tomorrow already further east, and a clock may be a little fast.
 * @param now milliseconds since 1970
 */
export function isAfterTomorrow({ date }: Pick<Claim, 'date'>, now: number): boolean {
  return date > new Date(now + DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
}

/** Whether a professional's name fits the record that the card keeps. */
export function isProfessionalName(name: string): boolean {
  return (
    name.trim() !== '' && isPlainText(name) && (encodeUtf8(name)?.length ?? Number.POSITIVE_INFINITY) <= LONGEST_NAME
  );
}

/**
 * A claim that came as JSON, or why it is none: one sentence, which repeats no value.
 *
 * A field about health is refused for what it is, whatever else may be wrong.
 */
export function readClaim(document: unknown): { readonly claim: Claim } | { readonly refusal: string } {
  const medical = medicalKey(document, 0);
  if (medical !== null) return { refusal: medicalRefusal(medical.slice(0, 60)) };
  const read = CLAIM.safeParse(document);
  if (read.success) return { claim: read.data };
  const [issue] = read.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    return { refusal: `\`${String(issue.keys[0]).slice(0, 60)}\` is no field of a claim` };
  }
  const field = issue?.path.join('.') ?? '';
  if (field === '' || issue === undefined) return { refusal: 'this is no claim' };
  return { refusal: field === 'total' && issue.code === 'custom' ? issue.message : `\`${field}\`: ${issue.message}` };
}

/** Deeper than any document that could be a claim. */
const DEEPEST = 8;

function medicalKey(value: unknown, depth: number): string | null {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return null;
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value) && isMedical(key)) return key;
    const found = medicalKey(inner, depth + 1);
    if (found !== null) return found;
  }
  return null;
}
