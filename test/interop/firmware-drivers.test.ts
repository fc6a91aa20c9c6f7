import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readBoard } from '../../rig/board/firmware/board-description.ts';
import { boardHeader } from '../../rig/board/firmware/board-files.ts';
import { run } from './card.ts';
import { itNeeds } from './real-parts.ts';

const PORT = new URL('../../firmware/port/', import.meta.url).pathname;
const HARNESS = new URL('hosts/stm32-flash.c', import.meta.url).pathname;

/** Compiles the port's C for this machine, against a chip simulated by its registers. */
async function printed(board: string, chip: string, driver: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-drivers-'));
  try {
    writeFileSync(join(folder, 'board.h'), boardHeader(readBoard(board)));
    const sources = ['stm32.c', 'stm32-usart.c', driver].map((name) => join(PORT, name));
    const flags = ['-std=gnu17', '-Wall', '-Wextra', '-Werror', '-Wno-unused-parameter', '-O1', '-g'];
    const defines = ['-DREGISTERS_SIMULATED', '-DFLASH_TRIES=1000u', `-DCHIP_${chip}`];
    const program = join(folder, 'drivers');
    const built = await run('gcc', [
      ...flags,
      ...defines,
      '-I',
      folder,
      '-I',
      PORT,
      '-o',
      program,
      HARNESS,
      ...sources,
    ]);
    expect([built.exit, built.err]).toEqual([0, '']);
    const { exit, out } = await run(program, []);
    expect(exit).toBe(0);
    return out.trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same of both chips; rates by hand: H7A3 64 MHz, U575 16 MHz. `CR1`: FIFOEN, RXFNEIE, TE, RE, UE, and OVER8 on the last. */
const COMMON = [
  'erase: 1',
  // Page 3 of 8 KiB and nothing else.
  'blank: 8192 from 6000',
  'write: 1',
  'same: 1, programmed twice: 0, outside of programming: 0, locked: 1',
  'odd: A1 A2 A3',
  'crooked: 0 0',
  'protected: 0 0, locked: 1',
  'afterwards: 1',
  'stuck: 0 0',
  'received: abc, lost 1, flag 0',
  'random: 1 ABCDA',
  'a broken source restarts the board',
];

itNeeds(['gcc'], 'STM32H7A3: USART and flash, by registers', async () => {
  expect(await printed('nucleo-h7a3zi-q', 'H7A3', 'stm32h7a3.c')).toEqual([
    // PD8 and PD9: alternate function 7.
    'pins: MODER A AFR 77',
    // 64,000,000 / 115200 = 555.6; / 921600 = 69.4; / 9600 = 6666.7; 20 MBd has no divider.
    'rate 115200: 1 BRR 22C CR1 2000002D',
    'rate 921600: 1 BRR 45 CR1 2000002D',
    'rate 9600: 1 BRR 1A0B CR1 2000002D',
    'rate 20000000: 0 BRR 0 CR1 0',
    'rate 0: 0 BRR 0 CR1 0',
    ...COMMON,
  ]);
});

itNeeds(['gcc'], 'STM32U575: USART and flash, by registers', async () => {
  expect(await printed('nucleo-u575zi-q', 'U575', 'stm32u5.c')).toEqual([
    // PA9 and PA10.
    'pins: MODER A AFR 77',
    // 16,000,000 / 115200 = 138.9; 32,000,000 / 921600 = 34.7, 35 is 0x23, the low digit halved; / 9600 = 1666.7.
    'rate 115200: 1 BRR 8B CR1 2000002D',
    'rate 921600: 1 BRR 21 CR1 2000802D',
    'rate 9600: 1 BRR 683 CR1 2000002D',
    'rate 20000000: 0 BRR 0 CR1 0',
    'rate 0: 0 BRR 0 CR1 0',
    ...COMMON,
  ]);
});
