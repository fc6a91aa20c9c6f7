import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { INS } from '../../src/apdu/instruction.ts';
import { SW } from '../../src/apdu/status-word.ts';
import {
  CARD_VALIDITY,
  decodePointers,
  FID,
  IDENTITY,
  MF_VITALE_NAME,
  NIR_ENTRY,
  VITALE_AID,
} from '../../src/applet/vitale/index.ts';
import { decoded, noteRefusal, readCurrentBinary, selectByName, selectElementary } from './files.ts';
import type { CardReading } from './reading.ts';
import type { CardTerminal } from './terminal.ts';

/**
 * How programs in the field read a Vitale card, command for command: what they send is what a card must answer.
 * All of it is free to read, in transparent files.
 */

/** SFI of the identities in the MF and of the NIRs in VITALE. */
const FREE_SFI = 2;

/**
 * Two selections and two reads by short identifier: SELECT 3F00 and SELECT VITALE without Le, then READ BINARY of
 * SFI 2 in each. The people of both files are paired by their place.
 */
export async function readIdentityBySfi(terminal: CardTerminal, reading: CardReading): Promise<void> {
  const masterFile = await terminal.send(fromHex('00A40000023F00'));
  if (masterFile.sw !== SW.OK) return noteRefusal(reading, 'master file', masterFile.sw);
  const identity = await terminal.send(Uint8Array.of(0, INS.READ_BINARY, 0x80 | FREE_SFI, 0, 0));
  if (identity.sw === SW.OK) {
    reading.identities = decoded(reading, 'D001', [], () => IDENTITY.decodeAll(identity.data));
  } else if (identity.sw !== SW.FILE_NOT_FOUND) noteRefusal(reading, 'identities', identity.sw);
  // This program does not look at what its second selection answers, and reads all the same.
  const vitale = await selectByName(terminal, VITALE_AID, false);
  const nirs = await terminal.send(Uint8Array.of(0, INS.READ_BINARY, 0x80 | FREE_SFI, 0, 0));
  if (vitale.sw !== SW.OK) return;
  if (nirs.sw !== SW.OK) return noteRefusal(reading, 'NIRs', nirs.sw);
  reading.nirs = decoded(reading, '2002', [], () => NIR_ENTRY.decodeAll(nirs.data));
}

/** Bytes of control information and of file that this program asks for, whatever the card has. */
const FCI_LENGTH = 0x1e;
const IDENTITY_LENGTH = 0x7c;

/**
 * By identifier, as a program written for the T=0 card does it: SELECT MF_VITALE, SELECT D001, GET RESPONSE of 30
 * bytes, READ BINARY of 124. A T=1 card has already given its FCI and answers the GET RESPONSE 6985.
 */
export async function readIdentityByFid(terminal: CardTerminal, reading: CardReading): Promise<void> {
  const selected = await selectByName(terminal, MF_VITALE_NAME);
  if (selected.sw !== SW.OK) return noteRefusal(reading, 'MF_VITALE', selected.sw);
  const file = await selectElementary(terminal, FID.identity);
  if (file.sw !== SW.OK) return noteRefusal(reading, 'EF D001', file.sw);
  await terminal.send(Uint8Array.of(0, INS.GET_RESPONSE, 0, 0, FCI_LENGTH));
  const { data, sw } = await terminal.send(Uint8Array.of(0, INS.READ_BINARY, 0, 0, IDENTITY_LENGTH));
  if (sw !== SW.OK && sw !== SW.END_OF_FILE) return noteRefusal(reading, 'identities', sw);
  reading.identities = decoded(reading, 'D001', [], () => IDENTITY.decodeAll(data));
}

/** Files that every reader adds to the list by itself: the list does not name them. */
const IMPLIED = [
  { aid: MF_VITALE_NAME, name: 'DIR', fid: FID.directory },
  { aid: MF_VITALE_NAME, name: 'PAN', fid: FID.pan },
  { aid: VITALE_AID, name: 'POINTERS', fid: FID.pointers },
];

/** The walk along POINTERS: every application that it names, every file, read in chunks of 256 bytes. */
export async function readPointers(terminal: CardTerminal, reading: CardReading): Promise<void> {
  const vitale = await selectByName(terminal, VITALE_AID);
  if (vitale.sw !== SW.OK) return noteRefusal(reading, 'VITALE', vitale.sw);
  const selected = await selectElementary(terminal, FID.pointers);
  if (selected.sw !== SW.OK) return noteRefusal(reading, 'POINTERS', selected.sw);
  const list = await readCurrentBinary(terminal);
  reading.pointers = decoded(reading, '2001', [], () => decodePointers(list.data));
  for (const application of reading.pointers) {
    const name = toHex(application.aid);
    const answer = await selectByName(terminal, application.aid);
    if (answer.sw !== SW.OK) {
      noteRefusal(reading, `application ${name}`, answer.sw);
      continue;
    }
    const implied = IMPLIED.filter(({ aid }) => toHex(aid) === name);
    for (const file of [...implied, ...application.files]) await readPointed(terminal, reading, name, file);
  }
}

async function readPointed(
  terminal: CardTerminal,
  reading: CardReading,
  application: string,
  file: { readonly name: string; readonly fid: number },
): Promise<void> {
  const fid = file.fid.toString(16).toUpperCase().padStart(4, '0');
  const selected = await selectElementary(terminal, file.fid);
  if (selected.sw !== SW.OK) return noteRefusal(reading, `file ${fid} ${file.name}`, selected.sw);
  const { data, sw } = await readCurrentBinary(terminal);
  if (data.length === 0) return noteRefusal(reading, `file ${fid} ${file.name}`, sw);
  reading.pointed.push({ application, file: file.name, fid, bytes: data.length, content: data });
  if (file.fid === FID.identity) reading.identities = decoded(reading, fid, [], () => IDENTITY.decodeAll(data));
  if (file.fid === FID.nirs) reading.nirs = decoded(reading, fid, [], () => NIR_ENTRY.decodeAll(data));
  if (file.fid === FID.cardData) {
    reading.validity = decoded(reading, fid, null, () => CARD_VALIDITY.decodeAll(data)[0] ?? null);
  }
}
