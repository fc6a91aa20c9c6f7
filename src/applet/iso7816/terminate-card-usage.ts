import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { DF_ACCESS } from '../files/card-file.ts';
import { terminateCard } from '../files/life-cycle.ts';
import { eraseSecret, zeroise } from '../image/zeroise.ts';

export const TERMINATE_CARD_USAGE: CommandRow = {
  ins: INS.TERMINATE_CARD_USAGE,
  name: 'TERMINATE CARD USAGE',
  standard: 'ISO/IEC 7816-9',
  cases: [1],
  parameters: [{ p1: [0x00, 0x00], p2: [0x00, 0x00], meaning: 'the whole card, for ever' }],
  chaining: false,
  lifeCycle: 'any',
  security: 'terminate rule of the MF',
  cost: 'memory',
  execute: terminateCardUsage,
};

/**
 * TERMINATE CARD USAGE. From then on the card gives its ATR, refuses what it always refuses (6E00, 6881, 6882, 6D00,
 * 6700, 6A86), and answers 6985 to every command that it knows, SELECT too. What it has held is overwritten. Errors: 6982
 * rule of the MF; 6581 what it has held could not be overwritten: the card is terminated, and the next start goes on.
 */
function terminateCardUsage(context: CommandContext): number {
  const { core } = context;
  if (!context.permits(core.files.masterFile, DF_ACCESS.TERMINATE)) return SW.SECURITY_STATUS_NOT_SATISFIED;
  terminateCard(core.nvm, core.card);
  eraseSecret(core.nvm, core.card);
  core.nvm.flush();
  zeroise(core.nvm);
  return SW.OK;
}
