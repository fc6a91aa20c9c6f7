import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { readBoard } from './board-description.ts';
import { startEmulator } from './emulator.ts';
import {
  flashOf,
  longestOf,
  type MeasuredCommand,
  type MeasuredPhase,
  type MeasuredTap,
  measureTap,
  medianUs,
  phasesOf,
  ramOf,
  type TapOfBoard,
} from './measure.ts';
import { type JudgedTarget, judgeTargets } from './targets.ts';

export interface MeasureOptions extends Omit<TapOfBoard, 'port'> {
  readonly board: string;
  readonly elf: string;
}

/** One instruction of the emulated core is a nanosecond of its clock. */
const INSTRUCTIONS_PER_US = 1000;

interface Measurement {
  readonly board: string;
  readonly elf: string;
  readonly flash: number;
  readonly tap: MeasuredTap;
  readonly phases: readonly MeasuredPhase[];
  readonly median: number;
  readonly longest: MeasuredCommand | null;
  readonly targets: readonly JudgedTarget[];
}

/**
 * `vitap firmware measure`: what a built firmware takes of a board, by one whole tap in the emulator, whose clock counts
 * instructions.
 * @returns 1: a target is missed, or the card gave not all that it has
 */
export async function measureCommand(options: MeasureOptions, io: CommandIo): Promise<ExitCode> {
  const board = readBoard(options.board);
  const flash = flashOf(options.elf);
  const emulator = await startEmulator({ board, elf: options.elf, pn532: null, time: 'counted' }, io.signal);
  let tap: MeasuredTap;
  try {
    tap = await measureTap({ ...options, port: emulator.port }, io);
  } finally {
    await emulator.stop();
  }
  const median = medianUs(tap.commands) * INSTRUCTIONS_PER_US;
  const boot = (tap.bootUs + (tap.commands[0]?.us ?? 0)) * INSTRUCTIONS_PER_US;
  const targets = judgeTargets({ channel: tap.channel, flash, ram: ramOf(tap.figures), boot, median });
  const phases = phasesOf(tap.commands);
  const measurement = {
    ...{ board: board.name, elf: options.elf, flash, tap, phases, median },
    ...{ longest: longestOf(tap.commands), targets },
  };
  if (io.json) writeJson(io, asDocument(measurement));
  else io.stdout(asText(measurement));
  const passed = tap.read && targets.every(({ met }) => met);
  return passed ? EXIT.pass : EXIT.fail;
}

function asDocument({ board, elf, flash, tap, phases, median, longest, targets }: Measurement): object {
  const { staticSize, stackSize, stackUsed, heapTaken, heapUsed, longestEventUs } = tap.figures;
  const instructions = ({ us, ...named }: MeasuredPhase | MeasuredCommand): object => ({
    ...named,
    instructions: us * INSTRUCTIONS_PER_US,
  });
  return {
    format: 'vitap firmware measurement',
    version: 1,
    board,
    elf,
    channel: tap.channel,
    read: tap.read,
    flash,
    ram: { all: ramOf(tap.figures), variables: staticSize, stack: stackSize, stackUsed, heap: heapTaken, heapUsed },
    boot: tap.bootUs * INSTRUCTIONS_PER_US,
    median,
    event: longestEventUs * INSTRUCTIONS_PER_US,
    longest: longest === null ? null : instructions(longest),
    phases: phases.map(instructions),
    targets,
  };
}

function asText({ board, elf, flash, tap, phases, median, longest, targets }: Measurement): string {
  const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
  const millions = (us: number): string => `${(us / 1000).toFixed(2).padStart(9)} M`;
  const { staticSize, stackSize, stackUsed, heapTaken, heapUsed, longestEventUs } = tap.figures;
  const lines = [
    `${shown(elf)} on ${board}: one tap in qemu, counted in instructions of its core`,
    ...(tap.read ? [] : ['The card refused some of what it has: the code or a channel is missing']),
    '',
    `  flash    ${kilobytes(flash)}`,
    `  RAM      ${kilobytes(ramOf(tap.figures))}: variables ${kilobytes(staticSize)}, stack ${kilobytes(stackSize)} (used ${kilobytes(stackUsed)}), heap ${kilobytes(heapTaken)} (in use ${kilobytes(heapUsed)})`,
    '',
    '  step                       commands  instructions',
    `  start                                ${millions(tap.bootUs)}`,
    ...phases.map(({ phase, commands, us }) => `  ${phase.padEnd(26)} ${`${commands}`.padStart(8)}  ${millions(us)}`),
    '',
    `  a command, median   ${millions(median / 1000)}`,
    ...(longest === null
      ? []
      : [`  the longest         ${millions(longest.us)}  ${longest.command}, ${longest.phase}`]),
    `  power or field      ${millions(longestEventUs)}  at most, outside of commands`,
    '',
    ...targets.map(({ words, limit, measured, unit, met }) => {
      const number = (value: number): string => (unit === 'bytes' ? kilobytes(value) : `${(value / 1e6).toFixed(2)} M`);
      return `  ${met ? 'met    ' : 'NOT MET'}  ${words}: at most ${number(limit)}, measured ${number(measured)}`;
    }),
    '',
  ];
  return lines.join('\n');
}
