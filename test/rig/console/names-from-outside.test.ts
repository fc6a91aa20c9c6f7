import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchJob } from '../../../rig/board/batch-job.ts';
import { runBatch } from '../../../rig/board/batch-progress.ts';
import type { RowState } from '../../../rig/board/batch-state.ts';
import { listBoards } from '../../../rig/board/list.ts';
import { buildCard } from '../../../rig/card/build.ts';
import { identifyBoard } from '../../../rig/endpoint/board-identity.ts';
import { compareWithBaseline } from '../../../rig/measure/compare/baseline.ts';
import { benchCompare } from '../../../rig/measure/compare/commands.ts';
import { readResultFile } from '../../../rig/measure/compare/result-file.ts';
import type { TapBenchResult, TapSample } from '../../../rig/measure/tap/result.ts';
import { fakeIo } from './fake-io.ts';

/** Begins a line that looks like ours, and moves the cursor over what stands above. */
const EVIL = 'x\nPASS\u001b[A';
const ESCAPED = 'x\\u000APASS\\u001B[A';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-names-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function expectOneLine(text: string): void {
  expect(text).toContain(ESCAPED);
  expect(text.split('\n')).not.toContainEqual(expect.stringMatching(/^PASS/));
  expect(text).not.toContain('\u001b');
}

describe('a name that holds a line of its own is shown on one line', () => {
  it.each([['there'], ['not there']])('by board list: a port that is %s', async (state) => {
    const port = join(folder, EVIL);
    if (state === 'there') writeFileSync(port, '');
    const io = fakeIo();
    await listBoards({ ports: [port], onlyThese: true }, io);
    expectOneLine(io.out.join(''));
  });

  it('by the progress of a batch: a serial number, and why a board failed', async () => {
    const job = { row: { serialNumber: EVIL }, identity: identifyBoard('/dev/none', []) } as unknown as BatchJob;
    const ended = (reason: string): RowState => ({ outcome: 'failed', reason }) as unknown as RowState;
    const io = fakeIo();
    await runBatch([job], { io, parallel: 1, run: async () => ended('why') });
    expectOneLine(io.err.join(''));
    const other = fakeIo();
    await runBatch([{ ...job, row: { ...job.row, serialNumber: 'B1' } }], {
      io: other,
      parallel: 1,
      run: async () => ended(EVIL),
    });
    expectOneLine(other.err.join(''));
  });

  it('by card build: the file', async () => {
    const io = fakeIo();
    await buildCard({ profiles: ['reference'], out: join(folder, EVIL), seed: null, state: null, force: false }, io);
    expectOneLine(io.out.join(''));
  });

  it('by a comparison with a saved result: what its cards and machines are called', () => {
    const stored = readResultFile(join(import.meta.dirname, '../../vectors/tap-result.json'));
    const [tap] = stored.taps as [TapSample];
    const result: TapBenchResult = { ...stored, taps: new Array<TapSample>(10).fill(tap) };
    const path = join(folder, 'saved.json');
    for (const environment of [
      { ...stored.environment, card: EVIL },
      { ...stored.environment, startedAt: EVIL },
    ]) {
      writeFileSync(path, JSON.stringify({ ...result, environment }));
      expectOneLine(compareWithBaseline(result, path, null).lines.join('\n'));
    }
  });

  it('by bench compare: the commands', async () => {
    const io = fakeIo();
    await benchCompare({ a: `: '${EVIL}'`, b: 'true', rounds: 8, warmUp: 0, failIfSlower: null }, io);
    expectOneLine(io.out.join(''));
  });
});
