/**
 * The passwords of PACE and how each becomes bytes (BSI TR-03110-3 A.2.3, table 5): CAN, PIN and PUK are their
 * characters, the MRZ is SHA-1 of document number, date of birth and date of expiry with their check digits.
 */
import type { Crypto } from '../hal/crypto.ts';

/** References of DO 83 in MSE:Set AT (BSI TR-03110-3 B.14.1). */
export const PASSWORD = { MRZ: 1, CAN: 2, PIN: 3, PUK: 4 } as const;

export type PasswordName = keyof typeof PASSWORD;

/** The name of a reference, or null for another number. */
export function passwordName(reference: number): PasswordName | null {
  for (const name of Object.keys(PASSWORD) as PasswordName[]) if (PASSWORD[name] === reference) return name;
  return null;
}

/** CAN, PIN or PUK as bytes. @throws {RangeError} a character outside of ISO/IEC 8859-1's printable ones */
export function encodePassword(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    if (character.length !== 1 || code < 0x20 || code > 0xff || (code > 0x7e && code < 0xa0)) {
      throw new RangeError('a password has printable characters of ISO/IEC 8859-1 only');
    }
    return code;
  });
}

/** What the machine-readable zone adds to PACE; each field as it is printed there, without its check digit. */
export interface MrzInformation {
  /** Filled with `<` to nine characters when it is shorter. */
  readonly documentNumber: string;
  /** YYMMDD. */
  readonly dateOfBirth: string;
  /** YYMMDD. */
  readonly dateOfExpiry: string;
}

/** 20 bytes. @throws {RangeError} a field with other characters or of another length */
export function encodeMrz(crypto: Pick<Crypto, 'hash'>, mrz: MrzInformation): Uint8Array {
  if (!/^[0-9A-Z<]{1,22}$/.test(mrz.documentNumber)) {
    throw new RangeError('a document number has up to 22 characters, 0 to 9, A to Z and <');
  }
  for (const date of [mrz.dateOfBirth, mrz.dateOfExpiry]) {
    if (!/^[0-9<]{6}$/.test(date)) throw new RangeError('a date of the MRZ has six digits, YYMMDD');
  }
  const number = mrz.documentNumber.padEnd(9, '<');
  const text = [number, mrz.dateOfBirth, mrz.dateOfExpiry].map((field) => field + checkDigit(field)).join('');
  return crypto.hash('sha-1', encodePassword(text));
}

/** Weights 7, 3, 1; A is 10, Z 35, `<` 0 (ICAO Doc 9303-3). */
function checkDigit(field: string): string {
  let sum = 0;
  for (let i = 0; i < field.length; i++) {
    const code = field.charCodeAt(i);
    const value = code >= 0x41 ? code - 0x41 + 10 : code >= 0x30 && code <= 0x39 ? code - 0x30 : 0;
    sum += value * ([7, 3, 1][i % 3] as number);
  }
  return String(sum % 10);
}
