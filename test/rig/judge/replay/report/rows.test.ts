import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EntryFile } from '../../../../../rig/judge/replay/entry-file.ts';
import type { ReplayEntry, ReplayVerdict } from '../../../../../rig/judge/replay/model.ts';
import type { ReplayReport } from '../../../../../rig/judge/replay/report/model.ts';
import { MOST_ROWS, pageRows } from '../../../../../rig/judge/replay/report/rows.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-rows-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function entry(index: number, verdict: ReplayVerdict, more: Partial<ReplayEntry> = {}): ReplayEntry {
  return {
    index,
    name: 'READ BINARY',
    command: '00B0000000',
    recordedCommand: null,
    expected: '9000',
    got: verdict === 'FAIL' ? '6A82' : '9000',
    rule: null,
    verdict,
    divergence: null,
    problem: null,
    time: null,
    retries: 0,
    ...more,
  };
}

/** A report of one trace with these entries. */
function report(entries: EntryFile): ReplayReport {
  const attempt = { number: 1, summary: null, problem: null, where: null, entries };
  const trace = { id: 'one', title: null, trace: 'one.jsonl', rules: null, reason: null, quarantine: null };
  const traces = [{ ...trace, expect: { kind: 'pass' } as const, verdict: 'PASS' as const, attempts: [attempt] }];
  // Only the traces go into rows.
  return { traces } as unknown as ReplayReport;
}

interface Written {
  readonly sets: readonly { readonly left: number; readonly rows: readonly (readonly number[])[] }[];
  readonly strings: readonly string[];
}

describe('the exchanges of a page', () => {
  it('has every text once', async () => {
    const entries = new EntryFile(join(folder, 'entries'));
    for (let i = 1; i <= 3; i++) entries.add(entry(i, 'PASS'));
    const { json } = await pageRows(report(entries));
    const { sets, strings } = JSON.parse(json) as Written;
    expect(strings).toEqual(['READ BINARY', '00B0000000', '9000']);
    expect(sets[0]?.rows).toEqual([1, 2, 3].map((i) => [i, 0, 1, -1, 2, 2, -1, 0, 0, -1, -1, -1, -1, 0]));
  });

  it('tells of the first ten that are not as expected, and of those that were sent again', async () => {
    const entries = new EntryFile(join(folder, 'entries'));
    entries.add(entry(1, 'PASS', { retries: 1 }));
    entries.add(entry(2, 'PASS'));
    for (let i = 3; i <= 20; i++) entries.add(entry(i, i % 2 === 0 ? 'FAIL' : 'INCONCLUSIVE'));
    entries.add(entry(21, 'SKIPPED'));
    const found = (await pageRows(report(entries))).attempts.get('one 1');
    expect(found?.wrong).toBe(19);
    expect(found?.first.map(({ row, entry: { index } }) => [row, index])).toEqual(
      [0, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((row) => [row, row + 1]),
    );
  });

  it('leaves out what passed beyond the limit, and nothing that failed', async () => {
    const entries = new EntryFile(join(folder, 'entries'));
    for (let i = 1; i <= MOST_ROWS; i++) entries.add(entry(i, 'PASS'));
    const beyond = ['PASS', 'FAIL', 'PASS', 'SKIPPED', 'INCONCLUSIVE'] as const;
    beyond.forEach((verdict, i) => {
      entries.add(entry(MOST_ROWS + 1 + i, verdict));
    });
    const { json, attempts } = await pageRows(report(entries));
    const [set] = (JSON.parse(json) as Written).sets;
    expect(set?.rows.slice(MOST_ROWS).map(([index]) => index)).toEqual([MOST_ROWS + 2, MOST_ROWS + 5]);
    expect(set?.left).toBe(3);
    expect(attempts.get('one 1')?.first.map(({ row }) => row)).toEqual([MOST_ROWS, MOST_ROWS + 1]);
  });
});
