import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FirmwareImage } from '../../../../rig/board/firmware/firmware-image.ts';
import { encodeMark } from '../../../../rig/board/firmware/mark.ts';
import { isDrive, mountedDrives } from '../../../../rig/board/uf2/drive.ts';
import { type FlashUf2Job, flashUf2 } from '../../../../rig/board/uf2/flash-uf2.ts';
import type { Fault } from '../../../../rig/sim/faults/plan.ts';
import { SimulatedUf2Drive, type Uf2DriveKind } from '../../../../rig/sim/uf2/drive.ts';
import { realTimers, type Timers } from '../../../../src/hal/pn532/transport.ts';

const XIP = 0x10000000;

let root: string;
let drive: SimulatedUf2Drive | null;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vitap-uf2-'));
  drive = null;
});
afterEach(() => {
  drive?.unplug();
  rmSync(root, { recursive: true, force: true });
});

function plugged(kind: Uf2DriveKind = 'RP2040', faults: readonly Fault[] = []): SimulatedUf2Drive {
  drive = new SimulatedUf2Drive(join(root, 'RPI-RP2'), kind, faults);
  drive.plug();
  return drive;
}

const image = (bytes: Uint8Array, more: Partial<FirmwareImage> = {}): FirmwareImage => ({
  source: 'program.uf2',
  format: 'BIN',
  segments: [{ address: XIP, bytes }],
  families: [],
  ...more,
});
const PROGRAM = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) & 0xff);

const flash = (more: Partial<FlashUf2Job> = {}) =>
  flashUf2({
    folder: join(root, 'RPI-RP2'),
    image: image(PROGRAM),
    timers: realTimers,
    signal: new AbortController().signal,
    say: () => {},
    ...more,
  });

/** Waits pass at once, but for a turn in which the board may act. */
const hurried: Timers = {
  after: (_, action) => {
    const timer = setTimeout(action, 1);
    return () => clearTimeout(timer);
  },
};

const NOT_CHANGED = 'the board was not changed';
const TORN = 'the board is in its bootloader with a part of the new program; flash it again';

describe('a UF2 drive', { timeout: 30_000 }, () => {
  it.each([
    ['RP2040', 'RPI-RP2', '0xE48BFF56'],
    ['RP2350', 'RP2350', '0xE48BFF59'],
  ] as const)('gets a program: %s', async (kind, boardId, family) => {
    const board = plugged(kind);
    const events: string[] = [];
    board.onEvent = ({ type }) => void events.push(type);
    expect(await flash()).toMatchObject({ boardId, family, blocks: 391 });
    expect(board.flash.subarray(0, PROGRAM.length)).toEqual(PROGRAM);
    expect(events).toEqual(['written', 'unplugged', 'started']);
    expect(isDrive(board.folder)).toBe(false);
  });

  it('is found where systems mount drives, with a folder for the user or without', () => {
    for (const [path, isOne] of [
      ['a/RPI-RP2', true],
      ['RP2350', true],
      ['a/STICK', false],
    ] as const) {
      mkdirSync(join(root, path), { recursive: true });
      if (isOne) writeFileSync(join(root, path, 'INFO_UF2.TXT'), 'Board-ID: x\n');
    }
    expect(mountedDrives([root, '/nowhere'])).toEqual([join(root, 'RP2350'), join(root, 'a/RPI-RP2')]);
  });

  it.each<[string, Partial<FirmwareImage>, string]>([
    [
      'the mark of another board',
      {
        segments: [
          {
            address: XIP,
            bytes: Uint8Array.from([...encodeMark({ name: 'a-board', chip: { stm32: '482' } }), ...PROGRAM]),
          },
        ],
      },
      `program.uf2 is for another board: it was built for a-board (stm32:482), and this is a RP2040; ${NOT_CHANGED}`,
    ],
    [
      'another family',
      { families: [0xe48bff59] },
      `program.uf2 is for another board: its UF2 family is 0xE48BFF59, and this is a RP2040; ${NOT_CHANGED}`,
    ],
    [
      'other addresses',
      { segments: [{ address: 0x08000000, bytes: PROGRAM }] },
      `program.uf2 is for another board: it has bytes at 0x08000000, and the flash of a RP2040 begins at 0x10000000; ${NOT_CHANGED}`,
    ],
  ])('refuses a program for %s', async (_, more, sentence) => {
    const board = plugged();
    await expect(flash({ image: image(PROGRAM, more) })).rejects.toThrow(sentence);
    expect(board.flash.every((byte) => byte === 0xff)).toBe(true);
  });

  it.each([
    [
      'is none',
      null,
      'is no drive of a UF2 bootloader (INFO_UF2.TXT is missing): hold BOOTSEL while the board is plugged in',
    ],
    ['says nothing', 'UF2 Bootloader v3.0\n', 'INFO_UF2.TXT has no line Board-ID'],
    [
      'is of a board that is not known',
      'Model: Feather\r\nBoard-ID: SAMD21-x\r\n',
      'the board is SAMD21-x (Feather), which is not known here; known are RPI-RP2 (RP2040), RP2350 (RP2350)',
    ],
    [
      'has an endless file',
      `Board-ID: ${'x'.repeat(5000)}\n`,
      'more than the file by which a UF2 bootloader says what it is has (4096 at most)',
    ],
  ])('that %s is refused', async (_, info, sentence) => {
    mkdirSync(join(root, 'RPI-RP2'));
    if (info !== null) writeFileSync(join(root, 'RPI-RP2', 'INFO_UF2.TXT'), info);
    await expect(flash()).rejects.toThrow(sentence);
  });

  it('that stays is said to have refused', async () => {
    plugged('RP2040', [{ name: 'stuck', value: 0, from: 1, to: 1 }]);
    await expect(flash({ timers: hurried })).rejects.toThrow(
      `the bootloader took the file and is still there after 10 s: it did not accept all blocks; ${TORN}`,
    );
  });

  it('that is pulled out while it is written to is said to be torn', async () => {
    const board = plugged();
    let said = 0;
    const pulled = flash({
      say: () => {
        // The copy has begun when the second thing is said; the drive goes in one of its turns.
        if (++said === 1) setTimeout(() => board.unplug(), 0);
      },
      image: image(new Uint8Array(1_500_000).fill(5)),
    });
    await expect(pulled).rejects.toThrow(/^the drive .*RPI-RP2 went away after \d+ of 3000320 bytes; the board/);
  });

  it('Ctrl-C while it is written to', async () => {
    plugged();
    const stop = new AbortController();
    const stopped = flash({ signal: stop.signal, say: () => setTimeout(() => stop.abort(), 0) });
    await expect(stopped).rejects.toThrow(/^interrupted; the board/);
  });
});
