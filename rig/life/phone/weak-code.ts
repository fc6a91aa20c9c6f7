import { PhoneRefusal } from './refusals.ts';

/** Why a code is refused, with the words for a person. */
export const WEAK_CODES = {
  'not-six-digits': 'it has not six digits',
  'six-equal': 'six equal digits are guessed first',
  running: 'digits that run up or down are guessed first',
  'birth-date': 'it is a birth date of somebody on the card',
  'test-code': 'it is the code of the shipped test cards, known to everybody; --test allows it',
} as const;

export type WeakCode = keyof typeof WEAK_CODES;

/** The code of the shipped profiles. */
const TEST_CODE = '274916';
const RUNS = '01234567890';

/** What may be known of the holder when a code is chosen. */
export interface CodeRules {
  /** AAAAMMJJ, of everybody on the card. */
  readonly birthDates: readonly string[];
  /** The code of the shipped test cards is allowed. */
  readonly test: boolean;
}

/** @param code ASCII digits. @returns null: nothing speaks against it */
export function weaknessOf(code: Uint8Array, { birthDates, test }: CodeRules): WeakCode | null {
  const digits = String.fromCharCode(...code);
  if (!/^[0-9]{6}$/.test(digits)) return 'not-six-digits';
  if (/^(.)\1{5}$/.test(digits)) return 'six-equal';
  if (RUNS.includes(digits) || RUNS.includes([...digits].reverse().join(''))) return 'running';
  if (birthDates.some((date) => datesAsCodes(date).includes(digits))) return 'birth-date';
  return digits === TEST_CODE && !test ? 'test-code' : null;
}

/** DDMMYY and YYMMDD. */
function datesAsCodes(date: string): string[] {
  const [year, month, day] = [date.slice(2, 4), date.slice(4, 6), date.slice(6, 8)];
  return [`${day}${month}${year}`, `${year}${month}${day}`];
}

/** @throws {PhoneRefusal} `weak-code` */
export function refuseWeakCode(code: Uint8Array, rules: CodeRules): void {
  const reason = weaknessOf(code, rules);
  if (reason !== null) throw new PhoneRefusal('weak-code', { reason, detail: WEAK_CODES[reason] });
}
