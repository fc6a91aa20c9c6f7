import type { Nvm } from '../../hal/nvm.ts';
import { crc32 } from '../image/crc32.ts';
import { SUPERBLOCK } from '../image/layout.ts';
import { getU32, type JournalRegion } from './journal.ts';
import { TransactionalNvm } from './transactional-nvm.ts';

/**
 * The memory of a card behind its journal: what a loss of power has cut short is finished or undone here, before
 * anything is read. A memory without a sound superblock is passed on as it is, for boot to refuse.
 */
export function openMemory(nvm: Nvm): TransactionalNvm {
  return new TransactionalNvm(nvm, journalOf(nvm));
}

function journalOf(nvm: Nvm): JournalRegion | null {
  if (nvm.size < SUPERBLOCK.SIZE) return null;
  const superblock = new Uint8Array(SUPERBLOCK.SIZE);
  nvm.read(0, superblock, 0, SUPERBLOCK.SIZE);
  if (crc32(superblock, 0, SUPERBLOCK.CRC) !== getU32(superblock, SUPERBLOCK.CRC)) return null;
  const region = { address: getU32(superblock, SUPERBLOCK.JOURNAL), size: getU32(superblock, SUPERBLOCK.JOURNAL_SIZE) };
  return region.size > 0 && region.address + region.size <= nvm.size ? region : null;
}
