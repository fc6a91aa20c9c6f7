import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../rig/command/program.ts';
import { VERBS } from '../../rig/command/verbs/index.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { CODE, run } from './card.ts';
import { BoardPair, EmulatedBoard, exchangesOf, LIMIT_MS, type Said, vitapWith } from './firmware.ts';
import { describeNeeds } from './real-parts.ts';

/** Cards that have a secure channel, live in a phone, or speak through a PN532 on the board's UART. */
export function firmwareOfOtherCards(): void {
  describeNeeds(['firmware'], 'firmware with a secure channel', () => {
    it(
      'opens PACE with chip authentication mapping, and answers inside it',
      async () => {
        const folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
        let board: EmulatedBoard | null = null;
        try {
          const args = ['build', '--board', 'mps2-an386', '--profile', 'eac', '--out', folder];
          expect(await runCommandLine(['firmware', ...args], '0.0.0', VERBS, fakeIo())).toBe(0);
          board = new EmulatedBoard(join(folder, 'mps2-an386.elf'), join(folder, 'host'));
          await board.started();
          const reader = ['--reader', `firmware:${board.host}`];
          // Until the curves' tables are made nobody answers.
          const io = fakeIo({ env: { VITAP_CAN: '500540' } });
          await vi.waitFor(
            async () => {
              io.out.length = 0;
              expect(
                await runCommandLine(['apdu', ...reader, 'secure open', '00B0850000=9000'], '0.0.0', VERBS, io),
              ).toBe(0);
            },
            { timeout: 240_000, interval: 500 },
          );
          expect(io.out.join('')).toMatch(/PACE with the CAN \(chip authentication mapping/);
        } finally {
          await board?.stop();
          rmSync(folder, { recursive: true, force: true });
        }
      },
      LIMIT_MS,
    );
  });

  describeNeeds(['firmware'], 'firmware of a phone', () => {
    let folder: string;
    let board: EmulatedBoard;
    const keys = { pin: '', wrong: '' };

    const vitap = (...args: string[]): Promise<Said> => vitapWith({ VITAP_CAN: '161803' }, ...args);

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
      for (const [name, code] of [
        ['pin', CODE],
        ['wrong', '123456'],
      ] as const) {
        keys[name] = join(folder, name);
        writeFileSync(keys[name], code, { mode: 0o600 });
      }
      const built = await vitap('firmware', 'build', '--board', 'mps2-an386', '--profile', 'apcv', '--out', folder);
      expect(built.exit).toBe(0);
      expect((await vitap('pki', 'init', join(folder, 'pki'), '--test')).exit).toBe(0);
      board = new EmulatedBoard(join(folder, 'mps2-an386.elf'), join(folder, 'host'));
      await board.started();
    }, LIMIT_MS);
    afterAll(async () => {
      await board?.stop();
      rmSync(folder, { recursive: true, force: true });
    }, LIMIT_MS);

    it(
      'takes the code on its screen, opens a channel, and says what the card in process says',
      async () => {
        const terminal = ['--terminal-keys', join(folder, 'pki/FRVITAPAT00001.keys.json')];
        const read = async (...where: string[]): Promise<Record<string, unknown>> => {
          const tap = await vitap('tap', ...where, '--pin-file', keys.pin, ...terminal, '--timeout', '240', '--json');
          expect([tap.exit, tap.err]).toEqual([0, '']);
          return JSON.parse(tap.out);
        };
        const [far, near] = [await read('--reader', `firmware:${board.host}`), await read('--profile', 'apcv')];
        expect(far.code).toEqual({ outcome: 'unlocked-by-holder' });
        for (const key of Object.keys(near)) {
          if (['driver', 'reader', 'protocol', 'time', 'seed', 'channel'].includes(key)) continue;
          expect([key, far[key]]).toEqual([key, near[key]]);
        }
        expect(exchangesOf(far)).toEqual(exchangesOf(near));
      },
      LIMIT_MS,
    );

    it(
      'is unlocked and locked by its holder, who needs no reader',
      async () => {
        expect(await vitap('firmware', 'unlock', board.host, '--pin-file', keys.pin)).toMatchObject({
          exit: 0,
          out: 'unlocked for 60 s\n',
        });
        expect(await vitap('firmware', 'lock', board.host)).toMatchObject({ exit: 0, out: 'locked\n' });
        const wrong = await vitap('firmware', 'unlock', board.host, '--pin-file', keys.wrong);
        expect([wrong.exit, wrong.err]).toEqual([1, expect.stringContaining('2 tries left')]);
        expect((await vitap('firmware', 'unlock', board.host, '--pin-file', keys.pin)).exit).toBe(0);
        expect(await vitap('firmware', 'unlock', board.host)).toMatchObject({
          exit: 2,
          err: expect.stringContaining('unlock needs the code'),
        });
      },
      LIMIT_MS,
    );

    it(
      'gives the terminal nothing when the code is wrong, and counts it',
      async () => {
        const tap = await vitap('tap', '--reader', `firmware:${board.host}`, '--pin-file', keys.wrong);
        expect([tap.exit, tap.err]).toEqual([1, expect.stringContaining('2 tries left')]);
      },
      LIMIT_MS,
    );
  });

  describeNeeds(['firmware', 'libnfc', 'socat'], 'firmware with a PN532 on its UART', () => {
    it(
      'is a card in the field of the other board, for libnfc and for our reader',
      async () => {
        const folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
        const at = (name: string): string => join(folder, name);
        const boards = new BoardPair(at('a'), at('b'));
        let board: EmulatedBoard | null = null;
        try {
          await boards.started();
          const args = ['build', '--board', 'mps2-an386', '--profile', 'ndef', '--out', folder];
          expect(await runCommandLine(['firmware', ...args], '0.0.0', VERBS, fakeIo())).toBe(0);
          board = new EmulatedBoard(at('mps2-an386.elf'), at('host'), '--pn532', at('a'));
          await board.started();
          await boards.targeted();
          const list = await run('/usr/bin/env', [`LIBNFC_DEVICE=pn532_uart:${at('b')}`, 'nfc-list', '-v']);
          expect(list.out).toContain('1 ISO14443A passive target(s) found');
          expect(list.out).toMatch(/SAK \(SEL_RES\): 20/);
          const io = fakeIo();
          expect(await runCommandLine(['tap', '--reader', `pn532:${at('b')}`], '0.0.0', VERBS, io)).toBe(0);
          expect(io.out.join('')).toContain('https://');
        } finally {
          await board?.stop();
          await boards.stop();
          rmSync(folder, { recursive: true, force: true });
        }
      },
      LIMIT_MS,
    );
  });
}
