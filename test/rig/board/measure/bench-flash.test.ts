import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { expectPublished } from '../../command/published-schemas.ts';
import { type FakeIo, fakeIo } from '../../console/fake-io.ts';

async function benchFlash(io: FakeIo, ...options: string[]): Promise<number> {
  return runCommandLine(['bench', 'flash', ...options], '0.0.0', VERBS, io);
}

const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('vitap-bench-flash-'));

describe('bench flash', { timeout: 60_000 }, () => {
  let exit: number;
  // biome-ignore lint/suspicious/noExplicitAny: a document that is read back
  let data: any;
  beforeAll(async () => {
    const io = fakeIo({ json: true });
    exit = await benchFlash(io, '--boards', '3', '--runs', '2', '--size', '2000', '--baud', '230400', '--json');
    data = JSON.parse(io.out.join(''));
  }, 60_000);

  it('says what was measured, and that it was simulated', () => {
    expectPublished('bench-flash', data);
    expect(data).toMatchObject({ backend: 'simulated', boards: 3, runs: 2, size: 2000, baudRate: 230_400 });
    for (const { oneMs, allMs, ratio } of [data.virtual, data.wall]) {
      for (const { n } of [oneMs, allMs, ratio]) expect(n).toBe(2);
    }
  });

  it('counts the least as AN3155 has it', () => {
    // Eight blocks, the first of which goes in two. Around each 2 + 5 + 2 + 3 bytes to write, and as many to read.
    const leastBytes = 9 * 24 + 2 * 2000;
    const leastMs = (leastBytes * 11 * 1000) / 230_400;
    expect(data.line).toMatchObject({ bitsPerByte: 11, leastBytes, leastMs });
    // Beyond it: 7F and its ACK; Get, Get Version, Get ID, each 2 bytes and ACK, with answers of 14, 4 and 4; a
    // block of 256 to know the chip by; 16 bytes of a page that was erased; Go.
    const read = 2 + 1 + 5 + 1 + 2 + 1;
    expect(data.line.bytes - leastBytes).toBeGreaterThanOrEqual(2 + 9 + 14 + 4 + 4 + read + 256 + read + 16 + 9);
    expect(data.line.ratio).toBeGreaterThanOrEqual(data.line.bytes / leastBytes);
  });

  it('gives virtual time and wall time each as what it is', () => {
    const { virtual, wall, line } = data;
    // The chip's own tables: 1 ms for each block, 0.3 ms for each KiB of the one page.
    expect(virtual.oneMs.p50).toBeCloseTo(line.ms + 9 + 8 * 0.3, 3);
    // Nothing of the computer is in it: each run is the same.
    expect(virtual.oneMs.worst).toBe(virtual.oneMs.first);
    // Boards that live by the clock are never quicker than their line.
    expect(wall.oneMs.p50).toBeGreaterThanOrEqual(virtual.oneMs.p50);
    expect(virtual.commandsAgain).toBe(0);
  });

  it('judges by the targets', () => {
    const { targets, virtual, wall, line } = data;
    expect(targets.map(({ id, value, limit }: Record<string, unknown>) => [id, value, limit])).toEqual([
      ['virtual-ratio', virtual.ratio.p50, 1.3],
      ['wall-ratio', wall.ratio.p50, 1.3],
      ['line-ratio', line.ratio, 1.1],
    ]);
    for (const { value, limit, verdict } of targets) expect(verdict).toBe(value <= limit ? 'pass' : 'fail');
    const met = targets.every(({ verdict }: { verdict: string }) => verdict === 'pass');
    expect([exit, data.verdict]).toEqual(met ? [0, 'pass'] : [1, 'fail']);
  });

  it('says it in words too, and leaves nothing behind', async () => {
    const before = folders();
    const io = fakeIo();
    // So small a program has more around it than a tenth of the least.
    expect(await benchFlash(io, '--boards', '2', '--runs', '1', '--size', '1024', '--baud', '460800')).toBe(1);
    expect(io.out.join('')).toMatch(/^ {2}NOT MET {2}line-ratio: 1\.1\d\d, at most 1\.10$/m);
    expect(io.out.join('')).toMatch(
      /^Simulated boards[\s\S]*virtual time, 2 to 1[\s\S]*wall time, 2 to 1[\s\S]*plain copy[\s\S]*virtual-ratio: /,
    );
    expect(folders()).toEqual(before);
  });

  it.each([
    ['virtual time, run 1', '--size', '300000'],
    ['wall time, run 1', '--size', '100000'],
    ['UF2 drive', '--size', '1024'],
  ])('ends when it is told to: %s', async (when, ...options) => {
    const before = folders();
    const stop = new AbortController();
    const io = fakeIo({ signal: stop.signal });
    const world: FakeIo = {
      ...io,
      stderr: (text) => {
        io.stderr(text);
        // Not before the boards are under way.
        if (text.startsWith(when)) setTimeout(() => stop.abort(), 5);
      },
    };
    await benchFlash(
      world,
      '--boards',
      '2',
      '--runs',
      when === 'UF2 drive' ? '3' : '1',
      '--baud',
      '1000000',
      ...options,
    );
    expect(io.out).toEqual([]);
    expect(folders()).toEqual(before);
  });

  it.each([
    ['--boards', '1', '--boards is from 2 to 64'],
    ['--runs', '1001', '--runs is from 1 to 1000'],
    ['--size', '100', '--size is from 1024 to 1048576'],
    ['--baud', '300', '--baud is from 1200 to 1000000'],
  ])('refuses %s %s', async (option, value, sentence) => {
    const io = fakeIo();
    expect(await benchFlash(io, option, value)).toBe(2);
    expect(io.err.join('')).toContain(sentence);
  });
});
