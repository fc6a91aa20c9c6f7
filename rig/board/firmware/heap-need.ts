import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FirmwareReader } from '../../../src/hal/firmware/index.ts';
import { SystemSerialPorts } from '../../../src/hal/serial/serial-port.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { CannotRun } from '../../console/failure.ts';
import { type BoardDescription, boardNames, readBoard } from './board-description.ts';
import { GARBAGE } from './board-files.ts';
import { buildFirmware, type FirmwareSizes, type LinkedFirmware } from './build.ts';
import { startEmulator } from './emulator.ts';
import { runTool } from './run-tool.ts';

/** Bytes of heap. */
export interface HeapNeed {
  /** Taken when the card is ready for its first command. */
  readonly start: number;
  /** The most while it works: what is no longer in use is looked for when so much has come together. */
  readonly work: number;
}

/** The emulated board: every engine of 32 bits takes as much of the heap for the same program. */
const EMULATED = 'mps2-an386';
const START_LIMIT_MS = 240_000;

/**
 * What a built card takes of the heap: it is started in qemu, in an image of its own where its board is none of qemu's.
 * @returns null: qemu is not installed, or its board has no room for such a card
 */
export async function measureHeap(
  { board, elf }: LinkedFirmware,
  card: { readonly image: Uint8Array; readonly channel: boolean },
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<HeapNeed | null> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-heap-'));
  try {
    await runTool('qemu-system-arm', ['--version'], { cwd: folder, signal, from: 'qemu-system-arm' });
    if (board.qemu !== undefined) return await started(board, elf, signal);
    const { image, channel } = card;
    const other = await buildFirmware({ board: EMULATED, image, folder, program: { channel } }, signal, tell);
    return await started(other.board, other.files.elf, signal);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    tell(`what the card takes of the heap was not measured: ${error.message}`);
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function started(board: BoardDescription, elf: string, signal: AbortSignal): Promise<HeapNeed> {
  const emulator = await startEmulator({ board, elf, pn532: null, time: 'counted' }, signal);
  const reader = new FirmwareReader({ path: emulator.port, lines: new SystemSerialPorts(), clock: systemClock });
  try {
    const { heapTaken } = await (await reader.board({ timeoutMs: START_LIMIT_MS, signal })).figures();
    return { start: heapTaken, work: heapTaken + GARBAGE };
  } finally {
    await reader.close();
    await emulator.stop();
  }
}

/**
 * Holds what a card takes against what its board has.
 * @param need null: nobody knows
 * @returns a warning, or null: it fits
 * @throws {CannotRun} it would not start: figures, and what helps
 */
export function judgeHeap(
  { board, sizes }: Pick<LinkedFirmware, 'board'> & { readonly sizes: Pick<FirmwareSizes, 'ram' | 'heap'> },
  need: HeapNeed | null,
  channel: boolean,
): string | null {
  if (need === null || need.work <= sizes.heap) return null;
  const others = boardNames()
    .filter((name) => name !== board.name)
    .map(readBoard)
    .filter((other) => other.qemu === undefined && roomOf(other, sizes.ram) >= need.work)
    .map((other) => `${other.name} (${kilobytes(roomOf(other, sizes.ram))})`);
  const cures = [
    ...(others.length > 0 ? [`build it for ${others.join(' or ')}`] : []),
    ...(channel ? ['leave the secure channel out with --no-channel'] : []),
  ];
  const cure = cures.length > 0 ? cures.join(', or ') : 'no board here has so much';
  const room = `${board.name} has ${kilobytes(sizes.heap)} for the heap`;
  if (need.start > sizes.heap) {
    throw new CannotRun(
      `does not fit on ${board.name}: the card takes ${kilobytes(need.start)} of heap to start, and ${room}, ${kilobytes(need.start - sizes.heap)} too little; ${cure}`,
    );
  }
  return `the card starts, and may run out of RAM in the middle of a command, which is answered by 6F00 and a new start: it takes up to ${kilobytes(need.work)}, and ${room}; ${cure}`;
}

/** What another board has for the heap; its variables and stack are as large. */
function roomOf({ heap, ram }: BoardDescription, taken: number): number {
  return heap?.size ?? ram.size - taken;
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 100) / 10} kB`;
}
