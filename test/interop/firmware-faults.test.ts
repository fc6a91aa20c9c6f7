import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readBoard } from '../../rig/board/firmware/board-description.ts';
import { buildFirmware } from '../../rig/board/firmware/build.ts';
import { type Emulator, startEmulator } from '../../rig/board/firmware/emulator.ts';
import { freshImage } from '../../rig/card/open.ts';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { OWN_AID } from '../../src/applet/vitale/index.ts';
import { FirmwareReader } from '../../src/hal/firmware/index.ts';
import { SystemSerialPorts } from '../../src/hal/serial/serial-port.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { domainParameters } from '../../src/secure-channel/index.ts';
import { BOARD, said } from './firmware-program.ts';
import { describeNeeds } from './real-parts.ts';

const LIMIT_MS = 300_000;
const PROFILE = 'apcv';
const hex = (bytes: Uint8Array): string => toHex(bytes);
const withLength = (bytes: string): string => (bytes.length / 2).toString(16).padStart(2, '0') + bytes;

/** The holder's: SELECT of the application, VERIFY of a code that is wrong. */
const SELECT = `00A4040C${withLength(hex(OWN_AID))}`;
const WRONG = '0020008106313233343536';
/** PACE with the CAN as far as the mapping, which computes with points: the terminal's is the generator. */
const SET_AT = `0022C1A4${withLength('800A04007F00070202040202830102')}`;
const NONCE = '10860000027C0000';
const MAP = `10860000${withLength(`7C438141${hex(domainParameters('brainpoolP256r1').generator)}`)}00`;

describeNeeds(['firmware'], 'firmware that runs out', () => {
  let folder: string;
  let image: Uint8Array;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
    image = await freshImage({ kind: 'profile', name: PROFILE });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function start(...defines: string[]): Promise<{ emulator: Emulator; reader: FirmwareReader }> {
    const { signal } = new AbortController();
    const options = { board: BOARD, image, folder, program: { channel: true }, defines };
    const { files } = await buildFirmware(options, signal, () => {});
    const board = readBoard(BOARD);
    const emulator = await startEmulator({ board, elf: files.elf, pn532: null, time: 'counted' }, signal);
    const lines = new SystemSerialPorts();
    return { emulator, reader: new FirmwareReader({ path: emulator.port, lines, clock: systemClock }) };
  }

  const statusOf = (response: Uint8Array): string => hex(response.subarray(-2));

  it.each([3000, 12_000])(
    'of RAM, with %s bytes left, answers 6F00, starts anew and says so; what was counted stays counted',
    async (spare) => {
      const { emulator, reader } = await start(`HEAP_SPARE=${spare}`);
      const waiting = { timeoutMs: 60_000 };
      const typeWrong = async (): Promise<string> => {
        const board = await reader.board(waiting);
        await board.asHolder(fromHex(SELECT));
        return statusOf(await board.asHolder(fromHex(WRONG)));
      };
      try {
        expect(await typeWrong()).toBe('63C2');
        const session = await reader.connect(waiting);
        const answers: string[] = [];
        let over: unknown = null;
        for (const command of [SET_AT, NONCE, MAP, MAP]) {
          const exchange = await session.transmit(fromHex(command)).catch((error: unknown) => {
            over = error;
            return null;
          });
          if (exchange === null) break;
          answers.push(statusOf(exchange.response));
        }
        // Not one command went without its answer, or the board's word that it started anew.
        expect(answers.pop()).toBe('6F00');
        expect(answers.filter((each) => each !== '9000')).toEqual([]);
        expect(over).toMatchObject({ kind: 'card-removed' });
        await session.disconnect().catch(() => {});
        // What the host still said while the board started is no message to it.
        const card = async (): Promise<unknown> => (await reader.board(waiting)).card();
        await vi.waitFor(
          async () => expect(await card()).toMatchObject({ interface: 'contactless' }),
          waiting.timeoutMs,
        );
        expect(await typeWrong()).toBe('63C1');
      } finally {
        await reader.close();
        await emulator.stop();
      }
    },
    LIMIT_MS,
  );

  it(
    'of RAM before its card is there, says so to every host, and does not start again and again',
    async () => {
      const { emulator, reader } = await start('HEAP_ROOM=300000');
      const lines = new SystemSerialPorts();
      const refused = { kind: 'no-card', message: expect.stringContaining('more RAM than the 300000 bytes') };
      try {
        await expect(reader.connect({ timeoutMs: 60_000 })).rejects.toMatchObject(refused);
        await reader.close();
        const second = new FirmwareReader({ path: emulator.port, lines, clock: systemClock });
        await expect(second.board({ timeoutMs: 60_000 })).rejects.toMatchObject(refused);
        await second.close();
      } finally {
        await reader.close();
        await emulator.stop();
      }
    },
    LIMIT_MS,
  );

  it(
    'of ideas is started anew by its watchdog',
    async () => {
      const script = 'board.uartWrite(0, Uint8Array.of(0x53, 10), 0, 2); globalThis.poll = function () { for (;;); };';
      const { signal } = new AbortController();
      const options = { board: BOARD, image, folder, program: { script }, defines: ['WATCHDOG_SECONDS=1'] };
      const { files } = await buildFirmware(options, signal, () => {});
      expect(await said(files.elf, (lines) => lines.length > 2)).toEqual(['S', 'S', '']);
    },
    LIMIT_MS,
  );
});
