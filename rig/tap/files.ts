import { INS } from '../../src/apdu/instruction.ts';
import { formatStatusWord, SW, statusWordMeaning } from '../../src/apdu/status-word.ts';
import { CardDataError } from '../../src/applet/vitale/index.ts';
import type { CardReading } from './reading.ts';
import type { CardAnswer, CardTerminal } from './terminal.ts';

/** Reading whole files with the commands that every card has. */

const READ_ALL = 256;

export function selectByName(terminal: CardTerminal, name: Uint8Array, withFci = true): Promise<CardAnswer> {
  return terminal.send({ cla: 0, ins: INS.SELECT, p1: 0x04, p2: 0x00, data: name, ne: withFci ? READ_ALL : 0 });
}

/** SELECT EF under the current DF. */
export function selectElementary(terminal: CardTerminal, fid: number): Promise<CardAnswer> {
  const data = Uint8Array.of(fid >> 8, fid & 0xff);
  return terminal.send({ cla: 0, ins: INS.SELECT, p1: 0x02, p2: 0x00, data, ne: READ_ALL });
}

/** The current EF from its first byte on, 256 bytes a time, until a chunk is shorter or the card says there is no more. */
export async function readCurrentBinary(terminal: CardTerminal): Promise<CardAnswer> {
  const bytes: number[] = [];
  for (let offset = 0; ; offset += 256) {
    const { data, sw } = await terminal.send(Uint8Array.of(0, INS.READ_BINARY, offset >> 8, offset & 0xff, 0));
    bytes.push(...data);
    if (offset > 0 && sw === SW.WRONG_OFFSET) return { data: Uint8Array.from(bytes), sw: SW.OK };
    if (data.length < 256 || sw !== SW.OK || offset + 256 > 0x7fff) return { data: Uint8Array.from(bytes), sw };
  }
}

/** A transparent EF by its short identifier; the first read makes it current. */
export async function readBinaryBySfi(terminal: CardTerminal, sfi: number): Promise<CardAnswer> {
  const first = await terminal.send(Uint8Array.of(0, INS.READ_BINARY, 0x80 | sfi, 0, 0));
  if (first.data.length < 256 || first.sw !== SW.OK) return first;
  const bytes = [...first.data];
  for (let offset = 256; offset <= 0x7fff; offset += 256) {
    const { data, sw } = await terminal.send(Uint8Array.of(0, INS.READ_BINARY, offset >> 8, offset & 0xff, 0));
    bytes.push(...data);
    if (data.length < 256 || sw !== SW.OK) break;
  }
  return { data: Uint8Array.from(bytes), sw: SW.OK };
}

/** Every record of an EF by its short identifier, one READ RECORD each. */
export async function readRecordsBySfi(
  terminal: CardTerminal,
  sfi: number,
): Promise<{ readonly records: readonly Uint8Array[]; readonly sw: number }> {
  const records: Uint8Array[] = [];
  for (let number = 1; number <= 254; number++) {
    const { data, sw } = await terminal.send(Uint8Array.of(0, INS.READ_RECORD, number, (sfi << 3) | 0x04, 0));
    if (sw === SW.RECORD_NOT_FOUND) break;
    if (sw !== SW.OK) return { records, sw };
    records.push(data);
  }
  return { records, sw: SW.OK };
}

export function noteRefusal(reading: CardReading, what: string, sw: number): void {
  reading.refusals.push({ what, status: formatStatusWord(sw), detail: statusWordMeaning(sw) });
}

/** Decodes, or notes what is wrong with the card's data and gives `otherwise`. */
export function decoded<T>(reading: CardReading, what: string, otherwise: T, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof CardDataError)) throw error;
    reading.checks.push({ id: `content-${what}`, verdict: 'fail', detail: error.message });
    return otherwise;
  }
}
