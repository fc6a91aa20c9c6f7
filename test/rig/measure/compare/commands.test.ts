import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BenchCompareOptions, benchCompare } from '../../../../rig/measure/compare/commands.ts';
import type { TapBenchResult } from '../../../../rig/measure/tap/result.ts';
import { type FakeIo, fakeIo } from '../../console/fake-io.ts';
import { measuredResult, withFirst, withTimes } from './measured-result.ts';

let measured: TapBenchResult;
beforeAll(async () => {
  measured = await measuredResult();
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-compare-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A command that prints a result whose taps take so long. */
function tapsOf(name: string, ms: number, change: (result: TapBenchResult) => TapBenchResult = (same) => same): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(change(withTimes(measured, new Array(5).fill(ms * 1e6)))));
  return `cat '${path}'`;
}

const options = (a: string, b: string, more: Partial<BenchCompareOptions> = {}): BenchCompareOptions => ({
  a,
  b,
  rounds: 8,
  warmUp: 0,
  failIfSlower: null,
  ...more,
});

async function compared(chosen: BenchCompareOptions): Promise<{ exit: number; data: Record<string, unknown> }> {
  const io = fakeIo({ json: true });
  const exit = await benchCompare(chosen, io);
  return { exit, data: JSON.parse(io.out.join('')) };
}

describe('two commands', () => {
  it.each([
    ['slower', 11, 0.05, 1, 'slower'],
    ['slower, and that is allowed', 11, 0.2, 0, 'slower'],
    ['slower, and nobody asks', 11, null, 0, 'slower'],
    ['faster', 9, 0.05, 0, 'faster'],
    ['alike', 10, 0.05, 0, 'no difference seen'],
  ])('%s', async (_, ms, failIfSlower, exit, verdict) => {
    const result = await compared(options(tapsOf('a', 10), tapsOf('b', ms), { failIfSlower }));
    expect(result.exit).toBe(exit);
    expect(result.data).toMatchObject({
      id: 'bench-compare',
      verdict: exit === 0 ? 'pass' : 'fail',
      what: 'median tap',
      effect: { verdict, method: 'paired', compared: 8 },
      doubts: [],
    });
    expect((result.data.effect as { ratio: { value: number } }).ratio.value).toBeCloseTo(ms / 10, 6);
  });

  it.each([
    ['slower', 20, 0.05, 1, 'slower'],
    ['slower, and nobody asks', 20, null, 0, 'slower'],
    ['faster', 5, 0.05, 0, 'faster'],
  ])('first taps are compared too: %s', async (_, ms, failIfSlower, exit, verdict) => {
    const taps = (name: string, firstMs: number): string => tapsOf(name, 10, (each) => withFirst(each, firstMs * 1e6));
    const result = await compared(options(taps('a', 10), taps('b', ms), { failIfSlower }));
    expect(result.exit).toBe(exit);
    expect(result.data).toMatchObject({
      verdict: exit === 0 ? 'pass' : 'fail',
      effect: { verdict: 'no difference seen' },
      first: { a: new Array(8).fill(10e6), b: new Array(8).fill(ms * 1e6), effect: { verdict, method: 'paired' } },
    });
    const io = fakeIo();
    await benchCompare(options(taps('a', 10), taps('b', ms)), io);
    expect(io.out.join('')).toContain(`first tap of each run: A 10.000 ms, B ${ms}.000 ms\n    ${verdict}: `);
  });

  it('first taps are not compared where a run has none', async () => {
    const none = tapsOf('a', 10, (each) => ({ ...each, first: null }));
    expect((await compared(options(none, tapsOf('b', 10)))).data.first).toBeNull();
  });

  it('run in turn, A B B A, after the warm-up', async () => {
    const log = join(folder, 'log');
    await benchCompare(options(`echo a >> '${log}'`, `echo b >> '${log}'`, { warmUp: 2 }), fakeIo());
    expect(readFileSync(log, 'utf8').replaceAll('\n', '')).toBe('abba'.repeat(5));
  });

  it('that print no result are compared by how long they run', async () => {
    const { data } = await compared(options('true', 'echo { not a result }'));
    expect(data.what).toBe('running time');
    expect((data.a as { ns: number[] }).ns).toHaveLength(8);
  });

  it('are told about for people, with what speaks against them', async () => {
    const io = fakeIo();
    const b = tapsOf('b', 12, (result) => ({ ...result, diagnosis: { ...result.diagnosis, trusted: false } }));
    expect(await benchCompare(options(tapsOf('a', 10), b), io)).toBe(0);
    const text = io.out.join('');
    expect(text).toMatch(/^Verdict: B is slower\n {2}slower: \+20\.0 % \(\+20\.0 % to \+20\.0 %\)\n/);
    expect(text).toContain('A     10.000 ms  cat');
    expect(text).toContain('Doubt: 8 runs of B say themselves that they cannot be trusted.');
    expect(io.err.join('')).toContain('round 8 of 8');
  });

  it('of which some taps failed are compared by the others', async () => {
    const b = tapsOf('b', 10, (result) => ({
      ...result,
      taps: result.taps.map((tap, i) =>
        i === 0 ? { ...tap, failure: { kind: 'timeout', message: 'no answer', afterExchanges: 0 } } : tap,
      ),
    }));
    // A result with failed taps comes with exit code 1.
    const { data } = await compared(options(tapsOf('a', 10), `${b}; exit 1`));
    expect(data.doubts).toEqual(['8 taps of B failed and are left out']);
  });
});

describe('commands that cannot be compared', () => {
  const refused = (chosen: BenchCompareOptions): Promise<unknown> => benchCompare(chosen, fakeIo());

  it('one that fails, with its last words', async () => {
    const b = `echo first >&2; echo 'the card is gone' >&2; exit 3`;
    await expect(refused(options('true', b))).rejects.toThrow('--b: the command ended with 3: the card is gone');
  });

  it('one that there is not', async () => {
    await expect(refused(options('no-such-program-here', 'true'))).rejects.toThrow(/^--a: the command ended with 127/);
  });

  it('one that a signal ends', async () => {
    await expect(refused(options('kill -9 $$', 'true'))).rejects.toThrow('--a: the command ended with SIGKILL');
  });

  it('a result and none', async () => {
    await expect(refused(options(tapsOf('a', 10), 'true'))).rejects.toThrow('printed a result of taps and the other');
  });

  it('one whose every tap failed', async () => {
    const b = tapsOf('b', 10, (result) => ({ ...result, taps: [] }));
    await expect(refused(options(tapsOf('a', 10), b))).rejects.toThrow('--b: every tap of the command failed');
  });

  it.each([
    ['no taps', { taps: undefined }],
    ['a tap without its times', { taps: [null] }],
    ['no diagnosis', { diagnosis: null }],
  ])('one whose result is damaged: %s', async (reason, change) => {
    const b = tapsOf('b', 10, (result) => ({ ...result, ...change }) as unknown as TapBenchResult);
    await expect(refused(options(tapsOf('a', 10), b))).rejects.toThrow(`--b: the result is damaged: ${reason}`);
  });

  it('too few rounds to be sure of anything', async () => {
    await expect(refused(options('true', 'true', { rounds: 7 }))).rejects.toThrow('8 or more are needed');
  });
});

it('Ctrl-C ends the command that runs, and its children', async () => {
  const pids = join(folder, 'pids');
  const abort = new AbortController();
  const io: FakeIo = fakeIo({ signal: abort.signal });
  const running = benchCompare(options(`sleep 600 & echo $! > '${pids}'; wait`, 'true'), io);
  const outcome = running.then(
    () => 'ended',
    (error: Error) => error.message,
  );
  await vi.waitFor(() => {
    if (!existsSync(pids) || readFileSync(pids, 'utf8') === '') throw new Error('it has not started');
  }, 20_000);
  abort.abort();
  expect(await outcome).toBe('the comparison was cancelled');
  const child = Number(readFileSync(pids, 'utf8'));
  await vi.waitFor(() => expect(isRunning(child)).toBe(false), 20_000);
}, 60_000);

/** A process that has ended but that nobody has asked about is not running. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
