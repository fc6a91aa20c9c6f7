/** `00A40400`: upper case, two digits a byte. */
export function toHex(bytes: Uint8Array, separator = ''): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) {
    if (i > 0) text += separator;
    text += (bytes[i] as number).toString(16).toUpperCase().padStart(2, '0');
  }
  return text;
}

/** Bytes from hexadecimal digits; spaces are ignored. @throws {SyntaxError} another character, or an odd count */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (!/^[0-9A-Fa-f]*$/.test(digits)) throw new SyntaxError('only hexadecimal digits and spaces are allowed');
  if (digits.length % 2 !== 0) throw new SyntaxError('an odd number of hexadecimal digits');
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
