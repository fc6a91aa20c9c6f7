import { realTimers, type Timers } from '../../../src/hal/pn532/transport.ts';
import type { Framing, SerialLine, SerialLineOpener } from '../../../src/hal/serial-line.ts';
import { CannotRun } from '../../console/failure.ts';
import { counted } from '../../report/words.ts';
import type { BoardName } from '../board-name.ts';
import type { FlashImage } from '../flash-image.ts';
import { NOT_CHANGED, withWords } from '../left-as.ts';
import {
  type BootChoice,
  type BootLines,
  modemBootLines,
  NO_BOOT_LINES,
  operatorBootLines,
} from '../stm32/boot-lines.ts';
import { type ChipSeen, type FlashedChip, flashStm32 } from '../stm32/flash-stm32.ts';
import { type FlashedDrive, flashUf2 } from '../uf2/flash-uf2.ts';
import { type FirmwareImage, joinSegments } from './firmware-image.ts';

/** How firmware gets onto boards: the same for all of a batch. */
export interface ProgramOptions {
  readonly firmware: FirmwareImage;
  /** Where in flash a card's image goes; null: the firmware alone. */
  readonly cardAt: number | null;
  /** Identifier that the chip must have; null for any that is known. */
  readonly chip: number | null;
  readonly unprotect: boolean;
  readonly start: boolean;
  readonly baudRate: number;
  readonly framing: Framing;
  readonly boot: BootChoice;
}

/** What boards are reached by; a test has its own. */
export interface ProgramBench {
  readonly opener: SerialLineOpener;
  readonly timers: Timers;
  /** Says what to do, and waits until the operator did it; null: nobody is there. */
  readonly instruct: ((words: string) => Promise<void>) | null;
}

export interface ProgramJob {
  readonly board: BoardName;
  readonly options: ProgramOptions;
  readonly bench: ProgramBench;
  /** The card that this board alone gets; null: none. */
  readonly card: FlashImage | null;
  /** Keeps what is right already. */
  readonly resume: boolean;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  /** Told of the chip before anything is erased; may refuse it. */
  readonly seen?: (chip: ChipSeen) => void;
}

export interface Programmed {
  readonly chip: ChipSeen | null;
  readonly details: Omit<FlashedChip, 'chip'> | FlashedDrive;
  /** What was looked at afterwards. */
  readonly verified: string;
}

/** The boards of this station. */
export async function thisProgramBench(instruct: ProgramBench['instruct']): Promise<ProgramBench> {
  const { SystemSerialPorts } = await import('../../../src/hal/serial/serial-port.ts');
  return { opener: new SystemSerialPorts(), timers: realTimers, instruct };
}

/**
 * Puts firmware, and the card that goes with it, onto one board.
 * @throws {CannotRun}, {BoardFault}, {HalError} each says what the board has become
 */
export async function programBoard(job: ProgramJob): Promise<Programmed> {
  const { board, options, bench, card, signal, say } = job;
  const image = withCard(options, card);
  if (board.target === 'uf2') {
    const details = await flashUf2({ folder: board.path, image, timers: bench.timers, signal, say });
    const verified = `${counted(details.blocks, 'block')} taken by the bootloader, which has left; its drive gives nothing to read back`;
    return { chip: null, details, verified };
  }
  const line = await opened(bench, board.path, options.baudRate, options.framing);
  let other: SerialLine | null = null;
  try {
    const { boot } = options;
    if (boot.how === 'lines' && boot.port !== null) other = await opened(bench, boot.port, options.baudRate);
    const { chip, ...details } = await flashStm32({
      line,
      boot: bootLinesOf(boot, other ?? line, bench),
      timers: bench.timers,
      image,
      chip: options.chip,
      unprotect: options.unprotect,
      resume: job.resume,
      start: options.start,
      signal,
      say,
      ...(job.seen === undefined ? {} : { seen: job.seen }),
    });
    const verified = `read back: ${counted(sizeInBytes(image), 'byte')}, all as in the file`;
    return { chip, details, verified };
  } finally {
    await other?.close();
    await line.close();
  }
}

async function opened(
  { opener }: ProgramBench,
  path: string,
  baudRate: number,
  framing?: Framing,
): Promise<SerialLine> {
  try {
    return await opener.open(path, baudRate, framing);
  } catch (error) {
    throw withWords(error, NOT_CHANGED);
  }
}

function bootLinesOf(boot: BootChoice, line: SerialLine, { timers, instruct }: ProgramBench): BootLines {
  if (boot.how === 'none') return NO_BOOT_LINES;
  if (boot.how === 'lines') return modemBootLines(line, boot, timers);
  if (instruct === null) {
    throw new CannotRun(`--boot-lines operator asks on a terminal, and standard input is none; ${NOT_CHANGED}`);
  }
  return operatorBootLines(instruct);
}

/** @throws {CannotRun} the card lies where the firmware does */
function withCard({ firmware, cardAt }: ProgramOptions, card: FlashImage | null): FirmwareImage {
  if (card === null || cardAt === null) return firmware;
  const segments = [...firmware.segments, { address: cardAt, bytes: card.contents }];
  return { ...firmware, segments: joinSegments(segments, `${firmware.source} and its card`) };
}

function sizeInBytes({ segments }: FirmwareImage): number {
  return segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
