import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { program } from '../rig/board/stm32/bench.ts';
import { expectPublished } from '../rig/command/published-schemas.ts';
import { run } from './card.ts';
import { describeNeeds } from './real-parts.ts';
import { PROGRAM, RunningVerb } from './running-verb.ts';

const FLASH = '0x08000000';

let folder: string;
let board: RunningVerb | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-stm32-'));
  vi.stubEnv('XDG_STATE_HOME', join(folder, 'state'));
  board = null;
});
afterEach(() => {
  vi.unstubAllEnvs();
  board?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const port = (): string => join(folder, 'board');
const at = (name: string): string => join(folder, name);
const vitap = (...args: string[]) => run(process.execPath, [PROGRAM, ...args]);
const flash = (...args: string[]) =>
  vitap('board', 'flash', '--board', `stm32:${port()}`, '--line', '8n1', '--no-start', ...args);
/** A pseudo-terminal drops the parity that stm32flash would check. */
const stm32flash = (...args: string[]) => run('stm32flash', ['-m', '8n1', '-b', '115200', ...args, port()]);

async function sim(...args: string[]): Promise<RunningVerb> {
  board = new RunningVerb('board', 'sim', '--bootloader', 'stm32', '--link-a', port(), ...args);
  await board.says('ready');
  return board;
}

/** Ends the simulation; what is in the flash lies in a file then. */
async function keptFlash(): Promise<Buffer> {
  await board?.stop();
  return readFileSync(at('kept/board-a.bin'));
}

describeNeeds(['socat', 'stm32flash'], 'stm32flash and board flash on the simulated bootloader', () => {
  it.each([
    ['0x413', 'STM32F40xxx/41xxx'],
    ['0x450', 'STM32H74xxx/75xxx'],
  ])(
    'agree on what is in the flash: chip %s',
    async (chip, theirName) => {
      await sim('--chip', chip, '--keep', at('kept'));
      const [theirs, ours] = [program(20_000, 3), program(18_001, 4)];
      writeFileSync(at('theirs.bin'), theirs);
      writeFileSync(at('ours.bin'), ours);

      const wrote = await stm32flash('-w', at('theirs.bin'), '-v');
      expect([wrote.exit, wrote.out]).toEqual([0, expect.stringContaining(theirName)]);
      // All is there already, as our flasher reads it.
      const resumed = await flash('--firmware', at('theirs.bin'), '--resume', '--json');
      const document = JSON.parse(resumed.out);
      expectPublished('board-flash', document);
      expect([resumed.exit, document.details.pagesErased]).toEqual([0, 0]);

      expect((await flash('--firmware', at('ours.bin'))).exit).toBe(0);
      expect((await stm32flash('-r', at('read.bin'), '-S', `${FLASH}:${ours.length + 3}`)).exit).toBe(0);
      const read = readFileSync(at('read.bin'));
      expect(Buffer.compare(read.subarray(0, ours.length), ours)).toBe(0);
      expect(Buffer.compare((await keptFlash()).subarray(0, ours.length), ours)).toBe(0);
    },
    120_000,
  );

  it('protections that the one sets are seen by the other', async () => {
    await sim('--keep', at('kept'));
    writeFileSync(at('program.bin'), program(3000));
    expect((await stm32flash('-j')).exit).toBe(0);
    const refused = await flash('--firmware', at('program.bin'));
    expect(refused.exit).toBe(1);
    expect(refused.err).toContain('the flash is protected from being read out');
    expect((await flash('--firmware', at('program.bin'), '--unprotect')).exit).toBe(0);
    expect((await stm32flash('-r', at('read.bin'), '-S', `${FLASH}:3000`)).exit).toBe(0);
    expect(Buffer.compare(readFileSync(at('read.bin')), program(3000))).toBe(0);
  }, 120_000);

  it('Ctrl-C ends a flashing, and says what the board has become', async () => {
    await sim();
    writeFileSync(at('program.bin'), program(30_000));
    const to = ['--board', `stm32:${port()}`, '--line', '8n1', '--firmware', at('program.bin')];
    const flasher = new RunningVerb('board', 'flash', ...to);
    await flasher.says('writing');
    expect(await flasher.stop()).toBe(130);
    expect(flasher.err).toContain('interrupted; the board is in its bootloader without a program that starts');
    expect((await flash('--firmware', at('program.bin'), '--resume')).exit).toBe(0);
  }, 120_000);

  it('a port that somebody has', async () => {
    const stm32 = await sim();
    writeFileSync(at('program.bin'), program(30_000));
    const first = flash('--firmware', at('program.bin'));
    await stm32.says('Extended Erase');
    const second = await flash('--firmware', at('program.bin'));
    expect([second.exit, second.err.trim()]).toEqual([
      2,
      `vitap: another program is using the serial port ${port()}; the board was not changed`,
    ]);
    expect((await first).exit).toBe(0);
  }, 120_000);
});
