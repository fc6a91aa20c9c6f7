import type { Nvm } from '../../hal/nvm.ts';
import { SUPERBLOCK } from '../image/layout.ts';
import { readSuperblock } from '../image/superblock.ts';
import { TransactionalNvm } from './transactional-nvm.ts';

/**
 * The memory of a card behind its journal: what a loss of power has cut short is finished or undone here, before
 * anything but the superblock is read, which no command writes.
 * @throws {ImageError} no superblock, or a journal that writes where no card writes
 */
export function openMemory(nvm: Nvm): TransactionalNvm {
  const { journal } = readSuperblock(nvm);
  return new TransactionalNvm(nvm, journal === null ? null : { ...journal, lowest: SUPERBLOCK.SIZE });
}
