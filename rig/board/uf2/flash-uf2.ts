import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pause, type Timers } from '../../../src/hal/pn532/transport.ts';
import { CannotRun } from '../../console/failure.ts';
import { counted } from '../../report/words.ts';
import { type FirmwareImage, hexAddress } from '../firmware/firmware-image.ts';
import { chipMark, findMark, markInWords } from '../firmware/mark.ts';
import { UF2_BLOCK, writeUf2 } from '../firmware/uf2.ts';
import { NOT_CHANGED, withWords } from '../left-as.ts';
import { BoardFault, RigFault } from '../phase.ts';
import { isDrive, readUf2Info, type Uf2Board, type Uf2Info, uf2BoardOf } from './drive.ts';

export interface FlashUf2Job {
  /** Where the drive is mounted. */
  readonly folder: string;
  readonly image: FirmwareImage;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

export interface FlashedDrive {
  readonly boardId: string;
  readonly model: string;
  readonly family: string;
  readonly blocks: number;
}

const NAME = 'VITAP.UF2';
/** Blocks between two looks at whether the person wants to stop. */
const AT_ONCE = 64;
/** A board leaves within a second; the system may take longer to notice. */
const LEAVES_MS = 10_000;
const LOOK_MS = 50;

const TORN = 'the board is in its bootloader with a part of the new program; flash it again';
const BEGUN = 'the board has its old program still, or is in its bootloader with a part of the new one; flash it again';
const LAST_BLOCK =
  'the board has the new program whole, or is in its bootloader with all of it but its start; flash it again if it does not start';

/**
 * Copies a program onto the drive of a UF2 bootloader, and waits until the board has left to start it: it does when it
 * has all blocks. What it wrote cannot be read back.
 * @throws {CannotRun} no such drive, or the image is not for the board; {BoardFault} it does not leave; {RigFault} the drive went away
 */
export async function flashUf2(job: FlashUf2Job): Promise<FlashedDrive> {
  const { folder, image, signal, say } = job;
  const { info, board } = lookAt(folder);
  refuseMisfit(image, board);
  const family = image.families[0] ?? board.families[0]!;
  const file = startLast(writeUf2(image.segments, family));
  if (signal.aborted) throw new CannotRun(`interrupted; ${NOT_CHANGED}`);
  say(`copying ${counted(file.length / UF2_BLOCK, 'block')}`);
  await copy(job, file);
  say('waiting for the board to leave its bootloader');
  for (let waitedMs = 0; isDrive(folder); waitedMs += LOOK_MS) {
    if (signal.aborted)
      throw new CannotRun('interrupted; the new program was copied, and the board has not started it yet');
    if (waitedMs >= LEAVES_MS) {
      throw new BoardFault(
        `the bootloader took the file and is still there after ${LEAVES_MS / 1000} s: it did not accept all blocks; ${TORN}`,
      );
    }
    await pause(job.timers, LOOK_MS);
  }
  return { ...info, family: hexAddress(family), blocks: file.length / UF2_BLOCK };
}

/** @throws {CannotRun} no drive, or not one that is known */
function lookAt(folder: string): { readonly info: Uf2Info; readonly board: Uf2Board } {
  try {
    const info = readUf2Info(folder);
    return { info, board: uf2BoardOf(info) };
  } catch (error) {
    throw withWords(error, NOT_CHANGED);
  }
}

/**
 * The first block behind the others. These bootloaders take blocks in any order, and a program starts by its first: a
 * board that has not all of it does not start a part.
 */
function startLast(file: Uint8Array): Uint8Array {
  const turned = new Uint8Array(file.length);
  turned.set(file.subarray(UF2_BLOCK));
  turned.set(file.subarray(0, UF2_BLOCK), file.length - UF2_BLOCK);
  return turned;
}

function refuseMisfit(
  { source, segments, families }: FirmwareImage,
  { flash, name, boardId, families: own }: Uf2Board,
): void {
  const mark = findMark(segments);
  if (mark !== null && mark.chip !== chipMark({ uf2: boardId })) {
    throw new CannotRun(`${source} is for another board: ${markInWords(mark)}, and this is a ${name}; ${NOT_CHANGED}`);
  }
  const foreign = families.find((family) => !own.includes(family));
  if (foreign !== undefined) {
    throw new CannotRun(
      `${source} is for another board: its UF2 family is ${hexAddress(foreign)}, and this is a ${name}; ${NOT_CHANGED}`,
    );
  }
  if (families.length > 1) {
    throw new CannotRun(`${source} has blocks of ${families.length} families: give a file of one; ${NOT_CHANGED}`);
  }
  const end = flash.address + flash.size;
  for (const { address, bytes } of segments) {
    const last = address + bytes.length;
    if (address >= flash.address && address < end && last > end) {
      throw new CannotRun(
        `${source} is too large: it ends at ${hexAddress(last)}, and the flash of a ${name} ends at ${hexAddress(end)}; ${NOT_CHANGED}`,
      );
    }
    if (address < flash.address || last > end) {
      throw new CannotRun(
        `${source} is for another board: it has bytes at ${hexAddress(address)}, and the flash of a ${name} begins at ${hexAddress(flash.address)}; ${NOT_CHANGED}`,
      );
    }
  }
}

async function copy({ folder, signal }: FlashUf2Job, file: Uint8Array): Promise<void> {
  let written = 0;
  let state = NOT_CHANGED;
  let descriptor: number | null = null;
  try {
    descriptor = openSync(join(folder, NAME), 'w');
    while (written < file.length) {
      if (signal.aborted) throw new CannotRun(`interrupted; ${state}`);
      // A file of a drive that has gone takes what is written to it, and nobody reads it.
      if (!isDrive(folder)) throw new Error('the drive has gone');
      // The last block goes alone: whoever fails before it has no program that starts.
      const others = file.length - UF2_BLOCK - written;
      const length = others > 0 ? Math.min(AT_ONCE * UF2_BLOCK, others) : UF2_BLOCK;
      if (others <= 0) state = LAST_BLOCK;
      else if (written === 0) state = BEGUN;
      written += writeSync(descriptor, file, written, length);
      fsyncSync(descriptor);
      if (others > 0) state = TORN;
      // What is heard meanwhile, as Ctrl-C, is heard in a turn of its own.
      await new Promise((resolve) => setImmediate(resolve));
    }
  } catch (error) {
    if (error instanceof CannotRun) throw error;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const why = isDrive(folder) ? `could not be written (${code})` : 'went away';
    throw new RigFault(`the drive ${folder} ${why} after ${written} of ${file.length} bytes; ${state}`, {
      cause: error,
    });
  } finally {
    closeQuietly(descriptor);
  }
}

function closeQuietly(descriptor: number | null): void {
  try {
    if (descriptor !== null) closeSync(descriptor);
  } catch {
    // The drive has gone, and the descriptor with it.
  }
}
