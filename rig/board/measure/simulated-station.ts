import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realTimers, type Timers } from '../../../src/hal/pn532/transport.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT } from '../../console/io.ts';
import { MemoryPorts } from '../../sim/serial/memory-port.ts';
import { Stm32Board } from '../../sim/stm32/board.ts';
import { SIMULATED_CHIPS } from '../../sim/stm32/chips.ts';
import { RealTimeline, type Timeline, VirtualTimeline } from '../../sim/timeline.ts';
import { flashBatch } from '../batch.ts';
import { type ProgramOptions, programBoard } from '../firmware/program-board.ts';
import type { Bench } from '../open-board.ts';
import type { FlashedChip } from '../stm32/flash-stm32.ts';

/** STM32H7A3/7B3. */
export const CHIP = 0x480;
const UID_BYTES = 12;

/** By which time the boards live: their own, which passes as fast as it can be computed, or this machine's. */
export type TimeKind = 'virtual' | 'wall';

/** What is measured: the same program onto every board. */
export interface Station {
  readonly time: TimeKind;
  readonly program: ProgramOptions;
  /** For the list and the state of batches. */
  readonly folder: string;
}

export interface BatchTime {
  /** From the start of the batch to its end, by the time of the boards. */
  readonly ms: number;
  /** What all bootloaders were told together. */
  readonly commands: number;
}

/**
 * Flashes new simulated boards as `board flash --boards` does, all at once.
 * @throws {CannotRun} a board was not flashed; the reason of the signal
 */
export async function flashAtOnce(boards: number, station: Station, io: CommandIo): Promise<BatchTime> {
  const { time, program, folder } = station;
  const lab = new SimulatedLab(boards, time);
  const home = join(folder, 'batch');
  mkdirSync(home);
  const list = join(home, 'boards.csv');
  writeFileSync(list, `serial\n${lab.names.map((name) => `${name}\n`).join('')}`);
  let said = '';
  const quiet: CommandIo = {
    ...io,
    ...{ json: true, stdinIsTty: false, stdoutIsTty: false, stderrIsTty: false },
    stdout: (text) => {
      said += text;
    },
    stderr: () => {},
    env: { ...io.env, XDG_STATE_HOME: join(folder, 'state') },
  };
  const startNs = lab.clock.nowNs();
  try {
    const exit = await flashBatch(
      {
        ...{ boards: lab.names, list, image: null, profile: null, verifyWith: null, resume: false, force: false },
        ...{ parallel: boards, imageKey: null, junit: null, evidence: null },
        record: { file: null, keepSecrets: false },
        firmware: { target: 'stm32', program, bench: { opener: lab.ports, timers: lab.timers, instruct: null } },
      },
      quiet,
      NO_PN532,
    );
    const ms = (lab.clock.nowNs() - startNs) / 1e6;
    io.signal.throwIfAborted();
    if (exit !== EXIT.pass) throw new CannotRun(`a simulated board was not flashed: ${firstReason(said)}`);
    return { ms, commands: lab.commands };
  } finally {
    lab.clock.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

export interface LineTime {
  /** From the first byte to the last, without the time in which the chip erases and programs. */
  readonly ms: number;
  readonly flashed: Omit<FlashedChip, 'chip'>;
}

/** One board in virtual time, as `board flash --board` does. @throws as {@link flashAtOnce} */
export async function lineTime({ program }: Pick<Station, 'program'>, signal: AbortSignal): Promise<LineTime> {
  const lab = new SimulatedLab(1, 'virtual');
  const [board] = lab.boards as [Stm32Board];
  try {
    const { details } = await programBoard({
      board: { target: 'stm32', path: board.name },
      options: program,
      bench: { opener: lab.ports, timers: lab.timers, instruct: null },
      ...{ card: null, resume: false, signal, say: () => {} },
    });
    if (!('wireBytes' in details)) throw new Error('an STM32 has a line');
    return { ms: (lab.clock.nowNs() - board.chip.workedNs) / 1e6, flashed: details };
  } finally {
    lab.clock.stop();
  }
}

const NO_PN532: Bench = {
  listed: [],
  open: () => Promise.reject(new Error('no PN532 here')),
  verifier: () => {
    throw new Error('no reader here');
  },
};

/** Boards in their bootloader, on ports in memory. */
class SimulatedLab {
  readonly clock: Timeline;
  readonly timers: Timers;
  readonly boards: readonly Stm32Board[];
  readonly ports: MemoryPorts;
  commands = 0;

  constructor(boards: number, time: TimeKind) {
    const clock = time === 'virtual' ? new VirtualTimeline() : new RealTimeline();
    this.clock = clock;
    this.timers =
      time === 'virtual' ? { after: (ms, action) => clock.after(Math.round(ms * 1e6), action) } : realTimers;
    const chip = SIMULATED_CHIPS.find(({ id }) => id === CHIP);
    if (chip === undefined) throw new Error('the chip of the benchmark is simulated');
    this.boards = Array.from({ length: boards }, (_, i) => {
      const uid = new Uint8Array(UID_BYTES);
      new DataView(uid.buffer).setUint32(0, i + 1);
      const board = new Stm32Board(`SIM-${i + 1}`, clock, { chip, uid, evenParity: true });
      board.onEvent = ({ type }) => {
        if (type === 'command') this.commands++;
      };
      return board;
    });
    this.ports = new MemoryPorts(this.boards);
  }

  get names(): readonly string[] {
    return this.boards.map(({ name }) => name);
  }
}

/** Of a batch's document: why its first board was not done. */
function firstReason(document: string): string {
  const { rows } = JSON.parse(document) as { readonly rows: readonly { readonly reason: string | null }[] };
  return rows.find(({ reason }) => reason !== null)?.reason ?? 'no reason was given';
}
