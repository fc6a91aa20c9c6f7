import { readFileSync } from 'node:fs';
import { INS, instructionName } from '../../../src/apdu/instruction.ts';
import { type BoardFigures, type FirmwareBoard, FirmwareReader } from '../../../src/hal/firmware/index.ts';
import { SystemSerialPorts } from '../../../src/hal/serial/serial-port.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { unlockInWords, unlockThere } from '../../card/phone-screen.ts';
import type { ChannelChoice } from '../../channel/choice.ts';
import { CHANNEL_STEPS } from '../../channel/open-channel.ts';
import { ReaderChannel } from '../../channel/reader-channel.ts';
import { CannotRun } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import { type PinChoice, readPin } from '../../console/pin.ts';
import { median } from '../../figures/quantile.ts';
import { readIdentityBySfi } from '../../tap/field-sequences.ts';
import { MeasuredSession } from '../../tap/measured-session.ts';
import { readNdef } from '../../tap/ndef.ts';
import { readOwnApplication } from '../../tap/own-application.ts';
import { READ_PLANS } from '../../tap/plan.ts';
import { emptyReading } from '../../tap/reading.ts';
import { CardTerminal, type TimedExchange } from '../../tap/terminal.ts';
import { readElf } from './elf.ts';

export interface TapOfBoard {
  readonly port: string;
  readonly pin: PinChoice;
  readonly channel: ChannelChoice;
}

/** A command as the board's own clock has it. */
export interface MeasuredCommand {
  /** Step of the tap. */
  readonly phase: string;
  readonly command: string;
  readonly us: number;
}

export interface MeasuredTap {
  readonly bootUs: number;
  readonly commands: readonly MeasuredCommand[];
  /** After the tap. */
  readonly figures: BoardFigures;
  /** Whether a secure channel was opened. */
  readonly channel: boolean;
  /** Whether the code was right, or none was given and none wanted. */
  readonly read: boolean;
}

const BOOT_LIMIT_MS = 240_000;
const VERIFY = instructionName(INS.VERIFY);
const CHANNEL_PHASES: ReadonlySet<string> = new Set(CHANNEL_STEPS);

/**
 * One whole tap of the card on a board, every command timed by the board itself.
 * @throws {HalError} {CannotRun} the code is wrong, or the firmware gives no figures
 */
export async function measureTap(options: TapOfBoard, io: CommandIo): Promise<MeasuredTap> {
  const { port: path, pin } = options;
  const code = await readPin(pin, io);
  // A card of ours: it trusts the test terminal.
  const channel = await ReaderChannel.from(options.channel, io, true);
  const reader = new FirmwareReader({ path, lines: new SystemSerialPorts(), clock: systemClock });
  try {
    const waiting = { timeoutMs: BOOT_LIMIT_MS, signal: io.signal };
    const board = await reader.board(waiting);
    const { bootUs } = await board.figures();
    const onScreen = code === null ? false : await typed(board, code);
    const session = new MeasuredSession(
      await reader.connect(waiting),
      async () => (await board.figures()).commandUs,
      systemClock,
    );
    const us: number[] = [];
    const terminal = new CardTerminal(session, {
      listener: { command: () => {}, response: () => us.push(session.take()) },
      signal: io.signal,
    });
    const opened =
      (await channel?.open(session, io.signal, {
        onExchange: (step, command, exchange) => {
          us.push(session.take());
          terminal.account(step, command, exchange);
        },
      })) ?? null;
    if (opened !== null) terminal.enter(opened);
    const reading = emptyReading();
    terminal.phase = 'free files';
    await readIdentityBySfi(terminal, reading);
    await readOwnApplication(terminal, reading, onScreen ? null : code, READ_PLANS.classic);
    terminal.phase = 'ndef';
    await readNdef(terminal, reading);
    const figures = await board.figures();
    opened?.session.leave();
    await session.disconnect('reset');
    const commands = terminal.exchanges.map(({ phase, command }, i) => ({ phase, command, us: us[i] ?? 0 }));
    if (reading.code.outcome === 'wrong') throw new CannotRun('the code is wrong');
    return { bootUs, commands, figures, channel: opened !== null, read: !terminal.exchanges.some(isRefused) };
  } finally {
    code?.fill(0);
    channel?.wipe();
    await reader.close();
  }
}

/** @returns whether this card has its code typed on its own screen */
async function typed(board: FirmwareBoard, code: Uint8Array): Promise<boolean> {
  const card = await board.card();
  if (card.windowSeconds === 0 || card.interface !== 'contactless') return false;
  const unlock = await unlockThere((command) => board.asHolder(command), code);
  if (unlock.outcome !== 'unlocked') throw new CannotRun(unlockInWords(unlock));
  return true;
}

function isRefused({ status }: TimedExchange): boolean {
  return status.startsWith('6982');
}

/** Bytes of flash that a built file takes. @throws {CannotRun} no such file */
export function flashOf(elf: string): number {
  return readElf(readFileSync(elf), elf).reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** All RAM: variables, the whole stack, and the most that the heap ever took. */
export function ramOf({ staticSize, stackSize, heapTaken }: BoardFigures): number {
  return staticSize + stackSize + heapTaken;
}

/** What is summed for one row of the table. */
export interface MeasuredPhase {
  readonly phase: string;
  readonly commands: number;
  readonly us: number;
}

/** Steps in the order in which they came. */
export function phasesOf(commands: readonly MeasuredCommand[]): MeasuredPhase[] {
  const phases = new Map<string, MeasuredPhase>();
  for (const { phase, us } of commands) {
    const before = phases.get(phase) ?? { phase, commands: 0, us: 0 };
    phases.set(phase, { phase, commands: before.commands + 1, us: before.us + us });
  }
  return [...phases.values()];
}

/** Of the commands after the channel was opened, and without those that check a code. */
export function medianUs(commands: readonly MeasuredCommand[]): number {
  const usual = commands.filter(({ phase, command }) => !CHANNEL_PHASES.has(phase) && command !== VERIFY);
  return median(usual.map(({ us }) => us));
}

export function longestOf(commands: readonly MeasuredCommand[]): MeasuredCommand | null {
  return commands.reduce<MeasuredCommand | null>(
    (most, each) => (most === null || each.us > most.us ? each : most),
    null,
  );
}
