import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../../src/hal/nvm/storage-error.ts';
import { MOST_BLOB_BYTES } from '../api/blob.ts';
import { MOST_BLOBS } from '../api/result.ts';
import type { LocalFile, RunPlace } from './judged.ts';

/** What a run leaves in its folder for the lab: reports, pages, and its traces, masked as the verbs mask them. */

const LONGEST_NAME = 100;
const TRACE = /\.jsonl$/;

export function file(role: LocalFile['role'], name: string, mediaType: string, path: string): LocalFile {
  return { role, name, mediaType, path };
}

/** A document of a run as a file of its folder. */
export function written(place: Folders, name: string, document: unknown): LocalFile {
  const path = join(place.folder, name);
  writeFileSync(path, `${asNamed(JSON.stringify(document), place)}\n`);
  return file('report', name, 'application/json', path);
}

type Folders = Pick<RunPlace, 'folder' | 'inputs'>;

/** What a verb said, with the files of the campaign as the campaign names them, and those of the run as the lab does. */
export function asNamed(text: string, { folder, inputs }: Folders): string {
  return text
    .replaceAll(`${inputs}/`, '')
    .replaceAll(`${join(folder, TRACES)}/`, '')
    .replaceAll(`${folder}/`, '');
}

/** Folder of traces in that of a run. */
const TRACES = 'traces';

export function tracesFolder({ folder }: Pick<RunPlace, 'folder'>): string {
  return join(folder, TRACES);
}

/** Finished traces in a folder of the run, by their names; none where nothing was written. */
export function tracesIn(folder: string): LocalFile[] {
  return namesIn(folder)
    .filter((name) => TRACE.test(name))
    .sort()
    .map((name) => file('trace', blobName(name), 'application/jsonl', join(folder, name)));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A name that the lab takes: its first character is a letter, a digit or `_`. */
function blobName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_.-]/g, '_').replace(/^[.-]/, '_');
  return plain.length <= LONGEST_NAME ? plain : `_${plain.slice(1 - LONGEST_NAME)}`;
}

/** Of one run: a bench keeps it until the server has it. */
const MOST_RUN_BYTES = 4 * MOST_BLOB_BYTES;

/**
 * Those that the lab takes, the first ones first. A file that is too large, or one too many, costs nobody the result: a
 * log says which were left out.
 */
export function takenFiles(
  files: readonly LocalFile[],
  folder: string,
  limits: FileLimits = LIMITS,
): readonly LocalFile[] {
  const taken: LocalFile[] = [];
  const leftOut: string[] = [];
  let sum = 0;
  for (const each of files) {
    const { size } = statSync(each.path);
    const why =
      size > limits.bytes
        ? `it has ${size} bytes, and a file of a result has ${limits.bytes} at most`
        : sum + size > limits.allBytes
          ? `with it the files of this run would have more than ${limits.allBytes} bytes`
          : taken.length >= limits.files - 1 && files.length > limits.files
            ? `a result has ${limits.files} files at most`
            : null;
    if (why !== null) {
      leftOut.push(`${each.name}: ${why}`);
      continue;
    }
    taken.push(each);
    sum += size;
  }
  if (leftOut.length === 0) return taken;
  const path = join(folder, 'left-out.txt');
  writeFileSync(path, `${leftOut.join('\n')}\n`);
  return [...taken.slice(0, limits.files - 1), file('log', 'left-out.txt', 'text/plain', path)];
}

export interface FileLimits {
  readonly files: number;
  readonly bytes: number;
  readonly allBytes: number;
}

const LIMITS: FileLimits = { files: MOST_BLOBS, bytes: MOST_BLOB_BYTES, allBytes: MOST_RUN_BYTES };
