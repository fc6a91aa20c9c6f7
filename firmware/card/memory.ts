import { HalError } from '../../src/hal/errors.ts';
import type { FlashDevice } from '../../src/hal/flash/flash-device.ts';
import { FlashNvm } from '../../src/hal/flash/flash-nvm.ts';

/**
 * What the board has kept. Flash in which nothing was ever stored gets the image as it was built.
 * @returns null: the flash is damaged. It stays as it is: a card as it was built would have all its tries again
 */
export function openMemory(flash: FlashDevice, image: () => Uint8Array): FlashNvm | null {
  try {
    return FlashNvm.open(flash) ?? FlashNvm.create(flash, image());
  } catch (error) {
    if (error instanceof HalError && (error.kind === 'damaged' || error.kind === 'storage')) return null;
    throw error;
  }
}
