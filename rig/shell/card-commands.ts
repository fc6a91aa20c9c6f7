import { INS } from '../../src/apdu/instruction.ts';
import { formatStatusWord, SW, statusWordMeaning } from '../../src/apdu/status-word.ts';
import { counted } from '../report/words.ts';
import type { CardAnswer } from '../tap/terminal.ts';
import { type Desk, type FileFacts, factsOf, selectTarget } from './desk.ts';
import { fileNote, KNOWN_APPLICATIONS, type KnownApplication } from './known-files.ts';
import { parseTarget } from './target.ts';

/* What the commands in words do to the card. */

const PIECE = 256;
const LARGEST_OFFSET = 0x7fff;
const LAST_RECORD = 254;
/** P2: P1 is a record number. */
const BY_NUMBER = 0x04;

/** A whole file: by READ BINARY or READ RECORD, as it is told to be or turns out to be. @param sfi 0: the current one */
export async function readFile(desk: Desk, sfi: number): Promise<void> {
  const structure = sfi === 0 ? (desk.file?.structure ?? 'unknown') : 'unknown';
  if (sfi !== 0) desk.file = null;
  if (structure === 'directory') {
    desk.say('a directory is selected, which has no content of its own: `read FILE`');
    return;
  }
  if (structure !== 'records' && (await readBinary(desk, sfi))) return;
  let count = 0;
  for (let number = 1; number <= LAST_RECORD; number++) {
    const { sw } = await desk.card.terminal().send(readRecord(number, sfi));
    if (sw !== SW.OK && sw >> 8 !== 0x62) break;
    count++;
  }
  if (count > 0) desk.say(counted(count, 'record'));
}

/** @returns false: the file has records */
async function readBinary(desk: Desk, sfi: number): Promise<boolean> {
  let length = 0;
  for (let offset = 0; offset <= LARGEST_OFFSET; offset += PIECE) {
    const p1 = offset === 0 && sfi !== 0 ? 0x80 | sfi : offset >> 8;
    const terminal = desk.card.terminal();
    const { data, sw } = await terminal.send({ cla: 0, ins: INS.READ_BINARY, p1, p2: offset & 0xff, ne: PIECE });
    if (offset === 0 && sw === SW.INCOMPATIBLE_FILE_STRUCTURE) return false;
    length += data.length;
    if (data.length < PIECE || sw !== SW.OK) break;
  }
  if (length > PIECE) desk.say(counted(length, 'byte'));
  return true;
}

export async function readOneRecord(desk: Desk, number: number, sfi: number): Promise<void> {
  await desk.card.terminal().send(readRecord(number, sfi));
}

function readRecord(number: number, sfi: number): { cla: number; ins: number; p1: number; p2: number; ne: number } {
  return { cla: 0, ins: INS.READ_RECORD, p1: number, p2: (sfi << 3) | BY_NUMBER, ne: PIECE };
}

export async function dataObject(desk: Desk, tag: number): Promise<void> {
  await desk.card.terminal().send({ cla: 0, ins: INS.GET_DATA, p1: tag >> 8, p2: tag & 0xff, ne: PIECE });
}

/** @param typed null: it is asked for. Overwritten in the end. */
export async function verifyCode(desk: Desk, reference: number, typed: Uint8Array | null): Promise<void> {
  const code = typed ?? (await desk.code());
  try {
    await desk.card.terminal().send({ cla: 0, ins: INS.VERIFY, p1: 0, p2: reference, data: code });
  } finally {
    code.fill(0);
  }
}

const CLOSE = 0x80;

export async function moveToChannel(desk: Desk, to: number | 'open' | 'close' | 'show'): Promise<void> {
  const { card } = desk;
  if (to === 'open') {
    const from = card.channel;
    card.channel = 0;
    const { exchange, sw } = await sentPlain(desk, Uint8Array.of(0, INS.MANAGE_CHANNEL, 0, 0, 1));
    const opened = exchange[0];
    card.channel = sw === SW.OK && opened !== undefined && opened <= 19 ? opened : from;
  } else if (to === 'close') {
    if (card.channel === 0) {
      desk.say('the basic channel 0 is in use, which is never closed');
      return;
    }
    const { sw } = await sentPlain(desk, Uint8Array.of(0, INS.MANAGE_CHANNEL, CLOSE, card.channel));
    if (sw === SW.OK) card.channel = 0;
  } else if (to !== 'show') card.channel = to;
  desk.file = null;
  desk.say(`channel ${card.channel}`);
}

async function sentPlain(desk: Desk, command: Uint8Array): Promise<{ exchange: Uint8Array; sw: number }> {
  const { response } = await desk.card.transmit(command);
  return { exchange: response.subarray(0, -2), sw: desk.card.lastSw ?? 0 };
}

/** What the card refused since the last time, and the rules that it tells. */
export async function askWhy(desk: Desk): Promise<void> {
  const { card } = desk;
  if (!card.explainer.mustAsk) {
    desk.say(
      card.own === null
        ? 'nothing is left to ask the card about: it can tell why a READ was refused with 6982'
        : 'a card of ours tells at once: why stands below each answer that refuses',
    );
    return;
  }
  const send = async (command: Uint8Array): Promise<CardAnswer> => card.terminal().send(command);
  const sentences = await card.explainer.ask(send, card.interfaces);
  desk.file = null;
  for (const sentence of sentences) desk.say(`why: ${sentence}`);
}

/** Looks for what is known here and what the card has told. */
export async function printTree(desk: Desk): Promise<void> {
  const rows: string[] = [];
  let mustSay: string | null = null;
  await desk.quietly(async () => {
    const top = await selectTarget(desk, parseTarget('3F00'));
    rows.push(`3F00${top.sw === SW.OK ? '' : `  ${refusal(top.sw)}`}`);
    const directory = KNOWN_APPLICATIONS[0] as KnownApplication;
    await listFiles(desk, directory, rows, '  ');
    const named = KNOWN_APPLICATIONS.slice(1);
    const strangers = [...desk.seen.names].filter((aid) => !KNOWN_APPLICATIONS.some((each) => each.aid === aid));
    for (const application of [...named, ...strangers.map((aid) => ({ name: '', aid, files: {} }))]) {
      const { sw, facts } = await selectTarget(desk, parseTarget(application.aid));
      if (sw === SW.FILE_NOT_FOUND) continue;
      const name = application.name === '' ? '' : ` (${application.name})`;
      const fid = facts?.fid == null ? '' : `${hex4(facts.fid)}  `;
      rows.push(`  ${fid}application ${application.aid}${name}${facts === null ? `  ${refusal(sw)}` : ''}`);
      if (facts !== null) await listFiles(desk, application, rows, '    ');
    }
    if ((await selectTarget(desk, parseTarget('3F00'))).sw !== SW.OK) mustSay = 'the MF cannot be selected';
  });
  desk.say(rows.join('\n'));
  if (mustSay !== null) desk.say(mustSay);
}

async function listFiles(desk: Desk, application: KnownApplication, rows: string[], indent: string): Promise<void> {
  const known = Object.values(application.files);
  // Below an application that is not known, whatever identifiers the card has told.
  const fids = known.length > 0 ? known : [...desk.seen.files].map((fid) => Number.parseInt(fid, 16));
  for (const fid of fids) {
    const command = {
      cla: 0,
      ins: INS.SELECT,
      p1: 0x02,
      p2: 0x04,
      data: Uint8Array.of(fid >> 8, fid & 0xff),
      ne: PIECE,
    };
    const { sw, facts } = await selectedEf(desk, command);
    if (sw === SW.FILE_NOT_FOUND) continue;
    const words = facts === null ? refusal(sw) : factsInWords(facts);
    rows.push(`${indent}${hex4(fid)}${fileNote(application, fid)}  ${words}`.trimEnd());
  }
}

async function selectedEf(
  desk: Desk,
  command: { cla: number; ins: number; p1: number; p2: number; data: Uint8Array; ne: number },
): Promise<{ readonly sw: number; readonly facts: FileFacts | null }> {
  const { data, sw } = await desk.card.terminal().send(command);
  return { sw, facts: sw === SW.OK || sw >> 8 === 0x62 ? factsOf(data) : null };
}

function factsInWords({ structure, sfi, bytes }: FileFacts): string {
  return [
    ...(structure === 'unknown' ? [] : [structure]),
    ...(sfi === null || sfi === 0 ? [] : [`SFI ${sfi}`]),
    ...(bytes === null ? [] : [counted(bytes, 'byte')]),
  ].join(', ');
}

function refusal(sw: number): string {
  return `${formatStatusWord(sw)} ${statusWordMeaning(sw)}`;
}

function hex4(fid: number): string {
  return fid.toString(16).toUpperCase().padStart(4, '0');
}
