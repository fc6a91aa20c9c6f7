import { expect, it } from 'vitest';
import { benchCore } from '../../../rig/measure/core.ts';
import { fakeIo } from '../console/fake-io.ts';

const SMALL = { count: 20, files: [10, 50], records: [5, 10], boots: [10, 300], taps: 5 };

it('bench core gives figures that can be for every row', { timeout: 60_000 }, async () => {
  const io = fakeIo({ json: true });
  expect(await benchCore(SMALL, io)).toBe(0);
  const data = JSON.parse(io.out.join(''));
  expect(data).toMatchObject({ id: 'bench-core', verdict: 'pass', node: process.version });
  expect(data.commands.map(({ id }: { id: string }) => id)).toEqual([
    'select',
    'verify',
    'read-record',
    'read-binary',
    'update-record',
  ]);
  expect(data.growth.map(({ id }: { id: string }) => id)).toEqual([
    ...[10, 50].flatMap((size) =>
      ['select-by-name', 'select-by-identifier', 'select-by-path', 'read-by-sfi'].map(
        (what) => `${what}-${size}-files`,
      ),
    ),
    ...[5, 10].flatMap((size) => [`read-record-${size}`, `search-record-${size}`]),
  ]);
  for (const row of [...data.commands, ...data.growth]) {
    expect(row.n).toBe(20);
    expect(row.p50us).toBeGreaterThan(0);
    expect(row.p99us).toBeGreaterThanOrEqual(row.p50us);
    expect(row.perSecond).toBeGreaterThan(0);
    expect(row.bestUs).toBeGreaterThan(0);
    expect(row.bestUs).toBeLessThanOrEqual(1e6 / row.perSecond);
  }
  expect(data.boots.map(({ records, files }: { records: number; files: number }) => [records, files])).toEqual([
    [10, 1],
    [300, 2],
  ]);
  for (const { imageBytes, p50ms, p99ms } of data.boots) {
    expect(imageBytes).toBeGreaterThan(300);
    expect(p50ms).toBeGreaterThan(0);
    expect(p99ms).toBeGreaterThanOrEqual(p50ms);
  }
  // SELECT, E103, its 15 bytes, the NDEF file, its length, and the message in one piece or more.
  expect(data.taps).toMatchObject({ id: 'loopback-taps', profile: 'ndef', taps: 5 });
  expect(data.taps.commandsPerTap).toBeGreaterThanOrEqual(6);
  expect(data.taps.totalMs * 1000).toBeGreaterThanOrEqual(5 * data.taps.p50us * 0.2);
  // The smallest size is what the others are compared with.
  expect(data.growth.slice(0, 4).map(({ ratio }: { ratio: number }) => ratio)).toEqual([1, 1, 1, 1]);
});

it('prints a table with the machine in its head', async () => {
  const io = fakeIo();
  await benchCore(SMALL, io);
  const text = io.out.join('');
  expect(text).toContain(`Node ${process.version}`);
  expect(text).toMatch(/^ {2}SELECT by name {2,}50( +[\d.]+){4}$/m);
  expect(text).toMatch(/^ {2}300 \(2\)( +[\d.]+){4}$/m);
});

it('hears Ctrl-C between two rows, and has no result', async () => {
  const io = fakeIo({ json: true, signal: AbortSignal.timeout(1) });
  const run = benchCore({ ...SMALL, count: 20_000, files: [10, 50, 60], records: [5] }, io);
  await expect(run).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(io.out).toEqual([]);
});
