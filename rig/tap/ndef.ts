import { toHex } from '../../src/apdu/hex.ts';
import { INS } from '../../src/apdu/instruction.ts';
import { formatStatusWord, SW, statusWordMeaning } from '../../src/apdu/status-word.ts';
import {
  CAPABILITY_CONTAINER_LENGTH,
  contentOf,
  decodeCapabilityContainer,
  decodeMessage,
  type NdefContent,
  NdefError,
} from '../card/ndef/index.ts';
import { shown } from '../console/shown.ts';
import { noteRefusal, selectByName } from './files.ts';
import type { CardReading, NdefReading } from './reading.ts';
import type { CardAnswer, CardTerminal } from './terminal.ts';

/** Name of the NDEF tag application. */
export const NDEF_AID: Uint8Array = Uint8Array.of(0xd2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01);
const CAPABILITY_CONTAINER_FID = 0xe103;
/** A short Le asks for 256 at most, and an offset in P1-P2 has 15 bits. */
const LARGEST_SHORT_READ = 256;
const LARGEST_OFFSET = 0x7fff;

/**
 * The NDEF detection and read procedure of a Type 4 Tag, as phones do it: application by name, E103, its 15 bytes,
 * the NDEF file, its length, its message in pieces of MLe.
 */
export async function readNdef(terminal: CardTerminal, reading: CardReading): Promise<void> {
  terminal.phase = 'ndef';
  const selected = await selectByName(terminal, NDEF_AID);
  if (selected.sw === SW.FILE_NOT_FOUND) return;
  if (selected.sw !== SW.OK) return noteRefusal(reading, 'NDEF tag application', selected.sw);
  try {
    reading.ndef = await readMessage(terminal);
  } catch (error) {
    if (error instanceof Refused) return noteRefusal(reading, error.what, error.sw);
    if (!(error instanceof NdefError)) throw error;
    reading.checks.push({ id: 'ndef', verdict: 'fail', detail: error.message });
  }
}

async function readMessage(terminal: CardTerminal): Promise<NdefReading> {
  await selectFile(terminal, CAPABILITY_CONTAINER_FID);
  const container = decodeCapabilityContainer(await read(terminal, 0, CAPABILITY_CONTAINER_LENGTH));
  if (!container.readable) throw new NdefError('the capability container says that the NDEF file may not be read');
  await selectFile(terminal, container.fid);
  const [high = 0, low = 0] = await read(terminal, 0, 2);
  const messageLength = (high << 8) | low;
  if (messageLength > container.fileSize - 2) {
    throw new NdefError(`a message of ${messageLength} bytes in a file of ${container.fileSize}`);
  }
  const bytes = new Uint8Array(messageLength);
  const piece = Math.min(container.largestRead, LARGEST_SHORT_READ);
  for (let at = 0; at < messageLength; at += piece) {
    bytes.set(await read(terminal, 2 + at, Math.min(piece, messageLength - at)), at);
  }
  const records = messageLength === 0 ? [] : decodeMessage(bytes).map((record) => contentOf(record));
  return { ...container, messageLength, records };
}

/** SELECT by identifier, no data wanted back: `00A4000C02` and the identifier. */
async function selectFile(terminal: CardTerminal, fid: number): Promise<void> {
  const data = Uint8Array.of(fid >> 8, fid & 0xff);
  judge(`file ${toHex(data)}`, await terminal.send({ cla: 0, ins: INS.SELECT, p1: 0x00, p2: 0x0c, data }));
}

async function read(terminal: CardTerminal, offset: number, length: number): Promise<Uint8Array> {
  if (offset > LARGEST_OFFSET) throw new NdefError(`the message goes on after byte ${LARGEST_OFFSET}`);
  const answer = await terminal.send({ cla: 0, ins: INS.READ_BINARY, p1: offset >> 8, p2: offset & 0xff, ne: length });
  judge(`${length} bytes from ${offset}`, answer);
  if (answer.data.length !== length) {
    throw new NdefError(`${answer.data.length} bytes came from offset ${offset}, not ${length}`);
  }
  return answer.data;
}

function judge(what: string, { sw }: CardAnswer): void {
  if (sw !== SW.OK) throw new Refused(what, sw);
}

/** What the card did not give, on the way up to {@link readNdef}. */
class Refused extends Error {
  readonly what: string;
  readonly sw: number;

  constructor(what: string, sw: number) {
    super(`${what}: ${formatStatusWord(sw)} ${statusWordMeaning(sw)}`);
    this.what = what;
    this.sw = sw;
  }
}

/** A tag as a person reads it, a line each. */
export function ndefLines(ndef: NdefReading): string[] {
  const use = ndef.messageLength === 0 ? 'no message' : `a message of ${ndef.messageLength} bytes`;
  return [
    `NFC Forum Type 4 Tag, mapping version ${ndef.mappingVersion}, ${ndef.writable ? 'readable and writable' : 'read only'}`,
    `  ${use} in a file of ${ndef.fileSize}; at most ${ndef.largestRead} bytes a read, ${ndef.largestUpdate} a write`,
    ...ndef.records.flatMap((record, index) => [`  ${index + 1}  ${inWords(record)}`, ...below(record)]),
  ];
}

function inWords(record: NdefContent): string {
  switch (record.kind) {
    case 'empty':
      return 'empty record';
    case 'uri':
      return `URI   ${shown(record.uri)}`;
    case 'text':
      return `text  ${shown(record.text)} (${shown(record.language)})`;
    case 'smart-poster':
      return `Smart Poster  ${shown(record.uri)}${record.action === null ? '' : `, action: ${record.action}`}`;
    case 'mime':
    case 'external':
      return `${record.kind === 'mime' ? 'MIME' : 'external'}  ${shown(record.type)}, ${record.content.length} bytes`;
    case 'other':
      return `type name format ${record.tnf}, type ${shown(record.type)}, ${record.content.length} bytes`;
  }
}

function below(record: NdefContent): string[] {
  if (record.kind !== 'smart-poster') return [];
  return record.titles.map(({ language, text }) => `     title ${shown(text)} (${shown(language)})`);
}
