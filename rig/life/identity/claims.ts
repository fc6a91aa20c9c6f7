/**
 * What a person discloses to the issuer of cards, and why. The issuer must find one insured and no other: names and
 * date of birth leave namesakes who were born on the same day, so the place of birth is asked for as well. The number
 * of the insured (NIR), the sex, the nationality and the number of the document are not needed, and not asked for.
 */

/** Type of our identity credentials (`vct`). */
export const IDENTITY_VCT = 'urn:vitap:test-identity:1';

/** What the issuer asks for, by the names in the credential. */
export const ASKED_CLAIMS = ['family_name', 'given_name', 'birthdate', 'birth_place_code'] as const;

export interface IdentityClaims {
  readonly familyName: string;
  readonly givenName: string;
  /** YYYY-MM-DD; a month above 12 is not known. */
  readonly birthDate: string;
  /** Official code of the commune (5 characters) or, for births abroad, 99 and the country's three digits. */
  readonly birthPlaceCode: string;
}

export const LONGEST_NAME = 100;
export const BIRTH_DATE: RegExp = /^\d{4}-\d{2}-\d{2}$/;
/** Two digits or 2A, 2B for Corsica, then three digits. */
export const BIRTH_PLACE: RegExp = /^(?:\d{2}|2[AB])\d{3}$/;

/** The disclosed claims in the issuer's words, or null where one is missing or malformed. */
export function readIdentityClaims(claims: Readonly<Record<string, unknown>>): IdentityClaims | null {
  const { family_name: familyName, given_name: givenName, birthdate, birth_place_code: birthPlaceCode } = claims;
  if (!isName(familyName) || !isName(givenName)) return null;
  if (typeof birthdate !== 'string' || !isBirthDate(birthdate)) return null;
  if (typeof birthPlaceCode !== 'string' || !BIRTH_PLACE.test(birthPlaceCode)) return null;
  return { familyName, givenName, birthDate: birthdate, birthPlaceCode };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME;
}

/**
 * YYYY-MM-DD, a day of the calendar. Where the month of a birth is not known, registers write one above 12, as in the NIR.
 */
export function isBirthDate(text: string): boolean {
  if (!BIRTH_DATE.test(text)) return false;
  const [month, day] = [Number(text.slice(5, 7)), Number(text.slice(8))];
  if (month > 12) return day <= 31;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
