import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flashBatch } from '../../../rig/board/batch.ts';
import { parseBatchList } from '../../../rig/board/batch-list.ts';
import type { BatchOptions } from '../../../rig/board/batch-options.ts';
import { planBatch } from '../../../rig/board/batch-plan.ts';
import type { BoardUnderTest } from '../../../rig/board/board-under-test.ts';
import { EvidenceRun } from '../../../rig/board/evidence-run.ts';
import type { Bench } from '../../../rig/board/open-board.ts';
import { imageOf, readStored } from '../../../rig/board/store.ts';
import { contentsOf } from '../../../rig/card/image-name.ts';
import { buildImage } from '../../../rig/card/open.ts';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { identifyBoard } from '../../../rig/endpoint/board-identity.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { FileNvm } from '../../../src/hal/nvm/file.ts';
import { fakeIo } from '../console/fake-io.ts';
import { filesOf, flipEachFile } from '../judge/evidence/flip-each-file.ts';

let folder: string;
let list: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-batch-'));
  list = join(folder, 'list.csv');
  FileNvm.create(join(folder, 'card.img'), await buildImage('reference', 'batch')).close();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Boards of which only waking, firmware and sleep matter. */
class PaperBench implements Bench {
  readonly listed: Bench['listed'] = [];
  readonly opened: string[] = [];
  readonly closed: string[] = [];
  readonly #trouble: Readonly<Record<string, () => never>>;
  readonly #onWake: (port: string) => void;

  constructor(trouble: Readonly<Record<string, () => never>> = {}, onWake: (port: string) => void = () => {}) {
    this.#trouble = trouble;
    this.#onWake = onWake;
  }

  async open(port: string): Promise<BoardUnderTest> {
    this.opened.push(port);
    return {
      name: `pn532:${port}`,
      identity: identifyBoard(port, []),
      wakeUp: async () => {
        this.#onWake(port);
        this.#trouble[port]?.();
      },
      firmware: async () => ({ ic: 0x32, version: 1, revision: 6, support: 7 }),
      close: async () => void this.closed.push(port),
    } as unknown as BoardUnderTest;
  }

  verifier(): never {
    throw new Error('nothing reads back here');
  }
}

const options = (more: Partial<BatchOptions> = {}): BatchOptions => ({
  boards: ['/p/1', '/p/2', '/p/3'],
  list,
  image: join(folder, 'card.img'),
  profile: null,
  verifyWith: null,
  resume: false,
  force: false,
  parallel: 1,
  imageKey: null,
  junit: null,
  evidence: null,
  record: { file: null, keepSecrets: false },
  ...more,
});
const io = (more: object = {}) => fakeIo({ env: { XDG_STATE_HOME: folder }, json: true, ...more });
const stored = (port: string) => readStored(join(folder, 'vitap'), identifyBoard(port, []));

const mute = (): never => {
  throw new HalError('timeout', 'nothing answers');
};
const busy = (): never => {
  throw new HalError('busy', 'It is taken.');
};

describe('a board that has a card already', () => {
  const flashAgain = async (more: Partial<BatchOptions> = {}) => {
    const run = io();
    const exit = await flashBatch(options(more), run, new PaperBench());
    return { exit, rows: JSON.parse(run.out.join('')).rows };
  };
  const onBoard = () => contentsOf(imageOf(join(folder, 'vitap'), identifyBoard('/p/1', [])));

  it('gets another one where the first is as it was flashed', async () => {
    writeFileSync(list, 'serial\nB1\n');
    expect((await flashAgain()).exit).toBe(0);
    expect((await flashAgain()).exit).toBe(0);
  });

  it('keeps one that was written into, unless told otherwise', { timeout: 30_000 }, async () => {
    writeFileSync(list, 'serial\nB1\n');
    await flashAgain();
    const used = await buildImage('ndef', 'written into');
    FileNvm.create(imageOf(join(folder, 'vitap'), identifyBoard('/p/1', [])), used).close();
    const { exit, rows } = await flashAgain();
    expect(exit).toBe(2);
    expect(rows[0]).toMatchObject({
      outcome: 'error',
      reason: expect.stringMatching(
        /^pn532:\/p\/1 has a card of profile ndef, serial number [0-9A-F]+, and what was written .* --force replaces it$/,
      ),
    });
    expect(onBoard()).toEqual(used);
    expect((await flashAgain({ resume: true, force: true })).exit).toBe(0);
    expect(onBoard()).not.toEqual(used);
  });

  it('keeps what stands in the place of a card and cannot be read', async () => {
    writeFileSync(list, 'serial\nB1\n');
    await flashAgain();
    writeFileSync(imageOf(join(folder, 'vitap'), identifyBoard('/p/1', [])), 'no image');
    const { exit, rows } = await flashAgain();
    expect([exit, rows[0].reason]).toEqual([
      2,
      expect.stringContaining('has a card image that this program cannot read'),
    ]);
  });
});

describe('a batch with --evidence', { timeout: 120_000 }, () => {
  const bundle = () => join(folder, 'bundle');
  const choice = async () => {
    await runCommandLine(['evidence', 'keygen', join(folder, 'lab')], '0.0.0', VERBS, fakeIo({ env: {} }));
    return { folder: bundle(), key: join(folder, 'lab.key.json'), imageKey: null };
  };

  it('hands over list, verdicts and environment, signed; one flipped bit in any file is found', async () => {
    writeFileSync(list, 'serial\nB1\nB2\nB3\n');
    const world = io();
    const evidence = await choice();
    expect(await flashBatch(options({ evidence }), world, new PaperBench({ '/p/2': mute }))).toBe(1);
    expect(filesOf(bundle())).toEqual([
      'environment.json',
      'manifest.cose',
      'manifest.json',
      'rules/list.csv',
      'signer.pub.json',
      'verdicts.json',
    ]);
    const read = (name: string): string => readFileSync(join(bundle(), name), 'utf8');
    expect(JSON.parse(read('verdicts.json'))).toEqual(JSON.parse(world.out.join('')));
    expect(read('rules/list.csv')).toBe(readFileSync(list, 'utf8'));
    expect(JSON.parse(read('environment.json'))).toMatchObject({ boards: 'pn532:/p/1,pn532:/p/2,pn532:/p/3' });
    expect(JSON.parse(read('manifest.json'))).toMatchObject({
      kind: 'batch',
      verdict: 'FAIL',
      subject: { list: 'list.csv', boards: '2 of 3 have their card' },
    });
    await flipEachFile(bundle(), join(folder, 'lab.pub.json'));
  });

  it('holds the trace of reading back, where anything was read', async () => {
    const run = EvidenceRun.open(await choice(), { file: null, keepSecrets: false }) as EvidenceRun;
    expect(run.taps).toEqual([]);
    writeFileSync(run.record.file, '{}\n');
    expect(run.taps).toEqual([{ path: 'traces/taps.jsonl', role: 'trace', content: { file: run.record.file } }]);
    run.close();
    expect(existsSync(run.record.file)).toBe(false);
  });

  it('is checked before a board is woken, and an interrupted batch leaves none', async () => {
    writeFileSync(list, 'serial\nB1\nB2\nB3\n');
    const evidence = await choice();
    const bench = new PaperBench();
    const public_ = { ...evidence, key: join(folder, 'lab.pub.json') };
    await expect(flashBatch(options({ evidence: public_ }), io(), bench)).rejects.toThrow(
      'signing needs the private one',
    );
    expect(bench.opened).toEqual([]);
    const stop = new AbortController();
    const world = io({ signal: stop.signal });
    await flashBatch(options({ evidence }), world, new PaperBench({}, () => stop.abort()));
    expect(existsSync(bundle())).toBe(false);
    expect(world.err.join('')).toContain('no evidence was written');
  });
});

describe('a batch', () => {
  it('puts a card on every board, and leaves no state behind', async () => {
    writeFileSync(list, 'serial\nB1\nB2\nB3\n');
    const [bench, world] = [new PaperBench(), io()];
    expect(await flashBatch(options(), world, bench)).toBe(0);
    expect(JSON.parse(world.out.join(''))).toMatchObject({ verdict: 'pass', done: 3, failed: 0, errors: 0, open: 0 });
    expect(stored('/p/2')).toMatchObject({ serialNumber: 'B2', profile: 'reference' });
    expect(bench.closed).toEqual(['/p/1', '/p/2', '/p/3']);
    expect(existsSync(`${list}.batch`)).toBe(false);
  });

  it.each([
    ['a board that is at fault', mute, 1, 'failed'],
    ['a port that is taken', busy, 2, 'error'],
  ] as const)('goes on after %s, and tries it again when it is resumed', async (_, trouble, exit, outcome) => {
    writeFileSync(list, 'serial\nB1\nB2\nB3\n');
    const [bench, world] = [new PaperBench({ '/p/2': trouble }), io()];
    const junit = join(folder, 'batch.xml');
    expect(await flashBatch(options({ junit }), world, bench)).toBe(exit);
    const xml = readFileSync(junit, 'utf8');
    const [failures, errors] = outcome === 'failed' ? [1, 0] : [0, 1];
    expect(xml).toMatch(/<testsuite name="vitap board flash [^"]+" timestamp="[-\dT:]{19}" time="[\d.]+" tests="3"/);
    expect(xml).toContain(`tests="3" failures="${failures}" errors="${errors}" skipped="0"`);
    expect(xml.match(/<testcase classname="board.flash" name="B\d" time="[\d.]+"/g)).toHaveLength(3);
    expect(JSON.parse(world.out.join('')).rows.map((row: { outcome: string }) => row.outcome)).toEqual([
      'done',
      outcome,
      'done',
    ]);
    expect(bench.closed).toHaveLength(3);
    const again = new PaperBench();
    expect(await flashBatch(options({ resume: true }), io(), again)).toBe(0);
    expect(again.opened).toEqual(['/p/2']);
  });

  it('ends when it is told to, with the board asleep, and is resumed where it was', async () => {
    writeFileSync(list, 'serial\nB1\nB2\nB3\n');
    const stop = new AbortController();
    const bench = new PaperBench({}, (port) => port === '/p/2' && stop.abort());
    const world = io({ signal: stop.signal });
    expect(await flashBatch(options(), world, bench)).toBe(2);
    expect(JSON.parse(world.out.join(''))).toMatchObject({ done: 1, open: 2 });
    expect([bench.opened, bench.closed]).toEqual([
      ['/p/1', '/p/2'],
      ['/p/1', '/p/2'],
    ]);
    expect(stored('/p/2')).toBeNull();
    const again = new PaperBench();
    expect(await flashBatch(options({ resume: true }), io(), again)).toBe(0);
    expect(again.opened).toEqual(['/p/2', '/p/3']);
  });

  it('is not begun twice, not resumed when there is nothing, and not with another list', async () => {
    writeFileSync(list, 'serial\nB1\nB2\n');
    await expect(flashBatch(options({ resume: true }), io(), new PaperBench())).rejects.toThrow('no interrupted batch');
    await flashBatch(options(), io(), new PaperBench({ '/p/2': mute }));
    await expect(flashBatch(options(), io(), new PaperBench())).rejects.toThrow('--resume goes on with it');
    writeFileSync(list, 'serial\nB1\nB3\n');
    await expect(flashBatch(options({ resume: true }), io(), new PaperBench())).rejects.toThrow(
      /a batch is resumed as it was begun, and the list has changed: to begin anew/,
    );
    writeFileSync(list, 'serial\nB1\nB2\n');
    await expect(
      flashBatch(options({ resume: true, boards: ['/p/1', '/p/9'] }), io(), new PaperBench()),
    ).rejects.toThrow('and --boards was pn532:/p/1,pn532:/p/2,pn532:/p/3 and is pn532:/p/1,pn532:/p/9: to begin anew');
    await expect(
      flashBatch(options({ resume: true, image: null, profile: 'apcv' }), io(), new PaperBench()),
    ).rejects.toThrow(/and --image was .*card\.img and is not given; --profile was not given and is apcv: to begin/);
    writeFileSync(`${list}.batch`, '{"schema":');
    await expect(flashBatch(options({ resume: true }), io(), new PaperBench())).rejects.toThrow('is damaged');
  });

  it('gives every card of a profile its own serial number: from the list, or from that of the board', async () => {
    writeFileSync(list, 'serial,card\nB1,\nB2,99 90 00 00 01 23\nB3,\n');
    const begin = (): Promise<number> => flashBatch(options({ image: null, profile: 'ndef' }), io(), new PaperBench());
    const serials = (): (string | undefined)[] => ['/p/1', '/p/2', '/p/3'].map((port) => stored(port)?.cardSerial);
    expect(await begin()).toBe(0);
    // `printf B1 | sha256sum`, its first four bytes, behind the first two of the profile's number.
    expect(serials()).toEqual(['99905B950E77', '999000000123', '99900CD20D37']);
    const first = serials();
    expect(await begin()).toBe(0);
    expect(serials()).toEqual(first);
  });

  it('refuses the second of two cards with one serial number', async () => {
    writeFileSync(list, 'serial,card\nB1,\nB2,99905B950E77\n');
    const world = io();
    expect(await flashBatch(options({ image: null, profile: 'ndef' }), world, new PaperBench())).toBe(2);
    const { rows } = JSON.parse(world.out.join('')) as { rows: { outcome: string; reason: string | null }[] };
    expect(rows.map(({ outcome }) => outcome)).toEqual(['done', 'error']);
    expect(rows[1]?.reason).toContain('the cards of B1 and B2 would both have the serial number 99905B950E77');
  });

  it('says that several boards get one card when it is an image', async () => {
    writeFileSync(list, 'serial\nB1\nB2\n');
    const world = io();
    await flashBatch(options(), world, new PaperBench());
    expect(world.err.join('')).toContain('2 boards get the same card from an image, serial number 999000000003');
  });

  it('touches no board when a card of the list is wrong', async () => {
    writeFileSync(list, `serial,image\nB1,\nB2,${join(folder, 'none.img')}\n`);
    const bench = new PaperBench();
    await expect(flashBatch(options(), io(), bench)).rejects.toThrow(/none.img/);
    expect(bench.opened).toEqual([]);
  });

  it('keeps the old card when the new one cannot be written', async () => {
    writeFileSync(list, 'serial\nB1\n');
    await flashBatch(options(), io(), new PaperBench());
    const image = imageOf(join(folder, 'vitap'), identifyBoard('/p/1', []));
    const before = readFileSync(image);
    const used = FileNvm.open(image);
    const world = io();
    expect(await flashBatch(options(), world, new PaperBench())).toBe(2);
    expect(JSON.parse(world.out.join('')).rows[0].reason).toMatch(/in use/);
    used.close();
    expect(readFileSync(image)).toEqual(before);
  });
});

describe('the plan of a batch', () => {
  const plan = (text: string, boards: 'all' | readonly string[], listed: Bench['listed'] = []) =>
    planBatch(parseBatchList(text, 'l.csv'), { boards, image: null, profile: null, list: 'l.csv' }, { listed }).map(
      ({ row, identity }) => `${row.serialNumber} ${identity.port}`,
    );
  const usb = (path: string, serialNumber: string) => ({ path, vendorId: '0403', productId: '6001', serialNumber });

  it.each<[string, string, 'all' | readonly string[], Bench['listed'], string[]]>([
    ['in order', 'serial,profile\nA,x\nB,x\n', ['/1', '/2'], [], ['A /1', 'B /2']],
    ['by port, the others around it', 'serial,profile,port\nA,x,\nB,x,/1\n', ['/1', '/2'], [], ['A /2', 'B /1']],
    [
      'by the bridge’s number',
      'serial,profile,board\nA,x,F2\nB,x,\n',
      'all',
      [usb('/1', 'F1'), usb('/2', 'F2')],
      ['A /2', 'B /1'],
    ],
    ['by key', 'serial,profile,board\nA,x,usb-0403-6001-F2\n', 'all', [usb('/1', 'F1'), usb('/2', 'F2')], ['A /2']],
    ['by a port that nothing lists', 'serial,profile,port\nA,x,/sim/1\n', 'all', [], ['A /sim/1']],
  ])('gives boards %s', (_, text, boards, listed, expected) => {
    expect(plan(text, boards, listed)).toEqual(expected);
  });

  it.each<[string, string, 'all' | readonly string[], string]>([
    [
      'too few boards',
      'serial,profile\nA,x\nB,x\n',
      ['/1'],
      'l.csv, line 3: no board is left for serial number B: 1 port for 2 rows',
    ],
    [
      'a port that is not among them',
      'serial,profile,port\nA,x,/9\n',
      ['/1'],
      'l.csv, line 2: port /9 is not among --boards',
    ],
    ['an unknown identity', 'serial,profile,board\nA,x,F9\n', ['/1'], 'l.csv, line 2: no board with identity F9'],
    ['a row without a card', 'serial\nA\n', ['/1'], 'l.csv, line 2: which card?'],
  ])('refuses %s', (_, text, boards, sentence) => {
    expect(() => plan(text, boards)).toThrow(sentence);
  });
});
