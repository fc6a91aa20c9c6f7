/** A value as text where it is one, for people; empty otherwise. */
export function asText(hex: string): string {
  if (hex === '' || hex.includes('X') || /\W/.test(hex)) return '';
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  if (bytes.some((byte) => byte < 0x20 || byte === 0x7f)) return '';
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // One byte of the upper half is a number more often than a letter.
    return bytes.length === 1 ? '' : String.fromCharCode(...bytes);
  }
}
