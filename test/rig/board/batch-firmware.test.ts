import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flashBatch } from '../../../rig/board/batch.ts';
import { parseBatchList } from '../../../rig/board/batch-list.ts';
import type { BatchOptions } from '../../../rig/board/batch-options.ts';
import { planBatch } from '../../../rig/board/batch-plan.ts';
import { parseSerialRange } from '../../../rig/board/batch-serials.ts';
import type { RowState } from '../../../rig/board/batch-state.ts';
import type { ProgramOptions } from '../../../rig/board/firmware/program-board.ts';
import type { Bench } from '../../../rig/board/open-board.ts';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { MemoryPorts } from '../../../rig/sim/serial/memory-port.ts';
import type { Stm32Board } from '../../../rig/sim/stm32/board.ts';
import { VirtualTimeline } from '../../../rig/sim/timeline.ts';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { toHex } from '../../../src/apdu/hex.ts';
import { openImage } from '../../../src/applet/image/card-image.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { expectPublished } from '../command/published-schemas.ts';
import { fakeIo } from '../console/fake-io.ts';
import { FLASH, fault, imageOf, program, simulatedBoard, timersOf } from './stm32/bench.ts';

const H7A3 = 0x480;
const FIRMWARE = program(9000);
const CARD_AT = FLASH + 64 * 8192;

let folder: string;
let list: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-forty-'));
  list = join(folder, 'forty.csv');
});
afterEach(() => rmSync(folder, { recursive: true }));

const noBench: Bench = {
  listed: [],
  open: () => Promise.reject(new Error('no PN532 here')),
  verifier: () => {
    throw new Error('nothing is read back over a field here');
  },
};

const programOptions = (more: Partial<ProgramOptions> = {}): ProgramOptions => ({
  firmware: imageOf(FIRMWARE),
  cardAt: CARD_AT,
  chip: H7A3,
  unprotect: false,
  start: true,
  baudRate: 115_200,
  framing: '8E1',
  boot: { how: 'none' },
  ...more,
});

interface Forty {
  readonly clock: VirtualTimeline;
  readonly boards: readonly Stm32Board[];
  options(more?: Partial<BatchOptions>): BatchOptions;
}

const portOf = (i: number): string => `/sim/${String(i).padStart(2, '0')}`;

function forty(boardOf: (clock: VirtualTimeline, i: number) => Stm32Board): Forty {
  const clock = new VirtualTimeline();
  const boards = Array.from({ length: 40 }, (_, i) => boardOf(clock, i));
  const opener = new MemoryPorts(boards);
  writeFileSync(list, `serial\n${boards.map((_, i) => `B${String(i).padStart(2, '0')}\n`).join('')}`);
  return {
    clock,
    boards,
    options: (more = {}) => ({
      boards: boards.map(({ name }) => name),
      list,
      image: null,
      profile: 'reference',
      verifyWith: null,
      resume: false,
      force: false,
      parallel: 16,
      imageKey: null,
      junit: null,
      evidence: null,
      record: { file: null, keepSecrets: false },
      firmware: {
        target: 'stm32',
        program: programOptions(),
        bench: { opener, timers: timersOf(clock), instruct: null },
      },
      cardSerials: parseSerialRange('999000004000-999000004027')!,
      ...more,
    }),
  };
}

/** The serial number of the card in a board's flash. */
function cardIn({ chip }: Stm32Board): string {
  return toHex(openImage(new MemoryNvm(copyBytes(chip.flash.bytes.subarray(CARD_AT - FLASH)))).serial);
}

describe('forty boards, six of them bad', { timeout: 240_000 }, () => {
  it('34 are done, 6 are named with their reason, each card is there once; interrupted, and resumed', async () => {
    const bad: Readonly<Record<number, (clock: VirtualTimeline, name: string) => Stm32Board>> = {
      3: (clock, name) => simulatedBoard(clock, name, H7A3, { faults: [fault('mute')] }),
      8: (clock, name) => simulatedBoard(clock, name, 0x413),
      15: (clock, name) => simulatedBoard(clock, name, H7A3, { readoutProtected: true }),
      22: (clock, name) => simulatedBoard(clock, name, H7A3, { faults: [fault('bad-flash', 1, 999)] }),
      29: (clock, name) => simulatedBoard(clock, name, H7A3, { faults: [fault('power-fail', 12)] }),
      // Another cable to board 1.
      36: (clock, name) => simulatedBoard(clock, name, H7A3, { uid: simulatedBoard(clock, portOf(1), H7A3).chip.uid }),
    };
    const bench = forty((clock, i) => bad[i]?.(clock, portOf(i)) ?? simulatedBoard(clock, portOf(i), H7A3));
    const env = { XDG_STATE_HOME: join(folder, 'state') };
    const stop = new AbortController();
    const first = fakeIo({ env, json: true, signal: stop.signal });
    let done = 0;
    const world = {
      ...first,
      stderr: (text: string) => {
        first.stderr(text);
        if (text.endsWith('  done\n') && ++done === 10) stop.abort();
      },
    };
    expect(await flashBatch(bench.options(), world, noBench)).toBe(2);
    const interrupted = JSON.parse(first.out.join(''));
    expect(interrupted.done).toBeGreaterThanOrEqual(10);
    expect(interrupted.done).toBeLessThan(34);
    expectPublished('batch-state', JSON.parse(readFileSync(`${list}.batch`, 'utf8')));
    expectPublished('board-flash-batch', interrupted);
    // Every board that Ctrl-C met under way is said to be what it is.
    const met = interrupted.rows.filter((row: RowState | { outcome: 'open' }) => row.outcome === 'open');
    const reasons = met.flatMap(({ reason }: RowState) => (reason === null ? [] : [reason]));
    expect(reasons.length).toBeGreaterThan(2);
    for (const reason of reasons) expect(reason).toMatch(/^interrupted; the (board|new program) /);

    // Who was interrupted in the middle stands in the bootloader; the others have started, and nobody opens them again.
    const startedAgain: string[] = [];
    const before = new Set(
      interrupted.rows.filter((row: RowState) => row.outcome === 'done').map((row: RowState) => row.board),
    );
    for (const board of bench.boards) {
      board.onEvent = ({ type }) =>
        void (type === 'baud-rate' && before.has(`stm32:${board.name}`) && startedAgain.push(board.name));
      board.plug();
    }
    await runCommandLine(['evidence', 'keygen', join(folder, 'lab')], '0.0.0', VERBS, fakeIo({ env: {} }));
    const evidence = { folder: join(folder, 'bundle'), key: join(folder, 'lab.key.json'), imageKey: null };
    const second = fakeIo({ env, json: true });
    const junit = join(folder, 'forty.xml');
    expect(await flashBatch(bench.options({ resume: true, junit, evidence }), second, noBench)).toBe(2);
    const document = JSON.parse(second.out.join(''));
    expectPublished('board-flash-batch', document);
    expect([document.done, document.failed + document.errors, document.open]).toEqual([34, 6, 0]);
    expect(startedAgain).toEqual([]);

    const wrong = document.rows.filter((row: RowState) => row.outcome !== 'done');
    expect(wrong.map((row: RowState) => [row.serialNumber, row.outcome, row.reason])).toEqual(
      [
        [
          'B03',
          'failed',
          expect.stringMatching(/^nothing answers the byte 7F at \/sim\/03: .*; the board was not changed$/),
        ],
        [
          'B08',
          'failed',
          'the chip is 0x413 (STM32F40x/41x), not 0x480 (STM32H7A3/7B3) as --chip says; the board was not changed',
        ],
        [
          'B15',
          'failed',
          expect.stringMatching(/^the flash is protected from being read out, .*; the board was not changed$/),
        ],
        [
          'B22',
          'failed',
          expect.stringMatching(
            /^the flash holds [0-9A-F]{2} at 0x[0-9A-F]{8}, where [0-9A-F]{2} was written; the board is in its/,
          ),
        ],
        ['B29', 'error', expect.stringMatching(/^serial port \/sim\/29 was unplugged; the board is in its bootloader/)],
        [
          expect.stringMatching(/^B(01|36)$/),
          'error',
          expect.stringMatching(
            /^the chip with the number [0-9A-F]{24} is that of B(01|36): two ports lead to one board; the board was not changed$/,
          ),
        ],
      ].toSorted(([a], [b]) => String(a).localeCompare(String(b))),
    );

    const good = document.rows.filter((row: RowState) => row.outcome === 'done');
    const cards = good.map((row: RowState) => row.cardSerial);
    expect(new Set(cards).size).toBe(34);
    expect(new Set(good.map((row: RowState) => row.chip)).size).toBe(34);
    for (const row of good as RowState[]) {
      const board = bench.boards.find(({ name }) => row.board === `stm32:${name}`)!;
      expect(Buffer.compare(board.chip.flash.bytes.subarray(0, FIRMWARE.length), FIRMWARE)).toBe(0);
      expect(cardIn(board)).toBe(row.cardSerial);
      // In the order of the list, whoever was flashed first.
      expect(row.cardSerial).toBe((0x999000004000 + Number(row.serialNumber.slice(1))).toString(16).toUpperCase());
    }
    expect(readFileSync(junit, 'utf8')).toMatch(/tests="40" failures="4" errors="2" skipped="0"/);

    // The bundle tells which card each board has, and nothing of what is in it.
    const files = readdirSync(evidence.folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(evidence.folder, name))
      .filter((path) => existsSync(path) && !readdirable(path));
    expect(files.length).toBeGreaterThan(4);
    const content = Buffer.concat([...files, junit].map((path) => readFileSync(path)));
    const image = bench.boards[0]!.chip.flash.bytes.subarray(CARD_AT - FLASH, CARD_AT - FLASH + 4096);
    for (let at = 0; at + 16 <= image.length; at += 16) {
      const piece = Buffer.from(image.subarray(at, at + 16));
      if (new Set(piece).size < 6) continue;
      expect(content.includes(piece)).toBe(false);
      expect(content.toString('latin1').toUpperCase()).not.toContain(piece.toString('hex').toUpperCase());
    }
    expect(content.toString('latin1')).not.toContain('274916');
    expectPublished(
      'evidence-environment',
      JSON.parse(readFileSync(join(evidence.folder, 'environment.json'), 'utf8')),
    );
    const verified = fakeIo({ env: {} });
    const verify = ['evidence', 'verify', evidence.folder, '--key', join(folder, 'lab.pub.json')];
    expect(await runCommandLine(verify, '0.0.0', VERBS, verified)).toBe(0);
  });
});

describe('a board that falls silent while it is flashed', { timeout: 60_000 }, () => {
  it('is not said to be as it was by the next runs, which cannot reach it', async () => {
    const bench = forty((clock, i) => simulatedBoard(clock, portOf(i), H7A3, { faults: [fault('stuck', 20)] }));
    writeFileSync(list, 'serial\nB00\n');
    const { cardSerials: _, ...options } = bench.options({ profile: null });
    const reasons: string[] = [];
    for (const resume of [false, true, true]) {
      const io = fakeIo({ env: { XDG_STATE_HOME: join(folder, 'state') }, json: true });
      expect(await flashBatch({ ...options, resume }, io, noBench)).toBe(1);
      reasons.push(JSON.parse(io.out.join('')).rows[0].reason);
    }
    const [first, second, third] = reasons;
    expect(first).toBe(
      'the bootloader does not answer Write Memory any more; the board is in its bootloader without a program that starts; flash it again',
    );
    expect(second).toBe(
      `nothing answers the byte 7F at /sim/00: is the board in its bootloader (BOOT0 high, then a reset); the board was not changed since an earlier run: ${first}`,
    );
    expect(third).toBe(second);
  });
});

describe('many boards at once', { timeout: 120_000 }, () => {
  it('sixteen take less than 1.3 times the time of one', async () => {
    const times = await Promise.all(
      [1, 16].map(async (count) => {
        const home = mkdtempSync(join(folder, 'n'));
        const bench = forty((clock, i) => simulatedBoard(clock, portOf(i), H7A3));
        const own = join(home, 'some.csv');
        writeFileSync(own, `serial\n${Array.from({ length: count }, (_, i) => `B${i}\n`).join('')}`);
        const io = fakeIo({ env: { XDG_STATE_HOME: home }, json: true });
        const { cardSerials: _, ...options } = bench.options({ profile: null, list: own });
        expect(await flashBatch(options, io, noBench)).toBe(0);
        return bench.clock.nowNs();
      }),
    );

    expect(times[1]! / times[0]!).toBeLessThan(1.3);
  });
});

describe('the plan of a batch with firmware', () => {
  const plan = (
    text: string,
    boards: 'all' | readonly string[],
    more: Partial<BatchOptions> = {},
    listed: Bench['listed'] = [],
  ) =>
    planBatch(
      parseBatchList(text, 'l.csv'),
      {
        boards,
        image: null,
        profile: null,
        list: 'l.csv',
        firmware: { target: 'stm32', program: programOptions(), bench: {} as never },
        ...more,
      },
      { listed },
    );

  it('needs no card, and takes ports of the list with their prefix', () => {
    const [job] = plan('serial,port\nA,stm32:/sim/1\n', 'all');
    expect([job!.card, job!.identity.port, job!.target]).toEqual([null, '/sim/1', 'stm32']);
  });

  it('never takes a board twice: two names of one device', () => {
    writeFileSync(join(folder, 'tty'), '');
    symlinkSync(join(folder, 'tty'), join(folder, 'by-id'));
    expect(() => plan('serial\nA\nB\n', [join(folder, 'tty'), join(folder, 'by-id')])).toThrow(
      `${join(folder, 'tty')} and ${join(folder, 'by-id')} are one port: name it once`,
    );
  });

  it('asks which, where two adapters have one serial number', () => {
    const usb = (path: string) => ({ path, vendorId: '0403', productId: '6001', serialNumber: 'F1' });
    expect(() => plan('serial,board\nA,F1\n', 'all', {}, [usb('/1'), usb('/2')])).toThrow(
      'l.csv, line 2: /1 and /2 both have the identity F1: name the port instead',
    );
  });

  it('gives the numbers of a range in the order of the list, around those that stand in it', () => {
    const jobs = plan('serial,card\nA,\nB,0105\nC,\n', ['/1', '/2', '/3'], {
      profile: 'reference',
      cardSerials: parseSerialRange('0102-0103')!,
    });
    expect(jobs.map(({ row }) => toHex(row.cardSerial!))).toEqual(['0102', '0105', '0103']);
  });

  it.each<[string, string, Partial<BatchOptions>, string]>([
    [
      'too short',
      'serial\nA\nB\n',
      { cardSerials: parseSerialRange('01-01')! },
      'l.csv, line 3: no number of --card-serials is left for B',
    ],
    [
      'in the list already',
      'serial,card\nA,\nB,01\n',
      { cardSerials: parseSerialRange('01-02')! },
      'l.csv: the number 01 of --card-serials stands in the column card too',
    ],
  ])('refuses a range that is %s', (_, text, more, sentence) => {
    expect(() => plan(text, ['/1', '/2'], { profile: 'reference', ...more })).toThrow(sentence);
  });

  it.each(['', '01', '01-0203', '03-02', '01-02-03', 'x-y'])('“%s” is no range', (text) => {
    expect(parseSerialRange(text)).toBeNull();
  });

  it('refuses a card without its place', () => {
    const firmware = { target: 'stm32', program: programOptions({ cardAt: null }), bench: {} as never } as const;
    expect(() => plan('serial,profile\nA,ndef\n', ['/1'], { firmware })).toThrow(
      'l.csv, line 2: where in the flash does the card go? say it with --card-at',
    );
  });
});

function readdirable(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}
