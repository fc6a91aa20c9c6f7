import { copyBytes } from './copy-bytes.ts';

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
  const bytes = new Uint8Array(text.length >> 1);
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    const value = digitValue(text.charCodeAt(at));
    if (value < 0) {
      if ((text[at] as string).trim() === '') continue;
      throw new SyntaxError('only hexadecimal digits and spaces are allowed');
    }
    bytes[digits >> 1] = ((bytes[digits >> 1] as number) << 4) | value;
    digits++;
  }
  if (digits % 2 !== 0) throw new SyntaxError('an odd number of hexadecimal digits');
  return digits === text.length ? bytes : copyBytes(bytes, 0, digits >> 1);
}

/** No regular expression: a chip's engine comes without them. */
function digitValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code & ~0x20;
  return letter >= 0x41 && letter <= 0x46 ? letter - 0x37 : -1;
}
