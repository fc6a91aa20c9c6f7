import { createHash } from 'node:crypto';
import { UsageError } from '../../console/failure.ts';
import type { CommandIo, ExitCode } from '../../console/io.ts';
import { type BoardRun, keepFlash, restoreFlash, type Say, sayFault, sayTo } from '../board-run.ts';
import type { BootloaderSimOptions } from '../bootloader-sim.ts';
import { cardInFlash } from '../firmware/card-in-flash.ts';
import { onPtys } from '../on-ptys.ts';
import { RealTimeline } from '../timeline.ts';
import { Stm32Board, type Stm32BoardEvent } from './board.ts';
import { SIMULATED_CHIPS, type SimulatedChip } from './chips.ts';

const USUAL_CHIP = 0x413;
const UID_BYTES = 12;
/** Read Memory and Write Memory: a flashing has thousands of them. */
const NOT_TOLD = [0x11, 0x31];

/** STM32 boards on pseudo-terminals, in real time. */
export async function runStm32(
  { names, pathOf, faultsOf, keep }: BoardRun,
  { chip: id, protect, cardAt }: Pick<BootloaderSimOptions, 'chip' | 'protect' | 'cardAt'>,
  io: CommandIo,
): Promise<ExitCode> {
  const chip = chipNamed(id ?? USUAL_CHIP);
  const protection = protectionOf(protect, chip);
  const timeline = new RealTimeline();
  const say = sayTo(io, timeline);
  const boards: Stm32Board[] = [];
  try {
    return await onPtys(io, timeline, async (open) => {
      for (const name of names) {
        const board = new Stm32Board(name, timeline, {
          chip,
          // The same board has the same number in every run.
          uid: createHash('sha256').update(`vitap ${name}`).digest().subarray(0, UID_BYTES),
          // A pseudo-terminal has no parity.
          evenParity: false,
          faults: faultsOf(name),
          ...(cardAt === null
            ? {}
            : {
                program: cardInFlash(cardAt, (why) =>
                  say({ event: 'no-card', board: name, reason: why }, `${name}  no card starts: ${why}`),
                ),
              }),
          ...protection,
        });
        restoreFlash(keep, name, board.chip.flash.bytes);
        board.onEvent = (event) => tell(name, event, say);
        boards.push(board);
        const path = pathOf(name);
        const { device } = await open(path, board);
        say(
          { event: 'port', board: name, path, device },
          `board ${name}: ${path} (${device}), simulated ${chip.name} (${idInWords(chip.id)}) in its bootloader`,
        );
      }
      say(
        { event: 'ready', boards: names.length, pair: false, simulated: true },
        'ready; BOOT0 is high, the line is 8N1; Ctrl-C ends',
      );
    });
  } finally {
    for (const { name, chip: own } of boards) keepFlash(keep, name, own.flash.bytes);
  }
}

function idInWords(id: number): string {
  return `0x${id.toString(16).toUpperCase()}`;
}

function chipNamed(id: number): SimulatedChip {
  const chip = SIMULATED_CHIPS.find((each) => each.id === id);
  if (chip !== undefined) return chip;
  const known = SIMULATED_CHIPS.map((each) => `${idInWords(each.id)} (${each.name})`).join(', ');
  throw new UsageError(`no chip ${idInWords(id)} is simulated; there are ${known}`);
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

function tell(board: string, event: Stm32BoardEvent, say: Say): void {
  switch (event.type) {
    case 'power':
      say({ event: 'power', board, power: event.power }, `${board}  power ${event.power}`);
      return;
    case 'baud-rate':
      say({ event: 'baud-rate', board, baudRate: event.baudRate }, `${board}  in sync at ${event.baudRate} baud`);
      return;
    case 'command':
      if (NOT_TOLD.includes(event.code)) return;
      say({ event: 'command', board, code: event.code, name: event.name, length: 0 }, `${board}  > ${event.name}`);
      return;
    case 'refused':
      say({ event: 'refused', board, code: event.code }, `${board}  < NACK`);
      return;
    case 'started':
      say({ event: 'started', board, address: event.address }, `${board}  its program starts`);
      return;
    case 'fault':
      sayFault(say, board, event.fault, event.occasion);
      return;
    default:
      say({ event: event.type, board }, `${board}  ${event.type}`);
  }
}
