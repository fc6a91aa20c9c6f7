import type { Nvm } from '../../hal/nvm.ts';
import { NO_RECORD } from '../channel.ts';
import type { CommandContext } from '../command-context.ts';
import type { Parameters } from '../command-row.ts';
import type { CardFile } from '../files/card-file.ts';
import { recordCount, recordIdentifier } from '../files/record-file.ts';

/** How P1 and b3b2b1 of P2 mean a record (ISO/IEC 7816-4); b8 to b4 are a short EF identifier, or 0. */
export const MODE = { FIRST: 0, LAST: 1, NEXT: 2, PREVIOUS: 3, NUMBER: 4, FROM_NUMBER: 5, UP_TO_NUMBER: 6 } as const;

/** P1 FF is reserved; so is a short EF identifier with all bits set. */
export function recordParameters(mode: number, meaning: string, p1: readonly [number, number] = [0, 0xfe]): Parameters {
  return { p1, p2: [0x00, 0xf7], p2Mask: 0x07, p2Value: mode, meaning };
}

/** The records that UPDATE and WRITE RECORD can name. */
export const ONE_RECORD_PARAMETERS: readonly Parameters[] = [
  recordParameters(MODE.FIRST, 'first record', [0, 0]),
  recordParameters(MODE.LAST, 'last record', [0, 0]),
  recordParameters(MODE.NEXT, 'next record', [0, 0]),
  recordParameters(MODE.PREVIOUS, 'previous record; in a cyclic EF a new record 1', [0, 0]),
  recordParameters(MODE.NUMBER, 'record P1; 00: current record'),
];

/** b3b2b1 of P2. */
export function modeOf(context: CommandContext): number {
  return context.command.p2 & 0x07;
}

/** Number of the record that P1 and the mode mean in a file, or {@link NO_RECORD}. */
export function findRecord(context: CommandContext, file: CardFile, mode: number = modeOf(context)): number {
  const { nvm } = context.core;
  const { p1 } = context.command;
  const count = recordCount(nvm, file);
  if (mode >= MODE.NUMBER && p1 !== 0) return p1 <= count ? p1 : NO_RECORD;
  const current = currentRecord(context);
  if (mode >= MODE.NUMBER) return current <= count ? current : NO_RECORD;
  const step = isForwards(mode) ? 1 : -1;
  return nextWithIdentifier(nvm, file, firstCandidate(mode, current, count), step, p1);
}

/** Current record of the file that P2 means; a short identifier forgets what was current. */
export function currentRecord(context: CommandContext): number {
  return context.command.p2 >> 3 === 0 ? context.channel.record : NO_RECORD;
}

function isForwards(mode: number): boolean {
  return mode === MODE.FIRST || mode === MODE.NEXT;
}

/** Number at which a mode by identifier begins to look; it may lie outside the file. */
export function firstCandidate(mode: number, current: number, count: number): number {
  const step = isForwards(mode) ? 1 : -1;
  const relative = (mode === MODE.NEXT || mode === MODE.PREVIOUS) && current !== NO_RECORD;
  return relative ? current + step : step > 0 ? 1 : count;
}

/** First record from `number` on, in steps of `step`, with an identifier; 00 means any. */
function nextWithIdentifier(nvm: Nvm, file: CardFile, number: number, step: number, identifier: number): number {
  const count = recordCount(nvm, file);
  for (; number >= 1 && number <= count; number += step) {
    if (identifier === 0 || recordIdentifier(nvm, file, number) === identifier) return number;
  }
  return NO_RECORD;
}

/** After success: the file named by a short identifier is current, and the record, unless it was named by number. */
export function settleOn(context: CommandContext, file: CardFile, record: number): void {
  settleOnFile(context, file);
  if (modeOf(context) < MODE.NUMBER) context.channel.record = record;
}

export function settleOnFile(context: CommandContext, file: CardFile): void {
  if (context.command.p2 >> 3 !== 0) context.channel.selectElementary(file);
}
