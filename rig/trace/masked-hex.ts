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
  return Uint8Array.from(Buffer.from(text.replaceAll('XX', '00'), 'hex'));
}
