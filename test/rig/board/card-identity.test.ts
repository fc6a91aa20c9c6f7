import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flashBatch } from '../../../rig/board/batch.ts';
import { parseBatchList } from '../../../rig/board/batch-list.ts';
import type { BatchOptions } from '../../../rig/board/batch-options.ts';
import { parseSerialRange } from '../../../rig/board/batch-serials.ts';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { MemoryPorts } from '../../../rig/sim/serial/memory-port.ts';
import type { Stm32Board } from '../../../rig/sim/stm32/board.ts';
import { VirtualTimeline } from '../../../rig/sim/timeline.ts';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { type CardImage, openImage } from '../../../src/applet/image/card-image.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { formsFound } from '../../written-forms.ts';
import { expectPublished } from '../command/published-schemas.ts';
import { fakeIo } from '../console/fake-io.ts';
import { FLASH, fault, imageOf, program, simulatedBoard, timersOf } from './stm32/bench.ts';

const H7A3 = 0x480;
const CARD_AT = FLASH + 8 * 8192;
/** Two keys on the card, in different directories, and one on a curve. */
const PROFILE = `profile: keyed
description: Two AES keys.
link: { interface: contactless, protocol: T=1, historicalBytes: 80 82 90 00, uid: random }
card: { serial: 00 01, type: T, validFrom: 20240102 }
masterFile:
  keys:
    - { reference: "05", use: [external-authentication], algorithm: AES-128, value: test, access: always }
    - { reference: "07", use: [internal-authentication], algorithm: P-256, value: test, access: always }
  directories:
    - fid: DF01
      name: F0 444F4F52 01
      keys:
        - { reference: 81, use: [internal-authentication], algorithm: AES-256, value: test, access: always }
`;

let folder: string;
let list: string;
let keyFile: string;
let boards: readonly Stm32Board[];
let clock: VirtualTimeline;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-identity-'));
  [list, keyFile] = [at('three.csv'), at('keys.csv')];
  writeFileSync(at('keyed.yaml'), PROFILE);
  clock = new VirtualTimeline();
  boards = [0, 1, 2].map((i) => simulatedBoard(clock, `/sim/${i}`, H7A3));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function flash(text: string, more: Partial<BatchOptions> = {}, on = boards): Promise<Ran> {
  writeFileSync(list, text);
  const opener = new MemoryPorts([...on]);
  const io = fakeIo({ env: { XDG_STATE_HOME: at('state') }, json: true });
  const options: BatchOptions = {
    boards: on.map(({ name }) => name),
    list,
    image: null,
    profile: at('keyed.yaml'),
    verifyWith: null,
    resume: false,
    force: false,
    parallel: 3,
    imageKey: null,
    junit: at('three.xml'),
    evidence: null,
    record: { file: null, keepSecrets: false },
    firmware: {
      target: 'stm32',
      program: {
        ...{ firmware: imageOf(program(3000)), cardAt: CARD_AT, chip: H7A3, unprotect: false, start: true },
        ...{ baudRate: 115_200, framing: '8E1', boot: { how: 'none' } },
      },
      bench: { opener, timers: timersOf(clock), instruct: null },
    },
    ...more,
  };
  const bench = { listed: [], open: () => Promise.reject(new Error('none')), verifier: () => ({}) as never };
  const exit = await flashBatch(options, io, bench);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

function cardOn({ chip }: Stm32Board): Buffer {
  return Buffer.from(chip.flash.bytes.subarray(CARD_AT - FLASH, CARD_AT - FLASH + 65_536));
}

const imageOn = (board: Stm32Board): CardImage => openImage(new MemoryNvm(copyBytes(cardOn(board))));

/** Keys of the file by board. */
function keysIn(text: string): Map<string, Buffer[]> {
  const keys = new Map<string, Buffer[]>();
  for (const line of text.trim().split('\n').slice(1)) {
    const [serial = '', , , value = ''] = line.split(',');
    keys.set(serial, [...(keys.get(serial) ?? []), Buffer.from(value, 'hex')]);
  }
  return keys;
}

const THREE = 'serial\nA\nB\nC\n';

describe('UIDs of a batch', { timeout: 30_000 }, () => {
  it('are random or fixed, of single and double size, as the list says', async () => {
    const { exit, out } = await flash('serial,uid\nA,11 22 33 44\nB,04112233445566\nC,random\n');
    expect(exit).toBe(0);
    expect(boards.map((board) => imageOn(board).link.uid)).toEqual([
      Uint8Array.of(0x11, 0x22, 0x33, 0x44),
      Uint8Array.of(0x04, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66),
      null,
    ]);
    const document = JSON.parse(out);
    expectPublished('board-flash-batch', document);
    expect(document.rows.map(({ uid }: { uid: string }) => uid)).toEqual(['11223344', '04112233445566', 'random']);
    expect(readFileSync(at('three.xml'), 'utf8')).toContain('UID 04112233445566');
  });

  it('come from a range, in the order of the list, around those that stand in it', async () => {
    const text = 'serial,uid\nA,\nB,random\nC,\n';
    expect((await flash(text, { cardUids: parseSerialRange('04000000000001-04000000000002')! })).exit).toBe(0);
    expect(boards.map((board) => imageOn(board).link.uid?.at(-1))).toEqual([1, undefined, 2]);
  });

  it.each([
    ['a length that there is not', '1122334455', 'is no UID: `random`, or 4, 7 or 10 bytes in hexadecimal'],
    ['no bytes', 'twice', 'is no UID: `random`, or 4, 7 or 10 bytes in hexadecimal'],
    ['one that looks random', '08112233', 'is no UID of a card: 08 begins a random one, which is written `random`'],
    ['a cascade tag', '88112233', 'is no UID of a card: 88 at its start is the cascade tag'],
    [
      'a cascade tag within',
      '04112288334455',
      'is no UID of a card: 88 as its fourth byte is taken for the cascade tag',
    ],
  ])('%s is refused with its line', (_, uid, words) => {
    expect(() => parseBatchList(`serial,uid\nA,\nB,${uid}\n`, 'l.csv')).toThrow(`l.csv, line 3: “${uid}” ${words}`);
  });

  it('one that its board cannot show', async () => {
    writeFileSync(list, 'serial,profile,uid\nA,ndef,11223344\n');
    const io = fakeIo({ env: { XDG_STATE_HOME: at('state') } });
    const args = ['board', 'flash', '--boards', 'pn532:/sim/1', '--list', list];
    expect(await runCommandLine(args, '0.0.0', VERBS, io)).toBe(2);
    expect(io.err.join('')).toContain('line 2: as a card a PN532 has random UIDs alone');
  });
});

describe('an identity is there once', () => {
  it.each([
    ['a number of a card', 'serial,card\nA,0102\nB,03\nC,01 02\n', 'line 4: the card number 0102 stands in line 2 too'],
    [
      'a UID',
      'serial,uid\nA,11223344\nB,random\nC,random\nD,11 22 33 44\n',
      'line 5: the UID 11223344 stands in line 2',
    ],
  ])('%s that stands in the list twice is refused', (_, text, words) => {
    expect(() => parseBatchList(text, 'l.csv')).toThrow(`l.csv, ${words}`);
  });

  it.each(['key', 'Card keys', 'AES KEY'])('a list has no column “%s”: it goes into the evidence', (column) => {
    expect(() => parseBatchList(`serial,${column}\nA,00\n`, 'l.csv')).toThrow(
      'l.csv, line 1: keys have no place in a list, which goes into the evidence: --card-keys FILE takes them',
    );
  });
});

describe('keys of cards', { timeout: 60_000 }, () => {
  it('are made, are on each board its own, the same after a resume, and stand nowhere else', async () => {
    await runCommandLine(['evidence', 'keygen', at('lab')], '0.0.0', VERBS, fakeIo({ env: {} }));
    const evidence = { folder: at('bundle'), key: at('lab.key.json'), imageKey: null };
    const cardKeys = { file: keyFile, make: true } as const;
    const bad = simulatedBoard(clock, '/sim/1', H7A3, { faults: [fault('power-fail', 3)] });
    const first = await flash(THREE, { cardKeys }, [boards[0]!, bad, boards[2]!]);
    expect([first.exit, JSON.parse(first.out).done]).toEqual([2, 2]);
    const made = readFileSync(keyFile, 'utf8');
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const state = readFileSync(`${list}.batch`, 'utf8');
    expectPublished('batch-state', JSON.parse(state));
    const junit = readFileSync(at('three.xml'), 'utf8');
    const second = await flash(THREE, { cardKeys, resume: true, evidence });
    expect([second.exit, readFileSync(keyFile, 'utf8')]).toEqual([0, made]);

    const keys = keysIn(made);
    expect([...keys.keys()]).toEqual(['A', 'B', 'C']);
    expect([...keys.values()].map((each) => each.map(({ length }) => length))).toEqual([
      [16, 32],
      [16, 32],
      [16, 32],
    ]);
    for (const [i, own] of [...keys.values()].entries()) {
      for (const board of boards) {
        expect(own.map((key) => cardOn(board).includes(key))).toEqual(own.map(() => board === boards[i]));
      }
    }

    const published = [
      first.out,
      first.err,
      second.out,
      second.err,
      state,
      junit,
      readFileSync(at('three.xml'), 'utf8'),
    ];
    for (const each of readdirSync(evidence.folder, { recursive: true, withFileTypes: true })) {
      if (each.isFile()) published.push(readFileSync(join(each.parentPath, each.name), 'latin1'));
    }
    expect(published.length).toBeGreaterThan(10);
    const all = Buffer.from(published.join('\n'), 'latin1');
    // What is searched for is what the search finds where it is.
    expect(formsFound(Buffer.from(made), [...keys.values()][0]![0]!)).not.toEqual([]);
    for (const key of [...keys.values()].flat()) expect(formsFound(all, key)).toEqual([]);
  });

  it('come from a file, and a batch is resumed with the same ones', async () => {
    const rows = ['A', 'B', 'C'].flatMap((serial, i) => [
      `${serial},3f00,05,${String(i).repeat(32)}`,
      `${serial},3F00/DF01,81,${String(i + 4).repeat(64)}`,
    ]);
    const write = (lines: readonly string[]): void =>
      writeFileSync(keyFile, `serial,directory,key,value\n${lines.join('\n')}\n`, { mode: 0o600 });
    write(rows);
    const cardKeys = { file: keyFile, make: false };
    const bad = simulatedBoard(clock, '/sim/1', H7A3, { faults: [fault('power-fail', 3)] });
    expect((await flash(THREE, { cardKeys }, [boards[0]!, bad, boards[2]!])).exit).toBe(2);
    expect(cardOn(boards[2]!).includes(Buffer.alloc(16, 0x22))).toBe(true);
    expect(cardOn(boards[2]!).includes(Buffer.alloc(32, 0x66))).toBe(true);
    write(rows.map((row) => row.replace('11', '12')));
    await expect(flash(THREE, { cardKeys, resume: true })).rejects.toThrow('the keys of the cards have changed');
    await expect(flash(THREE, { resume: true })).rejects.toThrow('the keys of the cards have changed');
  });

  const ONE = `A,3F00,05,${'0'.repeat(32)}`;
  const TWO = `A,3F00/DF01,81,${'1'.repeat(64)}`;
  it.each<[string, readonly string[], string]>([
    ['no heading', [], 'holds no keys of cards: its first line is serial,directory,key,value'],
    ['another heading', ['serial,key'], 'holds no keys of cards'],
    ['fields that are missing', ['serial,directory,key,value', 'A,3F00,05'], ', line 2: 3 fields where there are 4'],
    [
      'a board that there is not',
      ['serial,directory,key,value', 'Z,3F00,05,00'],
      ', line 2: no board with the serial number Z',
    ],
    [
      'a key that there is not',
      ['serial,directory,key,value', 'A,3F00,06,00'],
      ', line 2: the card of A has no AES key 06 in 3F00',
    ],
    [
      'a key on a curve',
      ['serial,directory,key,value', 'A,3F00,07,00'],
      ', line 2: the card of A has no AES key 07 in 3F00',
    ],
    [
      'a length',
      ['serial,directory,key,value', 'A,3F00,05,00112233'],
      ', line 2: the key has 16 bytes, 32 hexadecimal digits',
    ],
    ['a key twice', ['serial,directory,key,value', ONE, ONE], ', line 3: key 05 in 3F00 of A stands in line 2 too'],
    [
      'a value twice',
      ['serial,directory,key,value', ONE, TWO, ONE.replace('A', 'B')],
      ', line 4: this key stands in line 2 too',
    ],
    ['a key that is missing', ['serial,directory,key,value', ONE], 'has no key 81 in 3F00/DF01 for A'],
  ])('%s is refused before a board is touched, and no value is told', async (_, lines, words) => {
    writeFileSync(keyFile, `${lines.join('\n')}\n`, { mode: 0o600 });
    const refused = await flash(THREE, { cardKeys: { file: keyFile, make: false } }).catch(
      (error: Error) => error.message,
    );
    expect(refused).toContain(words);
    expect(refused).not.toMatch(/0{8}|1{8}/);
    expect(readdirSync(folder)).not.toContain('three.csv.batch');
  });

  it('that others may read are refused; so is a file in the way, and one that is gone', async () => {
    writeFileSync(keyFile, 'x', { mode: 0o600 });
    const make = { cardKeys: { file: keyFile, make: true } };
    await expect(flash(THREE, make)).rejects.toThrow(
      'is there already, and may hold keys of cards: --card-keys takes them',
    );
    expect(readFileSync(keyFile, 'utf8')).toBe('x');
    chmodSync(keyFile, 0o644);
    await expect(flash(THREE, { cardKeys: { file: keyFile, make: false } })).rejects.toThrow('chmod 600 it');
    rmSync(keyFile);
    const bad = simulatedBoard(clock, '/sim/1', H7A3, { faults: [fault('power-fail', 3)] });
    expect((await flash(THREE, make, [boards[0]!, bad, boards[2]!])).exit).toBe(2);
    rmSync(keyFile);
    await expect(flash(THREE, { ...make, resume: true })).rejects.toThrow(
      'the keys that this batch was begun with are lost',
    );
  });

  it('have no use where no card has any', async () => {
    const profile = { profile: 'ndef', cardKeys: { file: keyFile, make: true } };
    await expect(flash(THREE, profile)).rejects.toThrow('no card of this batch has an AES key');
  });
});
