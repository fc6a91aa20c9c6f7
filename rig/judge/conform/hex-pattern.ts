import { toHex } from '../../../src/apdu/hex.ts';

export type Variables = ReadonlyMap<string, string>;

/** A pattern or command names a value that no step before it has captured: a mistake in the case. */
export class CaseError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CaseError';
  }
}

/** Puts captured values into the places of their names and takes the spaces out. @throws {CaseError} */
export function fill(template: string, variables: Variables): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = variables.get(name);
    if (value === undefined) throw new CaseError(`nothing was captured as ${name}`);
    return value;
  });
  return filled.replace(/\s+/g, '').toUpperCase();
}

/** The bytes of a command. @throws {CaseError} it is no whole number of bytes of hex */
export function commandBytes(template: string, variables: Variables): Uint8Array {
  const hex = fill(template, variables);
  if (!/^([0-9A-F]{2})*$/.test(hex)) throw new CaseError(`not a command in hex: ${template}`);
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/**
 * Whether hex digits fit a pattern: `X` is any digit, a last `*` any more bytes, `|` stands between alternatives.
 * @throws {CaseError}
 */
export function fits(hex: string, pattern: string): boolean {
  return pattern.split('|').some((each) => fitsOne(hex, each));
}

function fitsOne(hex: string, pattern: string): boolean {
  const open = pattern.endsWith('*');
  const digits = open ? pattern.slice(0, -1) : pattern;
  if (!/^[0-9A-FX]*$/.test(digits)) throw new CaseError(`not a pattern in hex: ${pattern}`);
  if (open ? hex.length < digits.length : hex.length !== digits.length) return false;
  for (let i = 0; i < digits.length; i++) if (digits[i] !== 'X' && digits[i] !== hex[i]) return false;
  return true;
}

/** Where the first digit of `hex` differs from the pattern, in bytes; for people. */
export function firstDifference(hex: string, pattern: string): number {
  const digits = pattern.endsWith('*') ? pattern.slice(0, -1) : pattern;
  for (let i = 0; i < Math.min(hex.length, digits.length); i++) {
    if (digits[i] !== 'X' && digits[i] !== hex[i]) return i >> 1;
  }
  return Math.min(hex.length, digits.length) >> 1;
}

/** Whether a status word is one of those that `6A82|63CX` names. */
export function statusFits(sw: number, patterns: string): boolean {
  return fits(statusHex(sw), patterns.replaceAll(' ', '').toUpperCase());
}

export function statusHex(sw: number): string {
  return sw.toString(16).toUpperCase().padStart(4, '0');
}

/** One or more numbers as hex bytes. */
export function hex(...bytes: number[]): string {
  return toHex(Uint8Array.from(bytes));
}

/** A number as four hex digits: a file identifier, an offset. */
export function hex16(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0');
}
