import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { type Spread, spreadOf } from '../../figures/spread.ts';
import { machine } from '../../measure/figures.ts';
import type { ProgramOptions } from '../firmware/program-board.ts';
import { chipIdInWords, chipOf } from '../stm32/chips.ts';
import { reportOf } from './report.ts';
import { CHIP, flashAtOnce, lineTime, type TimeKind } from './simulated-station.ts';
import { uf2Ms } from './uf2-copy.ts';

export interface BenchFlashOptions {
  /** How many are flashed at once, from 2. */
  readonly boards: number;
  readonly runs: number;
  /** Bytes of the program. */
  readonly size: number;
  readonly baudRate: number;
}

/** One board alone and all at once, in turn; milliseconds from the start of the batch to its end. */
export interface BatchFigures {
  readonly oneMs: Spread;
  readonly allMs: Spread;
  /** All to one, of the two that were measured one after the other. */
  readonly ratio: Spread;
  /** Commands that bootloaders were sent beyond those of as many boards alone in virtual time. */
  readonly commandsAgain: number;
}

/** One board in virtual time. */
export interface LineFigures {
  readonly bitsPerByte: number;
  readonly bytes: number;
  /** The smallest number of bytes, both ways, that writes the program by AN3155 and reads it back. */
  readonly leastBytes: number;
  /** Without the time in which the chip erases and programs. */
  readonly ms: number;
  readonly leastMs: number;
  /** `ms` to `leastMs`. */
  readonly ratio: number;
}

/** Milliseconds until the board of a simulated drive has started its program. */
export interface Uf2Figures {
  readonly flashMs: Spread;
  readonly copyMs: Spread;
  /** Flash to copy, of the two that were measured one after the other. */
  readonly ratio: Spread;
}

export interface FlashTarget {
  readonly id: string;
  readonly value: number;
  readonly limit: number;
  readonly verdict: 'pass' | 'fail';
}

export interface FlashFigures {
  readonly boards: number;
  readonly runs: number;
  readonly size: number;
  readonly chip: string;
  readonly baudRate: number;
  readonly framing: ProgramOptions['framing'];
  readonly virtual: BatchFigures;
  readonly wall: BatchFigures;
  readonly line: LineFigures;
  readonly uf2: Uf2Figures;
  readonly targets: readonly FlashTarget[];
}

export interface Scene extends ReturnType<typeof machine> {
  /** Of the last minute: how many processes wanted a processor. */
  readonly load: { readonly before: number; readonly after: number };
}

/** All at once to one alone. */
const MOST_OF_ONE = 1.3;
/** Time on the line to the least. */
const MOST_OF_LEAST = 1.1;
/** Start bit, eight data bits, parity, stop bit: 8E1, as the ROM has it. */
const BITS_PER_BYTE = 11;

/**
 * `vitap bench flash`: what many boards at once take compared with one alone, in virtual time and by this machine's
 * clock, and how far the line is used. All boards are simulated, in this process.
 * @returns 1 a target is not met
 */
export async function benchFlash(options: BenchFlashOptions, io: CommandIo): Promise<ExitCode> {
  const before = load();
  const folder = mkdtempSync(join(tmpdir(), 'vitap-bench-flash-'));
  let figures: FlashFigures;
  try {
    figures = await measure(options, folder, io);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const verdict = figures.targets.every((target) => target.verdict === 'pass') ? 'pass' : 'fail';
  const scene: Scene = { ...machine(), load: { before, after: load() } };
  if (io.json) writeJson(io, { id: 'bench-flash', verdict, backend: 'simulated', ...scene, ...figures });
  else io.stdout(reportOf(scene, figures));
  return verdict === 'pass' ? EXIT.pass : EXIT.fail;
}

async function measure(options: BenchFlashOptions, folder: string, io: CommandIo): Promise<FlashFigures> {
  const { boards, runs, size, baudRate } = options;
  const bytes = programOf(size);
  const program: ProgramOptions = {
    firmware: { source: 'program.bin', format: 'BIN', segments: [{ address: FLASH, bytes }], families: [] },
    ...{ cardAt: null, chip: CHIP, unprotect: false, start: true, baudRate, framing: '8E1', boot: { how: 'none' } },
  };
  const batches = async (time: TimeKind, commandsOfOne: number | null): Promise<Batches> => {
    const station = { time, program, folder };
    const [one, all, ratio]: [number[], number[], number[]] = [[], [], []];
    let [commands, least] = [0, commandsOfOne];
    for (let run = 0; run < runs; run++) {
      io.stderr(`${time} time, run ${run + 1} of ${runs}\n`);
      const alone = await flashAtOnce(1, station, io);
      const together = await flashAtOnce(boards, station, io);
      one.push(alone.ms);
      all.push(together.ms);
      ratio.push(together.ms / alone.ms);
      commands += alone.commands + together.commands;
      least ??= alone.commands;
    }
    const ofOne = least ?? 0;
    const commandsAgain = commands - runs * (boards + 1) * ofOne;
    return {
      commandsOfOne: ofOne,
      figures: { oneMs: spread(one), allMs: spread(all), ratio: spread(ratio), commandsAgain },
    };
  };
  const line = lineFigures(await lineTime({ program }, io.signal), baudRate);
  const virtual = await batches('virtual', null);
  const wall = await batches('wall', virtual.commandsOfOne);
  const uf2 = await uf2Figures(bytes, runs, folder, io);
  return {
    ...{ boards, runs, size, chip: `${chipIdInWords(CHIP)} ${chipOf(CHIP)?.name ?? ''}`, baudRate, framing: '8E1' },
    ...{ virtual: virtual.figures, wall: wall.figures, line, uf2 },
    targets: [
      atMost('virtual-ratio', virtual.figures.ratio.p50, MOST_OF_ONE),
      atMost('wall-ratio', wall.figures.ratio.p50, MOST_OF_ONE),
      atMost('line-ratio', line.ratio, MOST_OF_LEAST),
    ],
  };
}

interface Batches {
  readonly figures: BatchFigures;
  readonly commandsOfOne: number;
}

function lineFigures({ ms, flashed }: Awaited<ReturnType<typeof lineTime>>, baudRate: number): LineFigures {
  const { wireBytes: bytes, leastWireBytes: leastBytes } = flashed;
  const leastMs = (leastBytes * BITS_PER_BYTE * 1000) / baudRate;
  return { bitsPerByte: BITS_PER_BYTE, bytes, leastBytes, ms, leastMs, ratio: ms / leastMs };
}

async function uf2Figures(bytes: Uint8Array, runs: number, folder: string, io: CommandIo): Promise<Uf2Figures> {
  io.stderr('UF2 drive\n');
  const [flash, copy, ratio]: [number[], number[], number[]] = [[], [], []];
  for (let run = 0; run < runs; run++) {
    const flashMs = await uf2Ms('flash', bytes, folder, io.signal);
    const copyMs = await uf2Ms('copy', bytes, folder, io.signal);
    flash.push(flashMs);
    copy.push(copyMs);
    ratio.push(flashMs / copyMs);
  }
  return { flashMs: spread(flash), copyMs: spread(copy), ratio: spread(ratio) };
}

const FLASH = 0x08000000;

/** No block of it is blank. Stack pointer 0x20002000 and start 0x08000101 stand in front. */
function programOf(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  bytes.set([0x00, 0x20, 0x00, 0x20, 0x01, 0x01, 0x00, 0x08]);
  return bytes;
}

function spread(values: readonly number[]): Spread {
  const found = spreadOf(values);
  if (found === null) throw new Error('there is a run at least');
  return found;
}

function atMost(id: string, value: number, limit: number): FlashTarget {
  return { id, value, limit, verdict: value <= limit ? 'pass' : 'fail' };
}

function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}
