/**
 * Names of certificate holders and authorities: country (ISO 3166-1, two letters), mnemonic (up to 9 characters),
 * sequence number (5). The standard has any ISO/IEC 8859-1 characters; those made here are letters and digits, so that a
 * name can be that of a file.
 */
const FORM = /^[A-Z]{2}[0-9A-Z]{0,9}[0-9A-Z]{5}$/;

/** A reference for a person; what cannot be printed is a question mark. */
export function referenceText(reference: Uint8Array): string {
  return Array.from(reference, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?')).join('');
}

/** Whether this is a name that a holder made here may have. */
export function isReference(text: string): boolean {
  return FORM.test(text);
}

export function encodeReference(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
