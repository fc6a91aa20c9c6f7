import { copyBytes } from '../../../src/apdu/copy-bytes.ts';

/** What a PN532 tells of the first card in its list. */
export interface ListedCard {
  readonly uid: Uint8Array;
  /** With its length byte; null for a card without ISO/IEC 14443-4. */
  readonly ats: Uint8Array | null;
}

/** @param response to InListPassiveTarget, from its code on: `4B NbTg Tg SENS_RES SEL_RES NFCIDLength NFCID [ATS]` */
export function parseListedCard(response: Uint8Array): ListedCard | null {
  if (response[0] !== 0x4b || (response[1] ?? 0) < 1) return null;
  const length = response[6] ?? 0;
  const uid = copyBytes(response, 7, 7 + length);
  const ats = copyBytes(response, 7 + length);
  return { uid, ats: ats.length > 0 ? ats : null };
}
