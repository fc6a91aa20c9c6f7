import { createHash } from 'node:crypto';
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { CannotRun } from '../../console/failure.ts';
import { readInputFile } from '../../console/input-file.ts';
import type { InputFile } from '../api/campaign.ts';
import { INPUT_PATH } from '../campaign/work.ts';

/** A file that is uploaded for the runs that read it. */
export interface FoundInput extends InputFile {
  /** Where it lies here. */
  readonly path: string;
}

/** Of one file: an image, a trace. */
const LARGEST_INPUT = 67_108_864;
/** Of one run, as the server takes them. */
const MOST_FILES = 2000;
const DEEPEST = 16;

/**
 * The files that a campaign's inputs are, each folder with all that lies in it.
 * @param folder of the campaign file
 * @returns by the input as the campaign names it
 * @throws {CannotRun} a name that no bench can take, too many files, or one that is too long
 */
export function findInputs(inputs: readonly string[], folder: string): ReadonlyMap<string, readonly FoundInput[]> {
  return new Map(
    inputs.map((input) => {
      const names = statSync(join(folder, input)).isDirectory() ? filesBelow(folder, input, 0) : [input];
      if (names.length > MOST_FILES)
        throw new CannotRun(`${input}: more than ${MOST_FILES} files are no input of a run`);
      return [input, names.map((name) => hashed(folder, name))] as const;
    }),
  );
}

function filesBelow(folder: string, name: string, depth: number): string[] {
  if (depth > DEEPEST) throw new CannotRun(`${name}: more than ${DEEPEST} folders in one another`);
  return readdirSync(join(folder, name), { withFileTypes: true }).flatMap((entry): string[] => {
    const below = `${name}/${entry.name}`;
    // What an editor or a version control leaves there is no input.
    if (entry.name.startsWith('.')) return [];
    if (entry.isDirectory()) return filesBelow(folder, below, depth + 1);
    if (!entry.isFile())
      throw new CannotRun(`${below}: a plain file is needed here; links and others are not uploaded`);
    if (INPUT_PATH.safeParse(below).success) return [below];
    throw new CannotRun(`${below}: a file for a bench is named with letters, digits, spaces and . _ -`);
  });
}

function hashed(folder: string, name: string): FoundInput {
  const path = join(folder, name);
  // A link in a campaign of somebody else would upload what is nobody's business.
  const way = relative(realpathSync(folder), realpathSync(path));
  if (way.startsWith('..') || isAbsolute(way))
    throw new CannotRun(`${name}: this link leads out of the folder of the campaign`);
  const sha256 = createHash('sha256')
    .update(readInputFile(path, 'an input', LARGEST_INPUT))
    .digest('hex');
  return { name, sha256, path };
}
