/** Base45 of RFC 9285: two bytes in three characters of the QR code's alphanumeric mode. */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const VALUES: ReadonlyMap<string, number> = new Map([...ALPHABET].map((character, value) => [character, value]));

/** The text is not Base45. One clause of a sentence, without the text. */
export class Base45Error extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Base45Error';
  }
}

export function encodeBase45(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 2) {
    const high = bytes[i] as number;
    const low = bytes[i + 1];
    const value = low === undefined ? high : high * 256 + low;
    text += character(value % 45) + character(Math.floor(value / 45) % 45);
    if (low !== undefined) text += character(Math.floor(value / 2025));
  }
  return text;
}

/** Strict: upper case, nothing trimmed, no value that two bytes cannot have. @throws {Base45Error} */
export function decodeBase45(text: string): Uint8Array {
  const left = text.length % 3;
  if (left === 1) throw new Base45Error('one character is left over');
  const bytes = new Uint8Array(Math.floor(text.length / 3) * 2 + (left === 2 ? 1 : 0));
  for (let i = 0, at = 0; i < text.length; i += 3) {
    const low = valueAt(text, i) + 45 * valueAt(text, i + 1);
    if (i + 2 === text.length) {
      if (low > 0xff) throw new Base45Error('the last two characters are more than a byte');
      bytes[at] = low;
      break;
    }
    const value = low + 2025 * valueAt(text, i + 2);
    if (value > 0xffff) throw new Base45Error(`characters ${i + 1} to ${i + 3} are more than two bytes`);
    bytes[at++] = value >> 8;
    bytes[at++] = value & 0xff;
  }
  return bytes;
}

function character(value: number): string {
  return ALPHABET[value] as string;
}

function valueAt(text: string, index: number): number {
  const value = VALUES.get(text[index] as string);
  if (value === undefined) throw new Base45Error(`character ${index + 1} is not in its alphabet`);
  return value;
}
