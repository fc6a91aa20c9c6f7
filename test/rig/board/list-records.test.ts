import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { fakeIo } from '../console/fake-io.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-list-records-'));
  keep('a', { serial: 'B0041', port: '/dev/ttyUSB0', at: '2026-11-01T08:00:00.000Z' });
  keep('b', { serial: 'B0042', port: '/dev/ttyUSB1', at: '2026-11-02T08:00:00.000Z', verdict: 'fail' });
  keep('c', {
    serial: 'C7',
    port: '/dev/ttyUSB0',
    at: '2026-11-03T08:00:00.000Z',
    station: 'bench4',
    verdict: 'error',
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Kept {
  readonly serial: string | null;
  readonly port: string;
  readonly at: string;
  readonly verdict?: string;
  readonly station?: string;
}

function keep(name: string, { serial, port, at, verdict = 'pass', station = 'bench3' }: Kept): void {
  const record = {
    schema: 'vitap-board-test',
    schemaVersion: 1,
    verdict,
    backend: 'hardware',
    complete: true,
    startedAt: at,
    board: { name: `pn532:${port}`, identity: { key: `port-${port.slice(5)}` }, serialNumber: serial },
    station: { host: station },
    operator: null,
    phases: [{ id: 'rom', verdict, reason: verdict === 'pass' ? '' : 'wrong\u001b[2J' }],
  };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(record));
}

async function records(...args: string[]) {
  const io = fakeIo({ env: {} });
  const exit = await runCommandLine(['board', 'records', '--records', folder, ...args], '0.0.0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

async function serials(...args: string[]): Promise<(string | null)[]> {
  const { out } = await records('--json', ...args);
  return JSON.parse(out).records.map(({ serialNumber }: { serialNumber: string | null }) => serialNumber);
}

describe('board records', () => {
  it.each<[string[], string[]]>([
    [[], ['B0041', 'B0042', 'C7']],
    [
      ['--board', 'pn532:/dev/ttyUSB0'],
      ['B0041', 'C7'],
    ],
    [['--board', '/dev/ttyUSB1'], ['B0042']],
    [['--board', 'port-ttyUSB1'], ['B0042']],
    [['--serial', 'B0042'], ['B0042']],
    [['--serial', 'b0042'], []],
    [
      ['--serial', 'B00*'],
      ['B0041', 'B0042'],
    ],
    [['--serial', '*0*2'], ['B0042']],
    [['--serial', 'B0042*42'], []],
    [['--station', 'bench4'], ['C7']],
    [['--failed'], ['B0042', 'C7']],
    [['--failed', '--station', 'bench3'], ['B0042']],
    [
      ['--since', '2026-11-02'],
      ['B0042', 'C7'],
    ],
    [['--since', '2026-11-02T09:00:01+01:00'], ['C7']],
  ])('%j', async (args, expected) => {
    expect(await serials(...args)).toEqual(expected);
  });

  it('are told one a line, oldest first, without control characters', async () => {
    const { exit, out } = await records();
    expect(exit).toBe(0);
    expect(out.split('\n')).toEqual([
      '2026-11-01T08:00:00.000Z  PASS   B0041  port-ttyUSB0  bench3',
      '2026-11-02T08:00:00.000Z  FAIL   B0042  port-ttyUSB1  bench3  rom: wrong\\u001B[2J',
      '2026-11-03T08:00:00.000Z  ERROR  C7     port-ttyUSB0  bench4  rom: wrong\\u001B[2J',
      `3 of 3 records in ${folder}`,
      '',
    ]);
  });

  it('what is no record is named, and hides none', async () => {
    writeFileSync(join(folder, 'broken.json'), '{"schema":');
    writeFileSync(join(folder, 'other.json'), '{"schema":"vitap-batch"}');
    const { exit, out, err } = await records('--serial', 'C7');
    expect(exit).toBe(0);
    expect(out).toContain('1 of 3 records');
    expect(err).toMatch(/broken\.json is no record.*\n.*other\.json is no record/);
  });

  it('of a folder that is not there are none', async () => {
    rmSync(join(folder, 'a.json'));
    const io = fakeIo({ env: {} });
    const args = ['board', 'records', '--records', join(folder, 'none')];
    expect(await runCommandLine(args, '0.0.0', VERBS, io)).toBe(0);
    expect(io.out.join('')).toContain('0 of 0 records');
  });

  it.each(['yesterday', '2026-13-01', '2026-11-02T09:00', '99999999d'])('--since %s is refused', async (text) => {
    const { exit, err } = await records('--since', text);
    expect(exit).toBe(2);
    expect(err).toContain('A time is a day');
  });
});
