import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BoardTestOptions } from '../../../rig/board/board-test-options.ts';
import type { Bench } from '../../../rig/board/open-board.ts';
import { testBoard } from '../../../rig/board/test-board.ts';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { fakeIo } from '../console/fake-io.ts';
import { filesOf, flipEachFile } from '../judge/evidence/flip-each-file.ts';
import { fault, simulatedBench } from './simulated-bench.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-test-board-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const options = (more: Partial<BoardTestOptions>): BoardTestOptions =>
  ({
    port: 'sim-a',
    partner: null,
    operator: false,
    serialNumber: 'B1',
    only: ['rom'],
    records: join(folder, 'records'),
    limits: null,
    loop: null,
    html: null,
    junit: null,
    evidence: null,
    record: { file: null },
    ...more,
  }) as BoardTestOptions;

/** Neither the folder of the records nor that of the page can be made: a file stands in their place. */
describe('board test whose files cannot be written', () => {
  it('says both, and the record is where it says', async () => {
    const bench = simulatedBench();
    const taken = join(folder, 'taken');
    writeFileSync(taken, '');
    const io = fakeIo({ env: {} });
    const fault = await testBoard(options({ records: join(taken, 'records'), html: join(taken, 'page.html') }), io, {
      listed: [],
      open: async () => bench.a,
      verifier: () => {
        throw new Error('unused');
      },
    }).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(fault).toMatch(/page\.html.*; the record is not where it belongs, it is in /);
    const path = /it is in (.*?\.json)/.exec(fault)?.[1] as string;
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ verdict: 'pass', board: { serialNumber: 'B1' } });
    rmSync(join(path, '..'), { recursive: true });
    expect(io.out.join('')).toContain('Repairs on the line: none');
  });
});

const verifier = (): never => {
  throw new Error('unused');
};

/** New simulated boards each time that one is opened: a board is closed after its test. */
function benchOf(makes: () => ReturnType<typeof simulatedBench>): Bench {
  let bench = makes();
  return {
    listed: [],
    open: async (port) => {
      if (port === 'sim-b') return bench.b;
      bench = makes();
      return bench.a;
    },
    verifier,
  };
}

const recordsOf = () =>
  readdirSync(join(folder, 'records')).map((name) => JSON.parse(readFileSync(join(folder, 'records', name), 'utf8')));

describe('board test by the limits of its station', { timeout: 60_000 }, () => {
  it('fails by them, and the record says whose they are', async () => {
    const limits = join(folder, 'limits.yaml');
    writeFileSync(limits, 'limits:\n  firmware: { min: 2.5 }\n');
    const io = fakeIo({ env: {} });
    const junit = join(folder, 'board.xml');
    expect(await testBoard(options({ limits, junit }), io, benchOf(simulatedBench))).toBe(1);
    expect(io.out.join('')).toContain('must be at least 2.5 on this station');
    const [record] = recordsOf();
    expect(record.stationLimits).toEqual({ file: limits, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const all = record.phases.flatMap(({ measurements }: { measurements: unknown[] }) => measurements);
    expect(all.filter(({ limitsFrom }: { limitsFrom?: string }) => limitsFrom === 'station')).toMatchObject([
      { id: 'firmware', limits: { min: 2.5 }, value: 1.6, verdict: 'fail' },
    ]);
    const xml = readFileSync(junit, 'utf8');
    expect(xml).toMatch(
      /<testsuite name="vitap board test B1" timestamp="[-\dT:]{19}" time="[\d.]+" tests="13" failures="1"/,
    );
    expect(xml).toMatch(
      /<testcase classname="board\.firmware" name="[^"]+" time="[\d.]+">\s*<failure message="Firmware version: 1.6/,
    );
    expect(xml).toContain(`<property name="limits" value="${limits}"/>`);
  });

  it('wakes no board by a file that is wrong', async () => {
    const limits = join(folder, 'limits.yaml');
    writeFileSync(limits, 'limits: { firmwear: { min: 2.5 } }');
    const open = async (): Promise<never> => Promise.reject(new Error('opened'));
    const bench: Bench = { listed: [], open, verifier };
    await expect(testBoard(options({ limits }), fakeIo({ env: {} }), bench)).rejects.toThrow('no measurement firmwear');
  });
});

describe('board test --loop', { timeout: 60_000 }, () => {
  it('keeps a record of each round and sums up', async () => {
    const io = fakeIo({ env: {}, json: true });
    const junit = join(folder, 'loop.xml');
    let round = 0;
    // The ROM of the second round is damaged.
    const bench = benchOf(() => simulatedBench(round++ === 2 ? { a: [fault('rom-fail')] } : {}));
    expect(await testBoard(options({ loop: 3, junit }), io, bench)).toBe(1);
    const summary = JSON.parse(io.out.join(''));
    expect(summary).toMatchObject({
      id: 'board-test-loop',
      verdict: 'fail',
      rounds: 3,
      passed: 2,
      failed: 1,
      errors: 0,
    });
    expect(summary.records).toHaveLength(3);
    for (const file of summary.records) expect(existsSync(file)).toBe(true);
    expect(recordsOf()).toHaveLength(3);
    const figure = (id: string) => summary.measurements.find((each: { id: string }) => each.id === id);
    expect(figure('firmware')).toMatchObject({ taken: 3, failed: 0, min: 1.6, median: 1.6, max: 1.6, unit: '' });
    expect(figure('rom-checksum')).toMatchObject({ taken: 3, failed: 1, min: null, median: null, max: null });
    expect(readFileSync(junit, 'utf8').match(/<testsuite /g)).toHaveLength(3);
  });

  it('ends with Ctrl-C, says what the whole rounds came to, and does not count the last one', async () => {
    const controller = new AbortController();
    const io = fakeIo({ env: {}, signal: controller.signal });
    let round = 0;
    const bench = benchOf(() => {
      // benchOf makes one before the first round.
      if (round++ === 3) controller.abort();
      return simulatedBench();
    });
    expect(await testBoard(options({ loop: 0 }), io, bench)).toBe(0);
    expect(io.out.join('')).toContain(
      '2 rounds: 2 passed, 0 failed, 0 not judged by an error of the rig; the last one was interrupted',
    );
    expect(recordsOf()).toHaveLength(3);
  });

  it('of so many rounds that is interrupted has no verdict', async () => {
    const controller = new AbortController();
    const io = fakeIo({ env: {}, signal: controller.signal, json: true });
    let round = 0;
    const bench = benchOf(() => {
      if (round++ === 2) controller.abort();
      return simulatedBench();
    });
    expect(await testBoard(options({ loop: 5 }), io, bench)).toBe(2);
    expect(JSON.parse(io.out.join(''))).toMatchObject({ verdict: 'interrupted', planned: 5, rounds: 1 });
  });

  it('gives up when the rig cannot judge time after time', async () => {
    const io = fakeIo({ env: {} });
    // What takes the port away says nothing about the board.
    const bench = benchOf(() => {
      const made = simulatedBench();
      made.a.wakeUp = () => Promise.reject(new HalError('no-port', 'no such port'));
      return made;
    });
    expect(await testBoard(options({ loop: 0 }), io, bench)).toBe(2);
    expect(recordsOf()).toHaveLength(3);
    expect(io.err.join('')).toContain('could not judge the board 3 times in a row');
  });

  it.each([{ html: 'x' }, { record: { file: 'x', keepSecrets: false } }])('does not go with %j', async (more) => {
    const all = options({ loop: 2, ...more } as Partial<BoardTestOptions>);
    await expect(testBoard(all, fakeIo({ env: {} }), benchOf(simulatedBench))).rejects.toThrow('are of one test');
  });
});

describe('board test --evidence', { timeout: 120_000 }, () => {
  it('writes a bundle with record, limits, taps and page; one flipped bit in any file is found', async () => {
    const io = fakeIo({ env: {} });
    await runCommandLine(['evidence', 'keygen', join(folder, 'lab')], '0.0.0', VERBS, io);
    const [bundle, limits] = [join(folder, 'bundle'), join(folder, 'limits.yaml')];
    writeFileSync(limits, 'limits:\n  firmware: { min: 1.5 }\n');
    const evidence = { folder: bundle, key: join(folder, 'lab.key.json'), imageKey: null };
    const more = { evidence, limits, html: join(folder, 'page.html'), partner: 'sim-b', only: ['tap-as-card'] };
    await testBoard(options(more), io, benchOf(simulatedBench));
    expect(filesOf(bundle)).toEqual([
      'environment.json',
      'manifest.cose',
      'manifest.json',
      'report.html',
      'rules/limits.yaml',
      'signer.pub.json',
      'traces/taps.jsonl',
      'verdicts.json',
    ]);
    const [record] = recordsOf();
    expect(JSON.parse(readFileSync(join(bundle, 'verdicts.json'), 'utf8'))).toEqual(record);
    const manifest = JSON.parse(readFileSync(join(bundle, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ kind: 'board', backend: 'simulated', subject: { 'serial number': 'B1' } });
    expect(manifest.verdict.toLowerCase()).toBe(record.verdict);
    await flipEachFile(bundle, join(folder, 'lab.pub.json'));
  });
});
