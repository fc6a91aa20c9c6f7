import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { bootCard } from '../../card/open.ts';
import { CannotRun } from '../../console/failure.ts';
import type { Stm32BoardOptions } from '../stm32/board.ts';
import { SimulatedFirmware } from './simulated-firmware.ts';

const FLASH_START = 0x08000000;

/**
 * A program that is the card whose image lies in the flash. What the card writes stays in its memory until the board
 * starts anew: the flash is as it was flashed.
 * @param address of the image
 * @param onNone told why no card starts
 */
export function cardInFlash(address: number, onNone: (why: string) => void): NonNullable<Stm32BoardOptions['program']> {
  return (flash, timeline, faults) => {
    const at = address - FLASH_START;
    if (at < 0 || at >= flash.length) {
      onNone('--card-at is outside of the flash');
      return null;
    }
    try {
      const card = bootCard(new MemoryNvm(copyBytes(flash, at)), 'the flash', null, {}, nobleCrypto());
      return new SimulatedFirmware(timeline, faults, card);
    } catch (error) {
      if (!(error instanceof CannotRun)) throw error;
      onNone(error.message);
      return null;
    }
  };
}
