import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UF2_FAMILY, writeUf2 } from '../../rig/board/firmware/uf2.ts';
import { program } from '../rig/board/stm32/bench.ts';
import { expectPublished } from '../rig/command/published-schemas.ts';
import { run } from './card.ts';
import { describeNeeds } from './real-parts.ts';
import { PROGRAM, RunningVerb } from './running-verb.ts';

const XIP = 0x10000000;

let folder: string;
let board: RunningVerb | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-boot-'));
  vi.stubEnv('XDG_STATE_HOME', join(folder, 'state'));
  board = null;
});
afterEach(() => {
  vi.unstubAllEnvs();
  board?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);
const vitap = (...args: string[]) => run(process.execPath, [PROGRAM, ...args]);

async function sim(...args: string[]): Promise<RunningVerb> {
  board = new RunningVerb('board', 'sim', '--link-a', at('board'), '--keep', at('kept'), ...args);
  await board.says('ready');
  return board;
}

/** Ends the simulation; what is in the flash lies in a file then. */
async function keptFlash(): Promise<Buffer> {
  await board?.stop();
  return readFileSync(at('kept/board-a.bin'));
}

describe('a simulated UF2 drive', { timeout: 60_000 }, () => {
  const bytes = program(10_000);

  it('takes a program from board flash, and goes', async () => {
    const drive = await sim('--bootloader', 'uf2', '--json');
    writeFileSync(at('p.uf2'), writeUf2([{ address: XIP, bytes }], UF2_FAMILY.RP2040));
    const flashed = await vitap('board', 'flash', '--board', `uf2:${at('board')}`, '--firmware', at('p.uf2'), '--json');
    const document = JSON.parse(flashed.out);
    expectPublished('board-flash', document);
    expect(document).toMatchObject({
      verdict: 'pass',
      backend: 'simulated',
      details: { boardId: 'RPI-RP2', blocks: 40 },
    });
    expect(existsSync(at('board'))).toBe(false);
    expect((await keptFlash()).subarray(0, bytes.length)).toEqual(Buffer.from(bytes));
    const events = drive.documents as { event: string }[];
    for (const event of events) expectPublished('board-sim-event', event);
    expect(events.map(({ event }) => event)).toEqual(expect.arrayContaining(['port', 'ready', 'written', 'started']));
  });

  it('takes it from whoever copies it there', async () => {
    const drive = await sim('--bootloader', 'uf2');
    writeFileSync(at('p.uf2'), writeUf2([{ address: XIP, bytes }], UF2_FAMILY.RP2040));
    copyFileSync(at('p.uf2'), at('board/p.uf2'));
    await drive.says('its program starts');
    expect((await keptFlash()).subarray(0, bytes.length)).toEqual(Buffer.from(bytes));
  });

  it('is not there, or gets a program for an STM32', async () => {
    await sim('--bootloader', 'uf2');
    writeFileSync(at('p.bin'), bytes);
    const flash = (board: string) =>
      vitap('board', 'flash', '--board', board, '--firmware', at('p.bin'), '--address', '0x08000000');
    const [foreign, none] = [await flash(`uf2:${at('board')}`), await flash(`uf2:${at('nothing')}`)];
    expect([foreign.exit, none.exit]).toEqual([2, 2]);
    expect(foreign.err).toMatch(/is for another board: it has bytes at 0x08000000, .*; the board was not changed\n$/);
    expect(none.err).toMatch(/is no drive of a UF2 bootloader/);
  });
});

describeNeeds(['socat'], 'a simulated STM32 bootloader', () => {
  it('tells what happens, as JSON has it', async () => {
    const stm32 = await sim('--bootloader', 'stm32', '--protect', 'readout', '--json');
    writeFileSync(at('p.bin'), program(1000));
    const flash = ['board', 'flash', '--board', `stm32:${at('board')}`, '--line', '8n1', '--firmware', at('p.bin')];
    expect((await vitap(...flash)).exit).toBe(1);
    expect((await vitap(...flash, '--unprotect')).exit).toBe(0);
    await keptFlash();
    const events = stm32.documents as { event: string }[];
    for (const event of events) expectPublished('board-sim-event', event);
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['port', 'ready', 'baud-rate', 'command', 'refused', 'started']),
    );
  }, 60_000);
});

describeNeeds(['socat'], 'a board that reboots from its bootloader into firmware', () => {
  it('is flashed, then brought up on the same port; a bad one fails where it is bad', async () => {
    const cardAt = ['--card-at', '0x08080000'];
    await sim('--bootloader', 'stm32', '--chip', '0x480', ...cardAt, '--fault', 'a:silent-chip');
    writeFileSync(at('p.bin'), program(3000));
    expect((await vitap('card', 'build', 'ndef', '--out', at('ndef.img'))).exit).toBe(0);
    const to = [
      '--board',
      `stm32:${at('board')}`,
      '--line',
      '8n1',
      '--firmware',
      at('p.bin'),
      '--image',
      at('ndef.img'),
    ];
    expect((await vitap('board', 'flash', ...to, ...cardAt)).exit).toBe(0);
    const tested = await vitap('board', 'test', '--board', `firmware:${at('board')}`, '--json');
    const record = JSON.parse(tested.out);
    expectPublished('board-test', record);
    const verdicts = Object.fromEntries(
      record.phases.map((each: { id: string; verdict: string }) => [each.id, each.verdict]),
    );
    expect(verdicts).toMatchObject({ boot: 'pass', ram: 'pass', flash: 'pass', pn532: 'fail', 'first-tap': 'pass' });
    expect([record.backend, record.verdict === 'pass', tested.exit === 0]).toEqual(['simulated', false, false]);
    const read = await vitap('tap', '--reader', `firmware:${at('board')}`);
    expect([read.exit, read.out]).toEqual([0, expect.stringContaining('https://example.com/vitap')]);
  }, 120_000);
});

describe('what board flash and board sim refuse', { timeout: 60_000 }, () => {
  const flash = (...args: string[]) => ['board', 'flash', ...args];
  it.each([
    ['firmware for a PN532', flash('--board', 'pn532:/dev/x', '--firmware', 'x'), /a PN532 has no flash for firmware/],
    ['no firmware', flash('--board', 'stm32:/dev/x'), /which firmware\? a stm32 board gets --firmware FILE/],
    ['a board of another kind', flash('--board', 'avr:/dev/x'), /A board is pn532:PORT, stm32:PORT or uf2:FOLDER/],
    ['boards of two kinds', flash('--boards', 'stm32:/a,uf2:/b'), /The boards of a batch are of one kind/],
    [
      'a file that is not there',
      flash('--board', 'stm32:/dev/x', '--firmware', '/none.elf'),
      /\/none\.elf: there is no such file/,
    ],
    [
      'boot lines that say nothing',
      flash('--board', 'stm32:/dev/x', '--firmware', PROGRAM, '--boot-lines', 'x'),
      /does not say how the board comes into its bootloader/,
    ],
    [
      'a chip for a drive',
      flash('--board', 'uf2:/x', '--firmware', 'x', '--chip', '0x413'),
      /are for the bootloader of an STM32/,
    ],
    [
      'a card without a place',
      flash('--board', 'stm32:/x', '--firmware', 'x', '--image', 'y'),
      /where in the flash does the card go/,
    ],
    [
      'a chip that is not simulated',
      ['board', 'sim', '--bootloader', 'stm32', '--chip', '0x999'],
      /no chip 0x999 is simulated; there are 0x413/,
    ],
    [
      'a fault of a PN532',
      ['board', 'sim', '--bootloader', 'stm32', '--fault', 'a:rom-fail'],
      /`rom-fail` is a fault of a PN532/,
    ],
    [
      'pages that there are not',
      ['board', 'sim', '--bootloader', 'stm32', '--protect', '0-99'],
      /“0-99” is nothing to protect/,
    ],
    [
      'a card in the field of a bootloader',
      ['board', 'sim', '--bootloader', 'stm32', '--card', 'a:ndef'],
      /are for PN532 boards/,
    ],
  ])('%s', async (_, args, words) => {
    const { exit, out: said, err } = await vitap(...args);
    expect([exit, said]).toEqual([2, '']);
    expect(err.trim()).toMatch(words);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});
