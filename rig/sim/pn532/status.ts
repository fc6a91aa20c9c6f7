/** Status bytes of the PN532: the low six bits; above them MI (0x40) and NAD present (0x80). */
export const STATUS = {
  ok: 0x00,
  timeout: 0x01,
  crc: 0x02,
  bitCount: 0x04,
  bufferSize: 0x07,
  fieldNotInTime: 0x0a,
  protocol: 0x0b,
  parameter: 0x10,
  wrongContext: 0x27,
  released: 0x29,
  cardGone: 0x2b,
  moreInformation: 0x40,
} as const;

/** Flags of SetParameters. */
export const PARAMETER = {
  nadUsed: 0x01,
  cidUsed: 0x02,
  autoAtrRes: 0x04,
  autoRats: 0x10,
  picc: 0x20,
  noPreamble: 0x40,
} as const;
