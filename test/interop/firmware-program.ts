import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBoard } from '../../rig/board/firmware/board-description.ts';
import { buildFirmware } from '../../rig/board/firmware/build.ts';

export const BOARD = 'mps2-an386';
const LIMIT_MS = 120_000;

/** Of every program: what it says goes out of UART 0, and afterwards there is nothing to do. */
const PRELUDE = `
globalThis.poll = function () { return false; };
var say = function (text) {
  var bytes = new Uint8Array(text.length + 1);
  for (var i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i) & 0x7f;
  bytes[text.length] = 10;
  board.uartWrite(0, bytes, 0, bytes.length);
};
var check = function (name, work) {
  try {
    var result = work();
    say((result === false ? 'not ok ' : 'ok ') + name);
  } catch (error) {
    say('not ok ' + name + ': ' + error);
  }
};
say('START');
`;

/**
 * Runs a script on the emulated board, in the firmware's engine.
 * @param script calls `check(name, work)` for each thing that must hold: false and an exception are failures
 * @returns what it said, one line for each check
 * @throws {Error} it did not come to its end, or the board started anew
 */
export async function runOnBoard(script: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-program-'));
  try {
    // A script that is strict stays strict: the directive stands first.
    const strict = /^['"]use strict['"]/.test(script) ? "'use strict';" : '';
    const program = { script: `${strict}${PRELUDE}${script}\nsay('END');\n` };
    const options = { board: BOARD, image: new Uint8Array(64), folder, program };
    const built = await buildFirmware(options, new AbortController().signal, () => {});
    const lines = await said(built.files.elf, (heard) => heard.includes('END'));
    if (lines.filter((line) => line === 'START').length !== 1) throw new Error(`the board started anew: ${lines}`);
    return lines.slice(1, lines.indexOf('END'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a firmware says on UART 0, in lines, until that is enough; the last one may not be whole. */
export function said(elf: string, enough: (lines: readonly string[]) => boolean): Promise<string[]> {
  const machine = readBoard(BOARD).qemu as string;
  const screen = ['-display', 'none', '-monitor', 'none'];
  const serial = ['-serial', 'stdio', '-serial', 'null'];
  const child = spawn(
    'qemu-system-arm',
    ['-machine', machine, ...screen, '-kernel', elf, '-icount', 'shift=0', ...serial],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let text = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${why}; it said: ${text.slice(-2000)}`));
    const timer = setTimeout(() => {
      fail(`no end within ${LIMIT_MS} ms`);
      child.kill('SIGKILL');
    }, LIMIT_MS);
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1').replaceAll('\r', '');
      const lines = text.split('\n');
      if (!enough(lines)) return;
      resolve(lines);
      child.kill('SIGKILL');
    });
    child.on('error', (error) => fail(error.message));
    child.on('exit', () => {
      clearTimeout(timer);
      fail('qemu ended');
    });
  });
}
