import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { TlvError, TlvReader } from '../../src/apdu/index.ts';
import { INS } from '../../src/apdu/instruction.ts';
import { SW } from '../../src/apdu/status-word.ts';
import { EXPORT_TAG } from '../../src/applet/vitale/export-object.ts';
import { concatenate, TAG } from '../../src/applet/vitale/index.ts';
import { HalError } from '../../src/hal/errors.ts';
import { readBinaryBySfi, readRecordsBySfi } from './files.ts';
import { OWN_SFI, type OwnContent, type RecordContent } from './plan-content.ts';
import type { CardAnswer, CardTerminal } from './terminal.ts';

/** P2 of READ RECORD: all records from P1 up to the last. */
const FROM_NUMBER = 0x05;

/** Answers after which a command is worth another try in an older way: length, class or form not known. */
const NOT_UNDERSTOOD: readonly number[] = [
  SW.WRONG_LENGTH,
  SW.CLASS_NOT_SUPPORTED,
  SW.INSTRUCTION_NOT_SUPPORTED,
  SW.FUNCTION_NOT_SUPPORTED,
  SW.WRONG_P1_P2,
  SW.NO_PRECISE_DIAGNOSIS,
];

/**
 * The whole application in one answer where the card has the export object; else one READ RECORD a file and one READ
 * BINARY. Le is extended where the link takes it; elsewhere the rest of a long answer comes by GET RESPONSE. What a
 * card does not understand is asked for in the older way, and not tried again.
 */
export async function readMinimal(terminal: CardTerminal): Promise<OwnContent | number> {
  const ask = new LongAsk(terminal);
  const exported = await ask.send(0xca, EXPORT_TAG >> 8, EXPORT_TAG & 0xff);
  const whole = exported.sw === SW.OK ? contentOfExport(exported.data) : null;
  return whole ?? readFiles(terminal, ask);
}

async function readFiles(terminal: CardTerminal, ask: LongAsk): Promise<OwnContent | number> {
  const affiliation = await allRecords(terminal, ask, OWN_SFI.affiliation);
  if (affiliation.sw === SW.SECURITY_STATUS_NOT_SATISFIED) return affiliation.sw;
  return {
    affiliation,
    beneficiaries: await allRecords(terminal, ask, OWN_SFI.beneficiaries),
    rights: await allRecords(terminal, ask, OWN_SFI.rights),
    invoices: await allRecords(terminal, ask, OWN_SFI.invoices),
    signature: await wholeBinary(terminal, ask, OWN_SFI.signature),
  };
}

/** Every record of a file of data objects, in one READ RECORD where the card takes it. */
export async function allRecords(terminal: CardTerminal, ask: LongAsk, sfi: number): Promise<RecordContent> {
  const { data, sw } = await ask.send(INS.READ_RECORD, 1, (sfi << 3) | FROM_NUMBER);
  if (sw === SW.RECORD_NOT_FOUND) return { records: [], sw: SW.OK };
  if (NOT_UNDERSTOOD.includes(sw)) return readRecordsBySfi(terminal, sfi);
  if (sw !== SW.OK) return { records: [], sw };
  // Records that are not data objects have no seams: they are read one by one.
  const records = splitObjects(data);
  return records === null ? readRecordsBySfi(terminal, sfi) : { records, sw };
}

/** A whole transparent file, in one READ BINARY where the card takes it. */
export async function wholeBinary(terminal: CardTerminal, ask: LongAsk, sfi: number): Promise<CardAnswer> {
  if (!ask.extended) return readBinaryBySfi(terminal, sfi);
  const answer = await ask.send(INS.READ_BINARY, 0x80 | sfi, 0);
  return answer.sw === SW.OK ? answer : readBinaryBySfi(terminal, sfi);
}

/** Commands of case 2 that want all there is, with an extended Le as long as the link and the card take one. */
export class LongAsk {
  readonly #terminal: CardTerminal;
  #extended: boolean;

  constructor(terminal: CardTerminal) {
    this.#terminal = terminal;
    // Over T=0 an extended Le would have to go in an ENVELOPE.
    this.#extended = terminal.protocol !== 'T=0';
  }

  get extended(): boolean {
    return this.#extended;
  }

  async send(ins: number, p1: number, p2: number): Promise<CardAnswer> {
    if (this.#extended) {
      const answer = await this.#sendExtended(ins, p1, p2);
      if (answer !== null && answer.sw !== SW.WRONG_LENGTH) return answer;
      this.#extended = false;
    }
    return this.#terminal.send(Uint8Array.of(0, ins, p1, p2, 0));
  }

  /** @returns null when the reader does not carry it */
  async #sendExtended(ins: number, p1: number, p2: number): Promise<CardAnswer | null> {
    try {
      return await this.#terminal.send(Uint8Array.of(0, ins, p1, p2, 0, 0, 0));
    } catch (error) {
      if (error instanceof HalError && error.kind === 'too-long') return null;
      throw error;
    }
  }
}

/** Data objects one after the other, without padding between them; null when it is something else. */
export function splitObjects(bytes: Uint8Array): Uint8Array[] | null {
  const objects: Uint8Array[] = [];
  try {
    for (let at = 0; at < bytes.length; ) {
      if (bytes[at] === 0x00 || bytes[at] === 0xff) {
        at++;
        continue;
      }
      const reader = new TlvReader(bytes, at);
      reader.next();
      const end = reader.valueOffset + reader.valueLength;
      objects.push(copyBytes(bytes, reader.start, end));
      at = end;
    }
  } catch (error) {
    if (error instanceof TlvError) return null;
    throw error;
  }
  return objects;
}

/** The one data object that a record begins with, when the rest is padding; else the record as it is. */
export function withoutPadding(record: Uint8Array): Uint8Array {
  const objects = splitObjects(record);
  return objects?.length === 1 ? (objects[0] as Uint8Array) : record;
}

const TEMPLATES: readonly number[] = [TAG.affiliation, TAG.beneficiary, TAG.right, TAG.invoice];

/** What the export object holds, file by file; null when it is no row of data objects. Others are the signature's. */
function contentOfExport(data: Uint8Array): OwnContent | null {
  const objects = splitObjects(data);
  if (objects === null) return null;
  const records = (tag: number): RecordContent => ({
    records: objects.filter((object) => object[0] === tag),
    sw: SW.OK,
  });
  const signature = concatenate(objects.filter((object) => !TEMPLATES.includes(object[0] as number)));
  return {
    affiliation: records(TAG.affiliation),
    beneficiaries: records(TAG.beneficiary),
    rights: records(TAG.right),
    invoices: records(TAG.invoice),
    signature: { data: signature, sw: SW.OK },
  };
}
