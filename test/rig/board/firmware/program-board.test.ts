import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FirmwareImage } from '../../../../rig/board/firmware/firmware-image.ts';
import { type ProgramJob, programBoard } from '../../../../rig/board/firmware/program-board.ts';
import { MemoryPorts } from '../../../../rig/sim/serial/memory-port.ts';
import { VirtualTimeline } from '../../../../rig/sim/timeline.ts';
import { SimulatedUf2Drive } from '../../../../rig/sim/uf2/drive.ts';
import { HalError, type HalErrorKind } from '../../../../src/hal/errors.ts';
import type { SerialLineOpener } from '../../../../src/hal/serial-line.ts';
import { imageOf, program, simulatedBoard, timersOf } from '../stm32/bench.ts';

const clock = new VirtualTimeline();
const boards = ['sim', 'other'].map((name) => simulatedBoard(clock, name, 0x413));
const ports = new MemoryPorts(boards);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-program-'));
  for (const { chip } of boards) chip.flash.bytes.fill(0x77);
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Given {
  readonly job?: Partial<ProgramJob>;
  readonly options?: Partial<ProgramJob['options']>;
  readonly opener?: SerialLineOpener;
}

const flash = ({ job = {}, options = {}, opener = ports }: Given = {}) =>
  programBoard({
    board: { target: 'stm32', path: 'sim' },
    bench: { opener, timers: timersOf(clock), instruct: null },
    options: {
      ...{ firmware: imageOf(program(3000)), cardAt: null, chip: null, unprotect: false, start: false },
      ...{ baudRate: 115_200, framing: '8E1', boot: { how: 'none' } },
      ...options,
    },
    ...{ card: null, resume: false, signal: new AbortController().signal, say: () => {} },
    ...job,
  });

const refusing = (kind: HalErrorKind, words: string): SerialLineOpener => ({
  open: () => Promise.reject(new HalError(kind, words)),
});

const untouched = (): boolean => boards.every(({ chip }) => chip.flash.bytes.every((byte) => byte === 0x77));

describe('a port that cannot be opened is one sentence, which says that the board was not changed', () => {
  it.each<[string, Given, HalErrorKind, string]>([
    ['is not there', { job: { board: { target: 'stm32', path: 'x' } } }, 'no-port', 'there is no serial port x'],
    [
      'may not be opened',
      { opener: refusing('permission', 'the rights are missing') },
      'permission',
      'the rights are missing',
    ],
    [
      'is somebody else’s',
      { opener: refusing('busy', 'another program is using it') },
      'busy',
      'another program is using it',
    ],
    [
      'has the boot lines and is not there',
      {
        options: {
          boot: {
            how: 'lines',
            boot0: { line: 'rts', asserted: true },
            reset: { line: 'dtr', asserted: true },
            port: 'x',
          },
        },
      },
      'no-port',
      'there is no serial port x',
    ],
  ])('one that %s', async (_, given, kind, words) => {
    await expect(flash(given)).rejects.toThrow(
      expect.objectContaining({ kind, message: `${words}; the board was not changed` }),
    );
    expect(untouched()).toBe(true);
    // Whatever was opened is closed again.
    await (await ports.open('sim', 115_200)).close();
  });

  it('one that another flashing has', async () => {
    const first = flash();
    await expect(flash()).rejects.toThrow('serial port sim is already open; the board was not changed');
    await first;
  });

  it('boot lines that nobody is there to set', async () => {
    await expect(flash({ options: { boot: { how: 'operator' } } })).rejects.toThrow(
      '--boot-lines operator asks on a terminal, and standard input is none; the board was not changed',
    );
    expect(untouched()).toBe(true);
  });
});

describe('an image that is for no place of this board', () => {
  it.each<[string, Partial<FirmwareImage>, string]>([
    [
      'bytes elsewhere',
      { segments: [{ address: 0x20000000, bytes: program(100) }] },
      'program.bin is for another board: it has bytes at 0x20000000, and the flash of the STM32F40x/41x (0x413) begins at 0x08000000; the board was not changed',
    ],
    [
      'a UF2 family of another chip',
      { families: [0xe48bff56] },
      'program.bin is for another board: its UF2 family is 0xE48BFF56, and the chip is a STM32F40x/41x (0x413); the board was not changed',
    ],
    [
      'too few bytes for a vector table',
      { segments: [{ address: 0x08000000, bytes: Uint8Array.of(0, 0x20, 0, 0x20) }] },
      'program.bin has 4 bytes: too short for a vector table; the board was not changed',
    ],
  ])('an STM32: %s', async (_, more, sentence) => {
    await expect(flash({ options: { firmware: { ...imageOf(program(3000)), ...more } } })).rejects.toThrow(sentence);
    expect(untouched()).toBe(true);
  });
});

describe('a UF2 drive', () => {
  const drive = (): string => join(folder, 'drive');
  const onto = (firmware: FirmwareImage) =>
    flash({ job: { board: { target: 'uf2', path: drive() } }, options: { firmware } });
  const image = (address: number, length: number): FirmwareImage => ({
    ...imageOf(program(100)),
    segments: [{ address, bytes: new Uint8Array(length).fill(1) }],
  });

  it('that is not there', async () => {
    await expect(onto(image(0x10000000, 100))).rejects.toThrow(
      /INFO_UF2.TXT is missing\): hold BOOTSEL while the board is plugged in; the board was not changed$/,
    );
  });

  it('and a program that is too large for what can be addressed', async () => {
    const board = new SimulatedUf2Drive(drive(), 'RP2040');
    board.plug();
    await expect(onto(image(0x10ffff00, 257))).rejects.toThrow(
      'program.bin is too large: it ends at 0x11000001, and the flash of a RP2040 ends at 0x11000000; the board was not changed',
    );
    board.unplug();
    expect(board.flash.every((byte) => byte === 0xff)).toBe(true);
  });
});
