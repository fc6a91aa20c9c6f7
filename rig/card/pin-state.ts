import { openImage } from '../../src/applet/image/card-image.ts';
import { PIN } from '../../src/applet/image/layout.ts';
import { PIN_STATE } from '../../src/applet/pin/pin-store.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { PASSWORD } from '../../src/secure-channel/index.ts';
import { CannotRun } from '../console/failure.ts';
import type { PinState } from './card-source.ts';

/** Puts the PIN of a new card into a state, in its image. @throws {CannotRun} a card without a PIN of PACE */
export function setPinState(image: Uint8Array, state: PinState, profile: string): void {
  const pin = openImage(new MemoryNvm(image)).pins.find(({ password }) => password === PASSWORD.PIN);
  if (pin === undefined) throw new CannotRun(`${profile} has no PIN of PACE that could be ${state}`);
  if (state === 'deactivated') image[pin.address + PIN.STATE] = PIN_STATE.DEACTIVATED;
  else image[pin.address + PIN.TRIES_LEFT] = state === 'suspended' ? 1 : 0;
}
