import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { toHex } from '../../src/apdu/hex.ts';
import { removeQuietly, syncFolder, temporaryCopyOf, writeAll } from '../../src/hal/nvm/replace-file.ts';
import { storageError } from '../../src/hal/nvm/storage-error.ts';
import { specificationOf } from '../card/open.ts';
import { CannotRun } from '../console/failure.ts';
import { readInputText } from '../console/input-file.ts';
import { refuseSharedKey } from '../console/private-key-file.ts';
import type { BatchJob } from './batch-job.ts';
import { type CardKey, type KeyPlace, symmetricKeysOf } from './card-identity.ts';
import { splitRows } from './csv-rows.ts';

/** Where the keys of a batch's cards come from. */
export interface CardKeysChoice {
  readonly file: string;
  /** The file is made, with new keys; a batch that is resumed reads it. */
  readonly make: boolean;
}

/** Keys of cards by the serial number of their board. */
export type CardKeys = ReadonlyMap<string, readonly CardKey[]>;

const COLUMNS = ['serial', 'directory', 'key', 'value'] as const;
const HEADING = COLUMNS.join(',');

/**
 * The AES keys that each new card of a batch gets instead of those of its profile.
 * @param resumed whether the batch was begun before
 * @returns the text of their file besides: what must be the same when the batch is resumed
 * @throws {CannotRun} one sentence with the line, never with a value; {HalError} `storage`
 */
export async function cardKeysOf(
  jobs: readonly BatchJob[],
  { file, make }: CardKeysChoice,
  resumed: boolean,
): Promise<{ readonly keys: CardKeys; readonly text: string }> {
  const places = await keyPlacesOf(jobs);
  if (make && !resumed) makeKeyFile(file, places);
  if (make && !existsSync(file)) {
    throw new CannotRun(`${file} is not there: the keys that this batch was begun with are lost; begin it anew`);
  }
  refuseSharedKey(file);
  const text = readInputText(file, 'keys of cards');
  return { keys: readKeys(text, file, places), text };
}

type Places = ReadonlyMap<string, readonly (KeyPlace & { readonly bytes: number })[]>;

/** The keys of each board's new card; a card of an image has its keys. @throws {CannotRun} no card has any */
async function keyPlacesOf(jobs: readonly BatchJob[]): Promise<Places> {
  const ofProfile = new Map<string, ReturnType<typeof symmetricKeysOf>>();
  const places = new Map<string, ReturnType<typeof symmetricKeysOf>>();
  for (const { row, card } of jobs) {
    if (card === null || 'contents' in card) continue;
    const known = ofProfile.get(card.profile) ?? symmetricKeysOf((await specificationOf(card.profile)).specification);
    ofProfile.set(card.profile, known);
    places.set(row.serialNumber, known);
  }
  if (![...places.values()].some((each) => each.length > 0)) {
    throw new CannotRun('no card of this batch has an AES key: neither --card-keys nor --new-card-keys has a use');
  }
  return places;
}

/** The file appears whole, for its owner alone, and never in the place of another: keys that are lost are lost. */
function makeKeyFile(file: string, places: Places): void {
  const rows = [...places].flatMap(([serialNumber, keys]) =>
    keys.map(({ directory, reference, bytes }) =>
      [quoted(serialNumber), directory, hexByte(reference), randomBytes(bytes).toString('hex')].join(','),
    ),
  );
  const temporary = temporaryCopyOf(file);
  removeQuietly(temporary);
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeAll(descriptor, Buffer.from(`${HEADING}\n${rows.join('\n')}\n`));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    linkSync(temporary, file);
    syncFolder(dirname(file), file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CannotRun(`${file} is there already, and may hold keys of cards: --card-keys takes them`, { cause });
    }
    throw storageError('cannot make', file, cause);
  } finally {
    removeQuietly(temporary);
  }
}

function readKeys(text: string, file: string, places: Places): CardKeys {
  const [heading, ...rows] = splitRows(text.replace(/^\uFEFF/, ''), file);
  if (heading?.cells.map((cell) => cell.trim().toLowerCase()).join(',') !== HEADING) {
    throw new CannotRun(`${file} holds no keys of cards: its first line is ${HEADING}`);
  }
  const keys = new Map<string, CardKey[]>();
  const lineOf = new Map<string, number>();
  for (const { line, cells } of rows) {
    const where = `${file}, line ${line}`;
    if (cells.length !== COLUMNS.length) throw new CannotRun(`${where}: ${cells.length} fields where there are 4`);
    const [serialNumber = '', directory = '', reference = '', value = ''] = cells.map((cell) => cell.trim());
    const known = places.get(serialNumber);
    if (known === undefined) {
      throw new CannotRun(`${where}: no board with the serial number ${serialNumber} gets a new card in this batch`);
    }
    const place = known.find(
      (each) => each.directory === directory.toUpperCase() && hexByte(each.reference) === reference.toUpperCase(),
    );
    if (place === undefined) {
      throw new CannotRun(`${where}: the card of ${serialNumber} has no AES key ${reference} in ${directory}`);
    }
    if (!/^[0-9A-Fa-f]*$/.test(value) || value.length !== 2 * place.bytes) {
      throw new CannotRun(`${where}: the key has ${place.bytes} bytes, ${2 * place.bytes} hexadecimal digits`);
    }
    refuseTwice(`${serialNumber} ${nameOf(place)}`, `key ${nameOf(place)} of ${serialNumber}`, line, file, lineOf);
    refuseTwice(`value ${value.toUpperCase()}`, 'this key', line, file, lineOf);
    const own = keys.get(serialNumber) ?? [];
    own.push({ ...place, value: Uint8Array.from(Buffer.from(value, 'hex')) });
    keys.set(serialNumber, own);
  }
  for (const [serialNumber, known] of places) {
    const missing = known.find((place) => !lineOf.has(`${serialNumber} ${nameOf(place)}`));
    if (missing !== undefined) throw new CannotRun(`${file} has no key ${nameOf(missing)} for ${serialNumber}`);
  }
  return keys;
}

function refuseTwice(key: string, words: string, line: number, file: string, lineOf: Map<string, number>): void {
  const before = lineOf.get(key);
  if (before !== undefined) throw new CannotRun(`${file}, line ${line}: ${words} stands in line ${before} too`);
  lineOf.set(key, line);
}

function nameOf({ directory, reference }: KeyPlace): string {
  return `${hexByte(reference)} in ${directory}`;
}

function hexByte(value: number): string {
  return toHex(Uint8Array.of(value));
}

/** As RFC 4180 has it. */
function quoted(text: string): string {
  return /[",;\t#]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
