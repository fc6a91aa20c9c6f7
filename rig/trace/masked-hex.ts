import type { Mask, MaskedHex } from './model.ts';

/** Bytes as a trace writes them. */
export function maskedHex(bytes: Uint8Array, masks: readonly Mask[] = []): MaskedHex {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex').toUpperCase();
  if (masks.length === 0) return hex;
  let masked = '';
  let position = 0;
  for (const { offset, length } of masks) {
    masked += hex.slice(2 * position, 2 * offset) + 'XX'.repeat(length);
    position = offset + length;
  }
  return masked + hex.slice(2 * position);
}

/** The bytes of a trace's text; a masked one is 00. */
export function bytesOf(text: MaskedHex): Uint8Array {
  const bytes = Buffer.from(text.includes('X') ? text.replaceAll('XX', '00') : text, 'hex');
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The masks of a part of some bytes, for a place where the part begins at `shift`. */
export function masksIn(masks: readonly Mask[], offset: number, length: number, shift: number): Mask[] {
  return masks.flatMap((mask) => {
    const from = Math.max(mask.offset, offset);
    const to = Math.min(mask.offset + mask.length, offset + length);
    // A part has no hash of its own.
    return from < to ? [{ offset: from - offset + shift, length: to - from, what: mask.what }] : [];
  });
}
