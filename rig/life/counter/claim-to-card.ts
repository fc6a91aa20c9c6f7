import { INS } from '../../../src/apdu/instruction.ts';
import { formatStatusWord, SW, statusWordMeaning } from '../../../src/apdu/status-word.ts';
import { decodeInvoice, encodeInvoice } from '../../../src/applet/vitale/index.ts';
import { OWN_SFI } from '../../tap/plan-content.ts';
import { allRecords, LongAsk } from '../../tap/plan-minimal.ts';
import type { CardTerminal } from '../../tap/terminal.ts';
import type { Claim } from '../credential/claim.ts';
import { selectCard } from './card-content.ts';
import { CounterFailure } from './failures.ts';

export interface ClaimOnCard {
  /** False: the card had this claim before, and it was not written a second time. */
  readonly written: boolean;
}

/**
 * Writes a claim's summary on the card: APPEND RECORD to E004, which puts it in the place of the oldest of 20. A claim of
 * the same professional with the same number is looked for first, as far as the terminal may read: the answer to an
 * earlier try may have been lost.
 * @throws {CounterFailure} {HalError}
 */
export async function appendClaim(terminal: CardTerminal, claim: Claim): Promise<ClaimOnCard> {
  await selectCard(terminal);
  terminal.phase = 'claim';
  const { records } = await allRecords(terminal, new LongAsk(terminal), OWN_SFI.invoices);
  const before = records
    .map((record) => decodeInvoice(record))
    .find(({ number, professionalId }) => number === claim.number && professionalId === claim.professionalId);
  const record = encodeInvoice({ ...claim, status: 'recorded' });
  if (before !== undefined) {
    const { status: _status, ...summary } = before;
    if (JSON.stringify(sorted(summary)) !== JSON.stringify(sorted(claim)))
      throw new CounterFailure('claim-number-used');
    return { written: false };
  }
  const { sw } = await terminal.send({
    cla: 0,
    ins: INS.APPEND_RECORD,
    p1: 0,
    p2: OWN_SFI.invoices << 3,
    data: record,
  });
  if (sw === SW.OK) return { written: true };
  if (sw === SW.SECURITY_STATUS_NOT_SATISFIED) throw new CounterFailure('claim-not-permitted');
  throw new CounterFailure('card-refuses', `${formatStatusWord(sw)} ${statusWordMeaning(sw)}`);
}

function sorted(fields: object): unknown {
  return Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
}
