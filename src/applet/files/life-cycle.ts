/** Life cycle status byte of a file (ISO/IEC 7816-4), as in tag 8A. */
export const LIFE_CYCLE = {
  CREATION: 0x01,
  INITIALISATION: 0x03,
  DEACTIVATED: 0x04,
  ACTIVATED: 0x05,
  TERMINATED: 0x0c,
} as const;
