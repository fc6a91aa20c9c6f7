/** Life cycle status byte of a file (ISO/IEC 7816-4), as in tag 8A. */
export const LIFE_CYCLE = {
  CREATION: 0x01,
  INITIALISATION: 0x03,
  DEACTIVATED: 0x04,
  ACTIVATED: 0x05,
  TERMINATED: 0x0c,
} as const;

/** `0000 01-1`; bit 2 means nothing in the operational states. */
export function isActivated(state: number): boolean {
  return (state & 0xfd) === LIFE_CYCLE.ACTIVATED;
}

/** `0000 01-0`. */
export function isDeactivated(state: number): boolean {
  return (state & 0xfd) === LIFE_CYCLE.DEACTIVATED;
}

/** Whether commands work on the file. A state that is not known is none of these. */
export function isOperational(state: number): boolean {
  return isActivated(state) || state === LIFE_CYCLE.CREATION || state === LIFE_CYCLE.INITIALISATION;
}
