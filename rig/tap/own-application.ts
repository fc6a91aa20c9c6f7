import { INS } from '../../src/apdu/instruction.ts';
import { formatStatusWord, SW } from '../../src/apdu/status-word.ts';
import { AFFILIATION, BENEFICIARY, decodeInvoice, OWN_AID, RIGHT } from '../../src/applet/vitale/index.ts';
import { decoded, noteRefusal, readBinaryBySfi, readRecordsBySfi, selectByName } from './files.ts';
import type { CardReading, CodeOutcome } from './reading.ts';
import type { CardTerminal } from './terminal.ts';

/** Reference of the holder's code in P2 of VERIFY. */
const CODE_REFERENCE = 0x81;
const SFI = { affiliation: 1, beneficiaries: 2, rights: 3, invoices: 4, signature: 15 } as const;

/**
 * The own application: SELECT, VERIFY when there is a code, then its records file by file.
 * @param code ASCII digits, or null
 */
export async function readOwnApplication(
  terminal: CardTerminal,
  reading: CardReading,
  code: Uint8Array | null,
): Promise<void> {
  terminal.phase = 'select';
  const selected = await selectByName(terminal, OWN_AID);
  if (selected.sw === SW.FILE_NOT_FOUND) return;
  if (selected.sw !== SW.OK) return noteRefusal(reading, 'own application', selected.sw);
  reading.ownApplication = true;
  if (code !== null) {
    terminal.phase = 'verify';
    reading.code = await verify(terminal, code);
    if (reading.code.outcome === 'wrong' || reading.code.outcome === 'blocked') return;
  }
  terminal.phase = 'read';
  await readFiles(terminal, reading);
}

async function verify(terminal: CardTerminal, code: Uint8Array): Promise<CodeOutcome> {
  const { sw } = await terminal.send({ cla: 0, ins: INS.VERIFY, p1: 0, p2: CODE_REFERENCE, data: code });
  if (sw === SW.OK) return { outcome: 'verified' };
  if ((sw & 0xfff0) === SW.COUNTER) return { outcome: 'wrong', triesLeft: sw & 0x0f };
  if (sw === SW.METHOD_BLOCKED) return { outcome: 'blocked' };
  return { outcome: 'refused', status: formatStatusWord(sw) };
}

async function readFiles(terminal: CardTerminal, reading: CardReading): Promise<void> {
  const affiliation = await readRecordsBySfi(terminal, SFI.affiliation);
  if (affiliation.sw === SW.SECURITY_STATUS_NOT_SATISFIED) {
    noteRefusal(reading, 'own application', affiliation.sw);
    await noteTries(terminal, reading);
    return;
  }
  if (affiliation.sw !== SW.OK) noteRefusal(reading, 'affiliation', affiliation.sw);
  if (reading.code.outcome === 'not-given') reading.code = { outcome: 'not-needed' };
  const beneficiaries = await readRecordsBySfi(terminal, SFI.beneficiaries);
  if (beneficiaries.sw !== SW.OK) noteRefusal(reading, 'beneficiaries', beneficiaries.sw);
  const rights = await readRecordsBySfi(terminal, SFI.rights);
  if (rights.sw !== SW.OK) noteRefusal(reading, 'rights', rights.sw);
  const invoices = await readRecordsBySfi(terminal, SFI.invoices);
  if (invoices.sw !== SW.OK) noteRefusal(reading, 'invoices', invoices.sw);

  reading.affiliation = decoded(reading, 'E001', null, () => {
    const [record] = affiliation.records;
    return record === undefined ? null : AFFILIATION.decode(record);
  });
  reading.beneficiaries = decoded(reading, 'E002', [], () => beneficiaries.records.map((r) => BENEFICIARY.decode(r)));
  reading.rights = decoded(reading, 'E003', [], () => rights.records.map((record) => RIGHT.decode(record)));
  reading.invoices = decoded(reading, 'E004', [], () => invoices.records.map((record) => decodeInvoice(record)));

  const signature = await readBinaryBySfi(terminal, SFI.signature);
  if (signature.sw !== SW.OK) return noteRefusal(reading, 'signature', signature.sw);
  const files = [affiliation.records, beneficiaries.records, rights.records];
  reading.signed = { files, content: signature.data };
}

/** Why the card refuses may be that its code is blocked: asking costs no try. */
async function noteTries(terminal: CardTerminal, reading: CardReading): Promise<void> {
  const { sw } = await terminal.send({ cla: 0, ins: INS.VERIFY, p1: 0, p2: CODE_REFERENCE });
  if (sw === SW.METHOD_BLOCKED) reading.code = { outcome: 'blocked' };
}
