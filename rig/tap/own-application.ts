import type { CommandFields } from '../../src/apdu/command.ts';
import { INS } from '../../src/apdu/instruction.ts';
import { formatStatusWord, SW } from '../../src/apdu/status-word.ts';
import { AFFILIATION, BENEFICIARY, decodeInvoice, OWN_AID, RIGHT } from '../../src/applet/vitale/index.ts';
import { decoded, noteRefusal } from './files.ts';
import { READ_PLANS, type ReadPlan } from './plan.ts';
import type { CardReading, CodeOutcome } from './reading.ts';
import type { CardTerminal } from './terminal.ts';

/** Reference of the holder's code in P2 of VERIFY. */
const CODE_REFERENCE = 0x81;

/**
 * The own application: SELECT, VERIFY when there is a code, then all that it holds.
 * @param code ASCII digits, or null
 */
export async function readOwnApplication(
  terminal: CardTerminal,
  reading: CardReading,
  code: Uint8Array | null,
  plan: ReadPlan = READ_PLANS.classic,
): Promise<void> {
  terminal.phase = 'select';
  const selected = await terminal.send(selectOwn(plan));
  if (selected.sw === SW.FILE_NOT_FOUND) return;
  if (selected.sw !== SW.OK) return noteRefusal(reading, 'own application', selected.sw);
  reading.ownApplication = true;
  if (code !== null) {
    terminal.phase = 'verify';
    reading.code = await verify(terminal, code);
    if (reading.code.outcome === 'wrong' || reading.code.outcome === 'blocked') return;
  }
  terminal.phase = 'read';
  await readFiles(terminal, reading, plan);
}

/** SELECT by name; P2 0C wants no data. */
function selectOwn({ wantsFci }: ReadPlan): CommandFields {
  const select = { cla: 0, ins: INS.SELECT, p1: 0x04, data: OWN_AID };
  return wantsFci ? { ...select, p2: 0x00, ne: 256 } : { ...select, p2: 0x0c };
}

async function verify(terminal: CardTerminal, code: Uint8Array): Promise<CodeOutcome> {
  const { sw } = await terminal.send({ cla: 0, ins: INS.VERIFY, p1: 0, p2: CODE_REFERENCE, data: code });
  if (sw === SW.OK) return { outcome: 'verified' };
  if ((sw & 0xfff0) === SW.COUNTER) return { outcome: 'wrong', triesLeft: sw & 0x0f };
  if (sw === SW.METHOD_BLOCKED) return { outcome: 'blocked' };
  return { outcome: 'refused', status: formatStatusWord(sw) };
}

async function readFiles(terminal: CardTerminal, reading: CardReading, plan: ReadPlan): Promise<void> {
  const content = await plan.read(terminal);
  if (typeof content === 'number') {
    noteRefusal(reading, 'own application', content);
    await noteTries(terminal, reading);
    return;
  }
  const { affiliation, beneficiaries, rights, invoices, signature } = content;
  if (reading.code.outcome === 'not-given') reading.code = { outcome: 'not-needed' };
  for (const what of ['affiliation', 'beneficiaries', 'rights', 'invoices'] as const) {
    if (content[what].sw !== SW.OK) noteRefusal(reading, what, content[what].sw);
  }
  reading.affiliation = decoded(reading, 'E001', null, () => {
    const [record] = affiliation.records;
    return record === undefined ? null : AFFILIATION.decode(record);
  });
  reading.beneficiaries = decoded(reading, 'E002', [], () => beneficiaries.records.map((r) => BENEFICIARY.decode(r)));
  reading.rights = decoded(reading, 'E003', [], () => rights.records.map((record) => RIGHT.decode(record)));
  reading.invoices = decoded(reading, 'E004', [], () => invoices.records.map((record) => decodeInvoice(record)));
  reading.own = content;
  if (signature.sw !== SW.OK) return noteRefusal(reading, 'signature', signature.sw);
  const files = [affiliation.records, beneficiaries.records, rights.records];
  reading.signed = { files, content: signature.data };
}

/** Why the card refuses may be that its code is blocked: asking costs no try. */
async function noteTries(terminal: CardTerminal, reading: CardReading): Promise<void> {
  const { sw } = await terminal.send({ cla: 0, ins: INS.VERIFY, p1: 0, p2: CODE_REFERENCE });
  if (sw === SW.METHOD_BLOCKED) reading.code = { outcome: 'blocked' };
}
