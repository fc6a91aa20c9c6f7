import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { ImageError, openImage } from '../../../src/applet/image/card-image.ts';
import { needsAllCrypto } from '../../../src/applet/image/code-table.ts';
import { openMemory } from '../../../src/applet/nvm/open-memory.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import type { CardSource } from '../../card/card-source.ts';
import { freshImage } from '../../card/open.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { type BuiltFirmware, buildFirmware } from './build.ts';

export interface BuildCommandOptions {
  readonly board: string;
  readonly card: CardSource;
  /** Folder for ELF, BIN, HEX, and UF2 where the board takes it. */
  readonly out: string;
  /** False: hashes alone, which is smaller; such a card opens no secure channel. */
  readonly channel: boolean;
}

/** `vitap firmware build`: the card and its image as firmware for a board. */
export async function buildCommand(options: BuildCommandOptions, io: CommandIo): Promise<ExitCode> {
  const image = await imageOf(options.card);
  const entry = options.channel && needsAllCrypto(new MemoryNvm(image)) ? 'main-with-channel.ts' : 'main.ts';
  const tell = (line: string): void => io.stderr(`${line}\n`);
  const built = await buildFirmware({ ...options, image, folder: options.out, entry }, io.signal, tell);
  if (io.json) writeJson(io, asDocument(built));
  else io.stdout(asText(built));
  return EXIT.pass;
}

/** An image file is checked as a card is when it boots: firmware with a damaged one would restart for ever. */
async function imageOf(card: CardSource): Promise<Uint8Array> {
  if (card.kind === 'profile') return freshImage(card);
  const bytes = readFileSync(card.fileOrName);
  try {
    openImage(openMemory(new MemoryNvm(bytes)));
  } catch (error) {
    if (error instanceof ImageError) throw new CannotRun(`${card.fileOrName}: ${error.message}`, { cause: error });
    throw error;
  }
  return bytes;
}

function asDocument({ board, engine, files, sizes, life, sha256 }: BuiltFirmware): object {
  return { format: 'vitap firmware', version: 1, board: board.name, engine, files, sizes, life, sha256 };
}

function asText({ board, engine, files, sizes, life, sha256 }: BuiltFirmware): string {
  const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1).padStart(8)} kB`;
  const others = [files.bin, files.hex, files.uf2].flatMap((file) => (file === null ? [] : [extname(file)]));
  const heapOf = board.heap?.size ?? board.ram.size;
  return [
    `${shown(files.elf)} (and ${others.join(', ')}): ${board.description}; ${engine}`,
    `  code     ${kilobytes(sizes.code)}, of which the card's program ${kilobytes(sizes.bytecode).trim()}`,
    `  card     ${kilobytes(sizes.nvm)} of flash for its memory`,
    `  flash    ${kilobytes(sizes.flashLeft)} left of ${kilobytes(board.flash.size).trim()}`,
    `  RAM      ${kilobytes(sizes.ram)} before the heap`,
    `  heap     ${kilobytes(sizes.heap)} left of ${kilobytes(heapOf).trim()}`,
    `  life     ${life.toLocaleString('en')} right codes, at ${board.nvm.endurance} erasures of a page (computed)`,
    `  SHA-256  ${sha256} (BIN)`,
    '',
  ].join('\n');
}
