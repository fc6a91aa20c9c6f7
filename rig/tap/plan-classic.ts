import { SW } from '../../src/apdu/status-word.ts';
import { readBinaryBySfi, readRecordsBySfi } from './files.ts';
import { OWN_SFI, type OwnContent } from './plan-content.ts';
import type { CardTerminal } from './terminal.ts';

/** Record by record, file by file; the signature 256 bytes a time. */
export async function readClassic(terminal: CardTerminal): Promise<OwnContent | number> {
  const affiliation = await readRecordsBySfi(terminal, OWN_SFI.affiliation);
  if (affiliation.sw === SW.SECURITY_STATUS_NOT_SATISFIED) return affiliation.sw;
  return {
    affiliation,
    beneficiaries: await readRecordsBySfi(terminal, OWN_SFI.beneficiaries),
    rights: await readRecordsBySfi(terminal, OWN_SFI.rights),
    invoices: await readRecordsBySfi(terminal, OWN_SFI.invoices),
    signature: await readBinaryBySfi(terminal, OWN_SFI.signature),
  };
}
