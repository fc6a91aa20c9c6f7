import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BoardTestOptions, testBoard } from '../../../rig/board/test-board.ts';
import { fakeIo } from '../console/fake-io.ts';
import { simulatedBench } from './simulated-bench.ts';

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
    html: null,
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
