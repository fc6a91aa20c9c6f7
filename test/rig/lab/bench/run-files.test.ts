import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaySuite } from '../../../../rig/judge/suite/suite.ts';
import { RESULT_STATEMENT } from '../../../../rig/lab/api/result.ts';
import { NO_BENCH_FILE } from '../../../../rig/lab/bench/bench-file.ts';
import { devicesOf } from '../../../../rig/lab/bench/devices.ts';
import { isOfFullDisk, noRoom } from '../../../../rig/lab/bench/full-disk.ts';
import { judgeRun } from '../../../../rig/lab/bench/judge-run.ts';
import type { Judged, RunPlace } from '../../../../rig/lab/bench/judged.ts';
import { type FileLimits, file, takenFiles, tracesIn } from '../../../../rig/lab/bench/run-files.ts';
import { storageError } from '../../../../src/hal/nvm/storage-error.ts';
import { fakeIo } from '../../console/fake-io.ts';

const SLOW_MS = 120_000;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the files of a result', () => {
  const trace = (name: string, bytes: number) => {
    writeFileSync(join(folder, name), 'x'.repeat(bytes));
    return file('trace', name, 'application/jsonl', join(folder, name));
  };
  const LIMITS: FileLimits = { files: 3, bytes: 100, allBytes: 150 };
  const names = (files: ReturnType<typeof takenFiles>): string[] => files.map(({ role, name }) => `${role} ${name}`);
  const leftOut = (): string => readFileSync(join(folder, 'left-out.txt'), 'utf8');

  it('are all of them where they fit', () => {
    const files = [trace('a', 50), trace('b', 50), trace('c', 50)];
    expect(takenFiles(files, folder, LIMITS)).toEqual(files);
  });

  it.each([
    ['one is too large', [101, 50], ['trace 1'], '0: it has 101 bytes, and a file of a result has 100 at most\n'],
    [
      'together they are too large',
      [100, 60, 50],
      ['trace 0', 'trace 2'],
      '1: with it the files of this run would have more than 150 bytes\n',
    ],
    [
      'they are too many',
      [10, 10, 10, 10],
      ['trace 0', 'trace 1'],
      '2: a result has 3 files at most\n3: a result has 3 files at most\n',
    ],
  ])('%s: the first stay, and a log says which were left out', (_, sizes, stay, log) => {
    const files = sizes.map((bytes, i) => trace(`${i}`, bytes));
    expect(names(takenFiles(files, folder, LIMITS))).toEqual([...stay, 'log left-out.txt']);
    expect(leftOut()).toBe(log);
  });

  it('have names that the lab takes, and are finished', () => {
    for (const name of ['a b.jsonl', '-x.jsonl', `${'n'.repeat(120)}.jsonl`, 't.jsonl.12-1.tmp', 'other.txt']) {
      writeFileSync(join(folder, name), '');
    }
    const found = tracesIn(folder).map(({ name }) => name);
    expect(found).toEqual(['_x.jsonl', 'a_b.jsonl', `_${'n'.repeat(93)}.jsonl`]);
    const blobs = found.map((name) => ({ role: 'trace', name, sha256: 'a'.repeat(64), bytes: 0, mediaType: 'a/b' }));
    const { shape } = RESULT_STATEMENT as unknown as { shape: { blobs: { parse(value: unknown): unknown } } };
    expect(shape.blobs.parse(blobs)).toEqual(blobs);
    expect(tracesIn(join(folder, 'nothing'))).toEqual([]);
  });
});

describe('a disk that is full', () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
  it.each<[string, unknown, boolean]>([
    ['the system', full, true],
    ['a storage error', storageError('cannot write', 'x', full), true],
    ['what was made of it', new Error('no report', { cause: storageError('cannot write', 'x', full) }), true],
    ['a quota', Object.assign(new Error('write'), { code: 'EDQUOT' }), true],
    ['a file that is not there', Object.assign(new Error('open'), { code: 'ENOENT' }), false],
    ['no error', 'ENOSPC', false],
  ])('is known by %s', (_, error, is) => expect(isOfFullDisk(error)).toBe(is));

  it('is seen before a run is taken', () => {
    expect(noRoom([folder], 1)).toBe(null);
    expect(noRoom([join(folder, 'nothing')], 1)).toBe(null);
    expect(noRoom([folder], Number.MAX_SAFE_INTEGER)).toMatch(
      /^the disk of .* has \d+ MB left, and a run may need 9007199255$/,
    );
  });
});

describe('what a run uploads of a card whose code the bench has', () => {
  const CODE = '274916';
  /** VERIFY of ISO/IEC 7816-4 with that code in ASCII, as the profile has it. */
  const SENT = Buffer.from(CODE).toString('hex').toUpperCase();
  const card = { kind: 'profile', profile: 'vitale2', interface: 'contact' };

  async function judged(work: object): Promise<Judged> {
    const [device] = await devicesOf(NO_BENCH_FILE, { driver: 'pcsc', readers: [] });
    mkdirSync(join(folder, 'inputs'));
    const place: RunPlace = {
      bench: 'table-1',
      device: device!,
      folder,
      inputs: join(folder, 'inputs'),
      env: { XDG_STATE_HOME: folder, VITAP_PIN: CODE },
      signal: new AbortController().signal,
      last: true,
      imageKey: null,
      openPool: () => Promise.reject(new Error('none')),
      note: () => {},
      left: () => {},
    };
    return judgeRun(work, place);
  }

  it.each<[string, object, RegExp]>([
    ['conform', { kind: 'conform', suite: 'iso7816-4', only: 'VER-A0*', channel: 'none', card }, /^trace\.jsonl$/],
    [
      'bench tap',
      { kind: 'bench-tap', taps: 2, warmUp: 0, sequence: 'own', plan: 'classic', channel: 'none', card },
      /^tap-\d\.jsonl$/,
    ],
    [
      'replay',
      { kind: 'replay', folder: 'suites/vitale2', only: 'own-application', card },
      /^own-application\.attempt-1\.jsonl$/,
    ],
  ])('%s: its traces hold the command, and no file the code', { timeout: SLOW_MS }, async (_, work, name) => {
    const { verdict, files, reason } = await judged(work);
    expect([verdict, reason.includes('fault')]).toEqual(['passed', false]);
    const traces = files.filter(({ role }) => role === 'trace');
    expect(traces.length).toBeGreaterThan(0);
    for (const each of traces) expect(each.name).toMatch(name);
    expect(files.map(({ role }) => role)).toEqual(expect.arrayContaining(['report', 'html', 'trace']));
    const contents = files.map(({ path }) => readFileSync(path, 'utf8'));
    // VERIFY of reference 81 was sent, and recorded.
    expect(traces.some(({ path }) => /"apdu":"00200081/.test(readFileSync(path, 'utf8')))).toBe(true);
    for (const text of contents) {
      expect(text.toUpperCase()).not.toContain(SENT);
      expect(text).not.toContain(CODE);
    }
  });

  it('is found in a trace of the same replay that is not masked', { timeout: SLOW_MS }, async () => {
    const exit = await replaySuite(
      {
        folder: new URL('../../../../suites/vitale2', import.meta.url).pathname,
        reader: { driver: 'loopback' },
        card: { kind: 'profile', name: 'vitale2' },
        interface: 'contact',
        rules: null,
        secrets: null,
        keepGoing: false,
        keepSecrets: true,
        jobs: 1,
        only: 'own-application',
        list: false,
        outputs: { html: null, junit: null, evidence: null },
        traces: join(folder, 'traces'),
        timeoutMs: 10_000,
      },
      fakeIo({ env: { XDG_STATE_HOME: folder } }),
    );
    const [trace] = tracesIn(join(folder, 'traces'));
    expect([exit, readFileSync(trace!.path, 'utf8').toUpperCase().includes(SENT)]).toEqual([0, true]);
  });
});
