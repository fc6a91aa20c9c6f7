import type { MaskedHex } from '../model.ts';

/**
 * What a reader that may choose speaks with a card of this answer to reset (ISO/IEC 7816-3): `T=1` when one of the TDi
 * offers it, else `T=0`. pcscd chooses so.
 */
export function protocolOf(atr: MaskedHex): 'T=0' | 'T=1' {
  const bytes = Buffer.from(atr.replaceAll('XX', '00'), 'hex');
  let position = 1;
  let presence = (bytes[position] ?? 0) >> 4;
  while ((presence & 8) !== 0) {
    position += [1, 2, 4, 8].filter((bit) => (presence & bit) !== 0).length;
    const td = bytes[position];
    if (td === undefined) break;
    if ((td & 0x0f) === 1) return 'T=1';
    presence = td >> 4;
  }
  return 'T=0';
}
