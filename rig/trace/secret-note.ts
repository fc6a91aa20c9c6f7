import type { FoundSpan } from './person-spans.ts';

/*
 * What another program's trace tells of secrets beside its APDUs, as a note: `card access number: 123123`. The value is
 * masked as one in an APDU would be.
 */
const WHAT = { 'card access number': 'code', 'private key': 'key' } as const;

/** The text of a note that gives a secret. */
export function secretNote(name: keyof typeof WHAT, value: string): string {
  return `${name}: ${value}`;
}

/** The secret of such a note, in characters; none in any other. */
export function secretOfNote(text: string): FoundSpan[] {
  const [, name, value] = /^(card access number|private key): (.+)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) return [];
  const offset = text.length - value.length;
  return [{ offset, length: value.length, what: WHAT[name as keyof typeof WHAT], whole: true }];
}
