import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import { CannotRun, UsageError } from '../console/failure.ts';
import { readInputFile } from '../console/input-file.ts';
import { type CommandIo, EXIT, type ExitCode } from '../console/io.ts';
import { makeFolder } from '../console/make-folder.ts';
import { boardNames } from './board-sim.ts';
import { readFaultFile } from './faults/file.ts';
import type { BoardFault } from './faults/parse.ts';
import { BOOTLOADER_FAULTS } from './faults/plan.ts';
import { PtyError, PtyPort } from './serial/pty-port.ts';
import { Stm32Board, type Stm32BoardEvent } from './stm32/board.ts';
import { SIMULATED_CHIPS, type SimulatedChip } from './stm32/chips.ts';
import { RealTimeline } from './timeline.ts';

export interface BootloaderSimOptions {
  readonly kind: 'stm32' | 'uf2';
  readonly boards: number;
  /** Paths of the links by board name; others are made in `folder`. */
  readonly links: Readonly<Record<string, string>>;
  /** Folder for links; null for a new one that is removed at the end. */
  readonly folder: string | null;
  /** Identifier of the chip; null for the usual one. */
  readonly chip: number | null;
  /** `readout`, or pages as `0-3`. */
  readonly protect: readonly string[];
  /** Folder of what is in the flashes; null: it is lost at the end. */
  readonly keep: string | null;
  readonly faults: readonly BoardFault[];
  readonly faultFile: string | null;
}

const USUAL_CHIP = 0x413;
const UID_BYTES = 12;
/** After power off a flash lies in its file. */
const LARGEST_FLASH = 16 * 1024 * 1024;

/** Boards in their bootloader, until Ctrl-C. */
export async function runBootloaderSim(options: BootloaderSimOptions, io: CommandIo): Promise<ExitCode> {
  const names = boardNames(options.boards);
  const faults = [...options.faults, ...(options.faultFile === null ? [] : readFaultFile(options.faultFile, names))];
  for (const { board, fault } of faults) {
    if (!names.includes(board)) throw new UsageError(`there is no board \`${board}\`; there are ${names.join(', ')}`);
    if (!BOOTLOADER_FAULTS.includes(fault.name)) {
      throw new UsageError(`\`${fault.name}\` is a fault of a PN532; a bootloader has ${BOOTLOADER_FAULTS.join(', ')}`);
    }
  }
  const chip = chipNamed(options.chip ?? USUAL_CHIP);
  const protection = protectionOf(options.protect, chip);
  const ownFolder = options.folder === null && names.some((name) => options.links[name] === undefined);
  const folder = ownFolder ? mkdtempSync(join(tmpdir(), 'vitap-boards-')) : options.folder;
  if (folder !== null) makeFolder(folder);
  if (options.keep !== null) makeFolder(options.keep);
  const timeline = new RealTimeline();
  const ports: PtyPort[] = [];
  const boards: Stm32Board[] = [];
  const say = (document: Record<string, unknown>, text: string): void => {
    io.stdout(`${io.json ? JSON.stringify({ atNs: timeline.nowNs(), ...document }) : text}\n`);
  };
  let failed: (error: PtyError) => void = () => {};
  const fault = new Promise<PtyError>((resolve) => {
    failed = resolve;
  });
  try {
    for (const name of names) {
      const own = faults.filter(({ board }) => board === name).map((each) => each.fault);
      const board = new Stm32Board(name, timeline, {
        chip,
        // The same board has the same number in every run.
        uid: createHash('sha256').update(`vitap ${name}`).digest().subarray(0, UID_BYTES),
        // A pseudo-terminal has no parity.
        evenParity: false,
        faults: own,
        ...protection,
      });
      restore(board, options.keep);
      board.onEvent = (event) => tell(name, event, say);
      boards.push(board);
      const path = options.links[name] ?? join(folder!, `board-${name}`);
      const port = await PtyPort.open(path, board, failed);
      ports.push(port);
      say(
        { event: 'port', board: name, path, device: port.device },
        `board ${name}: ${path} (${port.device}), simulated ${chip.name} (0x${chip.id.toString(16).toUpperCase()}) in its bootloader`,
      );
    }
    say(
      { event: 'ready', boards: names.length, pair: false, simulated: true },
      'ready; BOOT0 is high, the line is 8N1; Ctrl-C ends',
    );
    const ended = await Promise.race([aborted(io.signal), fault]);
    if (ended instanceof PtyError) await new Promise((resolve) => setTimeout(resolve, 20));
    if (ended instanceof PtyError && !io.signal.aborted) throw ended;
    return EXIT.pass;
  } catch (error) {
    if (error instanceof PtyError) throw new CannotRun(error.message, { cause: error });
    throw error;
  } finally {
    timeline.stop();
    await Promise.all(ports.map((port) => port.close()));
    for (const board of boards) keep(board, options.keep);
    if (ownFolder && folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

function chipNamed(id: number): SimulatedChip {
  const chip = SIMULATED_CHIPS.find((each) => each.id === id);
  if (chip !== undefined) return chip;
  const known = SIMULATED_CHIPS.map((each) => `0x${each.id.toString(16).toUpperCase()} (${each.name})`).join(', ');
  throw new UsageError(`no chip 0x${id.toString(16).toUpperCase()} is simulated; there are ${known}`);
}

function protectionOf(
  texts: readonly string[],
  { pages }: SimulatedChip,
): { readonly readoutProtected: boolean; readonly writeProtected: readonly number[] } {
  const writeProtected: number[] = [];
  for (const text of texts) {
    if (text === 'readout') continue;
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(text);
    const [from, to] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
    if (match === null || to < from || to >= pages.length) {
      throw new UsageError(`“${text}” is nothing to protect: readout, or pages of 0 to ${pages.length - 1} as 0-3`);
    }
    for (let page = from; page <= to; page++) writeProtected.push(page);
  }
  return { readoutProtected: texts.includes('readout'), writeProtected };
}

function fileOf(board: Stm32Board, folder: string): string {
  return join(folder, `board-${board.name}.bin`);
}

function restore(board: Stm32Board, folder: string | null): void {
  if (folder === null || !existsSync(fileOf(board, folder))) return;
  const bytes = readInputFile(fileOf(board, folder), 'the contents of a flash', LARGEST_FLASH);
  const { flash } = board.chip;
  if (bytes.length !== flash.bytes.length) {
    throw new CannotRun(
      `${fileOf(board, folder)} has ${bytes.length} bytes, and the flash of this chip ${flash.bytes.length}`,
    );
  }
  flash.bytes.set(bytes);
}

function keep(board: Stm32Board, folder: string | null): void {
  if (folder !== null) replaceFile(fileOf(board, folder), [board.chip.flash.bytes]);
}

function tell(
  board: string,
  event: Stm32BoardEvent,
  say: (document: Record<string, unknown>, text: string) => void,
): void {
  switch (event.type) {
    case 'power':
      say({ event: 'power', board, power: event.power }, `${board}  power ${event.power}`);
      return;
    case 'baud-rate':
      say({ event: 'baud-rate', board, baudRate: event.baudRate }, `${board}  in sync at ${event.baudRate} baud`);
      return;
    case 'command':
      // A flashing has thousands of reads and writes: they are counted by nobody here.
      if (event.code === 0x11 || event.code === 0x31) return;
      say({ event: 'command', board, code: event.code, name: event.name, length: 0 }, `${board}  > ${event.name}`);
      return;
    case 'refused':
      say({ event: 'refused', board, code: event.code }, `${board}  < NACK`);
      return;
    case 'started':
      say({ event: 'started', board, address: event.address }, `${board}  its program starts`);
      return;
    case 'fault': {
      const { name, value } = event.fault;
      const text = `${board}  fault ${name}, occasion ${event.occasion}`;
      say({ event: 'fault', board, fault: name, value, occasion: event.occasion }, text);
      return;
    }
    default:
      say({ event: event.type, board }, `${board}  ${event.type}`);
  }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
