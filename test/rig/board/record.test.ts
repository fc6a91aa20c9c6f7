import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareWithEarlier } from '../../../rig/board/compare.ts';
import { boardPage } from '../../../rig/board/html.ts';
import { judgeMeasurement } from '../../../rig/board/measurement.ts';
import type { PhaseResult } from '../../../rig/board/phase.ts';
import { type BoardRecord, earlierRecords, keepRecord, writeRecord } from '../../../rig/board/record.ts';
import { identifyBoard } from '../../../rig/endpoint/board-identity.ts';
import { median, quantileOf } from '../../../rig/figures/quantile.ts';
import { noRepairs } from '../../../src/hal/pn532/repairs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-records-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function phase(value: number, more: Partial<PhaseResult> = {}): PhaseResult {
  const plan = { id: 'round-trip-p50', what: 'Median', unit: 'ms', limits: { max: 50 } };
  return {
    id: 'round-trip',
    title: 'Round-trip time',
    verdict: 'pass',
    reason: '',
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 1,
    repairs: noRepairs(),
    lateness: null,
    measurements: [judgeMeasurement(plan, value)],
    series: [],
    ...more,
  };
}

function record(value: number, second: number, more: Partial<BoardRecord> = {}): BoardRecord {
  const startedAt = `2026-01-01T00:00:0${second}.000Z`;
  return {
    schema: 'vitap-board-test',
    schemaVersion: 1,
    verdict: 'pass',
    backend: 'hardware',
    complete: true,
    board: { name: 'pn532:/p/1', identity: identifyBoard('/p/1', []), serialNumber: 'B1' },
    partner: null,
    station: { host: 'bench3', machine: 'm', system: 's' },
    operator: null,
    program: 'vitap',
    commit: null,
    node: 'v20',
    startedAt,
    endedAt: startedAt,
    phases: [phase(value)],
    comparison: [],
    stationLimits: null,
    ...more,
  };
}

describe('earlier records', () => {
  const other = { board: { ...record(1, 1).board, serialNumber: 'B2' } };
  const unnamed = { board: { ...record(1, 1).board, serialNumber: null } };

  it('are those of the same board and the same backend, oldest first', () => {
    for (const each of [
      record(3, 3),
      record(1, 1),
      record(9, 4, other),
      record(9, 5, { backend: 'simulated' }),
      record(2, 2, unnamed),
    ]) {
      writeRecord(folder, each);
    }
    const found = earlierRecords(folder, record(0, 9), () => expect.unreachable());
    expect(found.map(({ phases }) => phases[0]?.measurements[0]?.value)).toEqual([1, 2, 3]);
  });

  it('are none in a folder that is not there, and a strange file is named', () => {
    expect(earlierRecords(join(folder, 'none'), record(0, 9), () => {})).toEqual([]);
    writeFileSync(join(folder, 'x.json'), '{"schema":"other"}');
    const strange: string[] = [];
    expect(earlierRecords(folder, record(0, 9), (path) => strange.push(path))).toEqual([]);
    expect(strange).toEqual([join(folder, 'x.json')]);
  });
});

describe('drift', () => {
  it.each([
    ['a change by half, after three that agree', [4, 4, 4], 6, true],
    ['a change by a tenth', [4, 4, 4], 4.4, false],
    ['a change by half, after only two', [4, 4], 6, false],
    ['a change by half, of what always changed as much', [2, 4, 6], 6, false],
  ])('%s', (_, before, now, drifted) => {
    const earlier = before.map((value, i) => record(value, i));
    expect(compareWithEarlier([phase(now)], earlier)).toMatchObject([
      { value: now, median: 4, earlier: before.length, drifted },
    ]);
  });

  it('looks at passes only', () => {
    expect(compareWithEarlier([phase(6)], [record(4, 1, { verdict: 'fail' })])).toEqual([]);
  });
});

describe('percentiles', () => {
  it('are values that were measured', () => {
    const values = [5, 1, 4, 2, 3];
    expect([0, 0.2, 0.5, 0.9, 1].map((share) => quantileOf(values, share))).toEqual([1, 1, 3, 5, 5]);
    expect([median([5, 1, 4]), median([4, 1, 2, 3])]).toEqual([4, 2.5]);
    expect(() => quantileOf([], 0.5)).toThrow(RangeError);
  });
});

describe('the page', () => {
  it('says the verdict and why, draws what was kept, and loads nothing', async () => {
    const series = { id: 'round-trip', what: 'Round trip', unit: 'ms', values: [1, 2, 2, 3] };
    const failed = phase(60, { verdict: 'fail', reason: 'Median: 60 ms <slow>', series: [series] });
    const page = await boardPage(record(60, 1, { verdict: 'fail', phases: [failed] }));
    expect(page).toContain('✘ FAIL');
    expect(page).toContain('Median: 60 ms &lt;slow&gt;');
    expect(page).toContain('at most 50 ms');
    expect(page).toContain('<svg');
    expect(page).not.toContain('simulated: the page says nothing');
    // Its policy forbids them, and what is not there need not be forbidden.
    expect(page).not.toMatch(/<script|<link|<img|\sstyle=|src=|url\(/);
  });

  it('says in its first lines that a board is simulated', async () => {
    expect(await boardPage(record(1, 1, { backend: 'simulated' }))).toContain('This board is simulated');
  });
});

describe('a record that its folder does not take', () => {
  const inTheWay = (): string => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    return join(file, 'records');
  };

  it('is kept where it belongs when nothing is wrong', () => {
    const records = join(folder, 'a', 'b');
    const { path, problem } = keepRecord(records, record(1, 1));
    expect([dirname(path as string), problem]).toEqual([records, null]);
  });

  it.each([
    ['a file in its way', inTheWay, /records: a part of the path is not a folder$/],
    // Node's own way of making folders never comes back from there.
    ['no folders can be made', () => '/proc/vitap/records', /^cannot make the folder \/proc\/vitap: /],
  ])('is kept elsewhere, and the reason is said: %s', (_, records, words) => {
    const { path, problem } = keepRecord(records(), record(1, 1), folder);
    expect(problem).toMatch(words);
    expect(JSON.parse(readFileSync(path as string, 'utf8'))).toMatchObject({ schema: 'vitap-board-test' });
  });

  it('is nowhere when no place takes it', () => {
    const records = inTheWay();
    expect(keepRecord(records, record(1, 1), records)).toEqual({
      path: null,
      problem: expect.stringMatching(/folder/),
    });
    expect(readdirSync(folder)).toEqual(['file']);
  });
});
