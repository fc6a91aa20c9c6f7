import type { Nvm } from '../../hal/nvm.ts';
import { BODY, CARD } from '../image/layout.ts';
import type { CardFile } from './card-file.ts';

/** Life cycle status byte of a file (ISO/IEC 7816-4), as in tag 8A. */
export const LIFE_CYCLE = {
  CREATION: 0x01,
  INITIALISATION: 0x03,
  DEACTIVATED: 0x04,
  ACTIVATED: 0x05,
  TERMINATED: 0x0c,
} as const;

/**
 * What the states mean on this card.
 *
 * | state | the file | its own rules |
 * |---|---|---|
 * | creation 01, initialisation 03 | can be filled and activated | do not hold yet: whoever may create files in its DF may do everything |
 * | activated 05 | works | hold |
 * | deactivated 04 | SELECT warns 6283; only ACTIVATE, TERMINATE and DELETE | hold |
 * | terminated 0C | SELECT warns 6285; only DELETE | hold |
 *
 * A DF that is deactivated or terminated takes everything below with it. So does one in creation or initialisation: the
 * rules of what stands in it do not hold yet, and activating it makes all of it operational at once.
 */
export function isLifeCycle(state: number): boolean {
  return (
    state === LIFE_CYCLE.CREATION ||
    state === LIFE_CYCLE.INITIALISATION ||
    state === LIFE_CYCLE.DEACTIVATED ||
    state === LIFE_CYCLE.ACTIVATED ||
    state === LIFE_CYCLE.TERMINATED
  );
}

/** `0000 01-0`; bit 2 means nothing in the operational states. */
export function isDeactivated(state: number): boolean {
  return (state & 0xfd) === LIFE_CYCLE.DEACTIVATED;
}

/** Neither deactivated nor terminated, nor a state that is not known. */
export function isUsableState(state: number): boolean {
  return (state & 0xfd) === LIFE_CYCLE.ACTIVATED || isUnfinished(state);
}

/** The file's own rules do not hold yet. */
export function isUnfinished(state: number): boolean {
  return state === LIFE_CYCLE.CREATION || state === LIFE_CYCLE.INITIALISATION;
}

export function lifeCycleOf(nvm: Nvm, file: CardFile): number {
  return nvm.readByte(file.body + BODY.LIFE_CYCLE);
}

/** Whether neither the file nor a DF above it is deactivated or terminated. */
export function isUsable(nvm: Nvm, file: CardFile): boolean {
  for (let at = file; ; at = at.parent) {
    if (!isUsableState(lifeCycleOf(nvm, at))) return false;
    if (at.parent === at) return true;
  }
}

/** Writes a file's state with its complement, in the open transaction. */
export function setLifeCycle(nvm: Nvm, file: CardFile, state: number): void {
  nvm.write(file.body + BODY.LIFE_CYCLE, Uint8Array.of(state, ~state & 0xff), 0, 2);
}

/** Whether TERMINATE CARD USAGE was carried out: no command does anything any more. */
export function isCardTerminated(nvm: Nvm, card: number): boolean {
  return nvm.readByte(card + CARD.LIFE_CYCLE) === LIFE_CYCLE.TERMINATED;
}

/** For ever, in the open transaction. */
export function terminateCard(nvm: Nvm, card: number): void {
  const state = LIFE_CYCLE.TERMINATED;
  nvm.write(card + CARD.LIFE_CYCLE, Uint8Array.of(state, ~state & 0xff), 0, 2);
}
