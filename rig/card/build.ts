import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { toHex } from '../../src/apdu/hex.ts';
import { openImage } from '../../src/applet/image/card-image.ts';
import { FileNvm } from '../../src/hal/nvm/file.ts';
import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { buildImage } from './open.ts';
import type { CardBuildOptions } from './options.ts';
import { setPinState } from './pin-state.ts';
import { listProfiles } from './profile/index.ts';

/** `vitap card build`: an image file for each profile, written whole or not at all. */
export async function buildCard(options: CardBuildOptions, io: CommandIo): Promise<ExitCode> {
  const profiles = options.profiles.length > 0 ? options.profiles : await listProfiles();
  const jobs = profiles.map((profile) => ({
    profile,
    image: options.out ?? `${basename(profile).replace(/\.ya?ml$/, '')}.img`,
  }));
  // Before anything is written: all of them or none.
  for (const { image } of jobs) refuseToReplace(image, options.force);
  const built: { profile: string; image: string; bytes: number }[] = [];
  for (const { profile, image } of jobs) {
    const bytes = await buildImage(profile, options.seed);
    if (options.state !== null) setPinState(bytes, options.state, profile);
    FileNvm.create(image, bytes).close();
    built.push({ profile, image, bytes: bytes.length });
    if (!io.json) io.stdout(`${shown(`${image}: profile ${profile}, ${bytes.length} bytes`)}\n`);
  }
  if (io.json) writeJson(io, { cards: built });
  return EXIT.pass;
}

/** A card is built over a card only when that is said; anything else of that name is not ours to throw away. */
function refuseToReplace(path: string, force: boolean): void {
  if (!existsSync(path)) return;
  // A pipe would be waited for.
  if (!statSync(path).isFile()) throw new CannotRun(`${path} is no plain file, and a card is kept in one`);
  const start = Buffer.alloc(8);
  const file = openSync(path, 'r');
  try {
    readSync(file, start, 0, start.length, 0);
  } finally {
    closeSync(file);
  }
  if (start.toString('latin1', 0, 5) !== 'VITAP') {
    throw new CannotRun(`${path} is there already and is no card image; remove it, or name another file with --out`);
  }
  if (force) return;
  throw new CannotRun(
    `${path} is there already: ${cardInWords(path)}, with all that was written into it, would be lost; nothing was written. --force replaces it, --out names another file`,
  );
}

function cardInWords(path: string): string {
  try {
    const { profile, serial } = openImage(FileNvm.load(path));
    return `a card of profile ${profile}, serial number ${toHex(serial)}`;
  } catch {
    return 'a card image that this program cannot read';
  }
}
