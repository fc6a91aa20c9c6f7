/** PC/SC readers make `3B 8n 80 01 …` for a contactless card of ISO/IEC 14443-4. */
export function isContactlessAtr(atr: Uint8Array): boolean {
  return atr[0] === 0x3b && ((atr[1] as number) & 0xf0) === 0x80 && atr[2] === 0x80 && atr[3] === 0x01;
}
