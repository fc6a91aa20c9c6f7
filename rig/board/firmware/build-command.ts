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
import { type BuiltFirmware, buildFirmware, type LinkedFirmware } from './build.ts';
import { type HeapNeed, judgeHeap, measureHeap } from './heap-need.ts';

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
  const channel = options.channel && needsAllCrypto(new MemoryNvm(image));
  const tell = (line: string): void => io.stderr(`${line}\n`);
  let need: HeapNeed | null = null;
  const judge = async (linked: LinkedFirmware): Promise<void> => {
    need = await measureHeap(linked, { image, channel }, io.signal, tell);
    const warning = judgeHeap(linked, need, channel);
    if (warning !== null) tell(warning);
  };
  const { board, out: folder } = options;
  const built = await buildFirmware({ board, image, folder, program: { channel }, judge }, io.signal, tell);
  if (io.json) writeJson(io, asDocument(built, need));
  else io.stdout(asText(built, need));
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

function asDocument({ board, engine, files, sizes, life, sha256 }: BuiltFirmware, heapNeed: HeapNeed | null): object {
  return { format: 'vitap firmware', version: 1, board: board.name, engine, files, sizes, heapNeed, life, sha256 };
}

function asText({ board, engine, files, sizes, life, sha256 }: BuiltFirmware, need: HeapNeed | null): string {
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
    need === null
      ? '  takes    what it takes of the heap was not measured'
      : `  takes    ${kilobytes(need.start)} of heap to start, up to ${kilobytes(need.work).trim()} at work (measured in qemu)`,
    `  life     ${life.toLocaleString('en')} right codes, at ${board.nvm.endurance} erasures of a page (computed)`,
    `  SHA-256  ${sha256} (BIN)`,
    '',
  ].join('\n');
}
