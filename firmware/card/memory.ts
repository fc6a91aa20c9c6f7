import { ImageError, openImage } from '../../src/applet/image/card-image.ts';
import { openMemory as openJournal } from '../../src/applet/nvm/open-memory.ts';
import { HalError } from '../../src/hal/errors.ts';
import type { FlashDevice } from '../../src/hal/flash/flash-device.ts';
import { FlashNvm } from '../../src/hal/flash/flash-nvm.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import type { CardPlace } from './card-loader.ts';

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

/** Where another card can be put; `nvm` is what is there, null where the flash is damaged: then that is lost. */
export function placeOf(flash: FlashDevice, nvm: FlashNvm | null): CardPlace {
  return {
    largest: largestImage(flash),
    isCard(image) {
      try {
        openImage(openJournal(new MemoryNvm(image)));
        return true;
      } catch (error) {
        if (error instanceof ImageError) return false;
        throw error;
      }
    },
    replace(image) {
      try {
        if (nvm === null) FlashNvm.create(flash, image);
        else nvm.replaceBy(image);
        return FlashNvm.open(flash)?.bytes ?? null;
      } catch (error) {
        if (error instanceof HalError) return null;
        throw error;
      }
    },
  };
}

/** Bytes that the pages hold beside the snapshot before them. */
function largestImage(flash: FlashDevice): number {
  let [fits, tooMuch] = [0, flash.pages * flash.pageSize];
  while (tooMuch - fits > 1) {
    const middle = (fits + tooMuch) >> 1;
    if (FlashNvm.pagesFor(middle, flash) <= flash.pages) fits = middle;
    else tooMuch = middle;
  }
  return fits;
}
