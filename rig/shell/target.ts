import type { CommandFields } from '../../src/apdu/command.ts';
import { fromHex } from '../../src/apdu/hex.ts';
import { INS } from '../../src/apdu/instruction.ts';
import { shown } from '../console/shown.ts';
import { applicationNamed, fileNamed } from './known-files.ts';
import { ScriptError } from './script.ts';

/** One SELECT on the way to a file, without P2. */
export interface Selection {
  readonly p1: number;
  readonly data: Uint8Array;
}

const MF = 0x3f00;
const BY_IDENTIFIER = 0x00;
const PARENT = 0x03;
const BY_NAME = 0x04;
const BY_PATH_FROM_MF = 0x08;
const BY_PATH_FROM_DF = 0x09;
/** Answer with the control parameters of the file, which have its rules. */
const WITH_FCP = 0x04;

/**
 * What `select` and `read` take: `mf`, `vitale`, `2F00`, `apcv/invoices`, `3F00/2F00`, an AID in hexadecimal, `..`.
 * @throws {ScriptError}
 */
export function parseTarget(text: string): readonly Selection[] {
  const parts = text
    .replace(/^\//, '3F00/')
    .split('/')
    .filter((part) => part !== '');
  if (parts.length === 0) throw new ScriptError('what to select is missing');
  const fids = parts.map(identifierOf);
  if (parts.length > 1 && fids.every((fid) => fid !== null)) return [byPath(fids as number[])];
  if (parts.length === 1 && /^3F00([0-9A-F]{4}){1,7}$/i.test(text)) {
    return [byPath((text.match(/.{4}/g) as string[]).map((each) => Number.parseInt(each, 16)))];
  }
  return parts.map((part, index) => one(part, fids[index] ?? null));
}

function one(part: string, fid: number | null): Selection {
  if (fid !== null) return { p1: BY_IDENTIFIER, data: twoBytes(fid) };
  if (part === '..') return { p1: PARENT, data: new Uint8Array(0) };
  const aid = applicationNamed(part);
  if (aid !== null) return { p1: BY_NAME, data: aid };
  if (/^([0-9A-F]{2}){5,16}$/i.test(part)) return { p1: BY_NAME, data: fromHex(part) };
  const typed = shown(part.slice(0, 40));
  throw new ScriptError(
    `"${typed}" is no file: a name (Tab lists them), an identifier as 2F00, a path as 3F00/2F00, or an AID of 5 to 16 bytes`,
  );
}

function byPath(fids: readonly number[]): Selection {
  const fromMf = fids[0] === MF;
  const way = fromMf ? fids.slice(1) : fids;
  if (way.length === 0) return { p1: BY_IDENTIFIER, data: twoBytes(MF) };
  return {
    p1: fromMf ? BY_PATH_FROM_MF : BY_PATH_FROM_DF,
    data: Uint8Array.from(way.flatMap((fid) => [...twoBytes(fid)])),
  };
}

function identifierOf(part: string): number | null {
  if (/^mf$/i.test(part)) return MF;
  if (/^[0-9A-F]{4}$/i.test(part)) return Number.parseInt(part, 16);
  return fileNamed(part);
}

function twoBytes(fid: number): Uint8Array {
  return Uint8Array.of(fid >> 8, fid & 0xff);
}

/** @param withFcp else the card chooses what it tells of the file */
export function selectCommand({ p1, data }: Selection, withFcp: boolean): CommandFields {
  return { cla: 0, ins: INS.SELECT, p1, p2: withFcp ? WITH_FCP : 0x00, data, ne: 256 };
}
