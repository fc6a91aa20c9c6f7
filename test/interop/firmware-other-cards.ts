import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { run } from './card.ts';
import {
  BoardPair,
  buildFirmware,
  exchangesOf,
  firmwareRuns,
  LIMIT_MS,
  type Said,
  vitap,
  vitapWith,
  withBoard,
} from './firmware.ts';
import { describeNeeds } from './real-parts.ts';

/** Cards that have a secure channel, live in a phone, or speak through a PN532 on the board's UART. */
export function firmwareOfOtherCards(): void {
  describeNeeds(['firmware'], 'firmware with a secure channel', () => {
    it(
      'opens PACE with chip authentication mapping, and answers inside it',
      async () => {
        const folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
        try {
          expect((await buildFirmware(folder, '--profile', 'eac')).exit).toBe(0);
          await withBoard(join(folder, 'mps2-an386.elf'), join(folder, 'host'), async ({ host }) => {
            const script = ['secure open', '00B0850000=9000'];
            const opened = (): Promise<Said> =>
              vitapWith({ VITAP_CAN: '500540' }, 'apdu', '--reader', `firmware:${host}`, ...script);
            // Until the curves' tables are made nobody answers.
            const { out } = await vi.waitFor(
              async () => {
                const said = await opened();
                expect(said.exit, said.err).toBe(0);
                return said;
              },
              { timeout: 240_000, interval: 500 },
            );
            expect(out).toMatch(/PACE with the CAN \(chip authentication mapping/);
          });
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      },
      LIMIT_MS,
    );
  });

  describeNeeds(['firmware'], 'firmware of a phone', () => {
    const firmware = firmwareRuns('--profile', 'apcv');
    const { at } = firmware;

    const vitap = (...args: string[]): Promise<Said> => vitapWith({ VITAP_CAN: '161803' }, ...args);

    beforeAll(async () => {
      expect((await vitap('pki', 'init', at('pki'), '--test')).exit).toBe(0);
    });

    it(
      'takes the code on its screen, opens a channel, and says what the card in process says',
      async () => {
        const terminal = ['--terminal-keys', at('pki/FRVITAPAT00001.keys.json')];
        const read = async (...where: string[]): Promise<Record<string, unknown>> => {
          const tap = await vitap('tap', ...where, '--pin-file', at('code'), ...terminal, '--timeout', '240', '--json');
          expect([tap.exit, tap.err]).toEqual([0, '']);
          return JSON.parse(tap.out);
        };
        const [far, near] = [await read('--reader', `firmware:${firmware.host}`), await read('--profile', 'apcv')];
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
        expect(await vitap('firmware', 'unlock', firmware.host, '--pin-file', at('code'))).toMatchObject({
          exit: 0,
          out: 'unlocked for 60 s\n',
        });
        expect(await vitap('firmware', 'lock', firmware.host)).toMatchObject({ exit: 0, out: 'locked\n' });
        const wrong = await vitap('firmware', 'unlock', firmware.host, '--pin-file', at('wrong'));
        expect([wrong.exit, wrong.err]).toEqual([1, expect.stringContaining('2 tries left')]);
        expect((await vitap('firmware', 'unlock', firmware.host, '--pin-file', at('code'))).exit).toBe(0);
        expect(await vitap('firmware', 'unlock', firmware.host)).toMatchObject({
          exit: 2,
          err: expect.stringContaining('unlock needs the code'),
        });
      },
      LIMIT_MS,
    );

    it(
      'gives the terminal nothing when the code is wrong, and counts it',
      async () => {
        const tap = await vitap('tap', '--reader', `firmware:${firmware.host}`, '--pin-file', at('wrong'));
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
        const readTwice = async (): Promise<void> => {
          await boards.targeted();
          const list = await run('/usr/bin/env', [`LIBNFC_DEVICE=pn532_uart:${at('b')}`, 'nfc-list', '-v']);
          expect(list.out).toContain('1 ISO14443A passive target(s) found');
          expect(list.out).toMatch(/SAK \(SEL_RES\): 20/);
          const { exit, out } = await vitap('tap', '--reader', `pn532:${at('b')}`);
          expect([exit, out]).toEqual([0, expect.stringContaining('https://')]);
        };
        try {
          await boards.started();
          expect((await buildFirmware(folder, '--profile', 'ndef')).exit).toBe(0);
          await withBoard(at('mps2-an386.elf'), at('host'), readTwice, '--pn532', at('a'));
        } finally {
          await boards.stop();
          rmSync(folder, { recursive: true, force: true });
        }
      },
      LIMIT_MS,
    );
  });
}
