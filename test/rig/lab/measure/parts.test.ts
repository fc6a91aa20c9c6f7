import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { LAB_PARTS } from '../../../../rig/command/verbs/bench-lab.ts';
import { CannotRun } from '../../../../rig/console/failure.ts';
import { spreadOf } from '../../../../rig/figures/spread.ts';
import { benchLab, LAB_BENCH_PARTS } from '../../../../rig/lab/measure/bench-lab.ts';
import { processState, treeProcessorMs } from '../../../../rig/lab/measure/processor-time.ts';
import { fakeIo } from '../../console/fake-io.ts';

it('the verb lists the parts that the benchmark has', () => {
  expect(LAB_BENCH_PARTS.map(({ name }) => name)).toEqual(LAB_PARTS);
});

it('a part that cannot run here is said before the first one is measured', async () => {
  const choice = { full: false, store: null, restartStore: null, everyMs: null };
  const options = { ...choice, benches: null, devices: null, runs: null, scale: null };
  const io = fakeIo({ env: { PATH: '/nowhere' } });
  const why =
    'the part pool cannot run here: socat is not installed, which makes the serial ports of simulated boards (Debian: socat)';
  await expect(benchLab({ ...options, parts: ['pool'] }, io)).rejects.toEqual(new CannotRun(why));
  const others = '--part kills --part scheduling --part idle --part growth';
  await expect(benchLab({ ...options, parts: null }, io)).rejects.toEqual(
    new CannotRun(`${why}; the others run with ${others}`),
  );
  expect(io.err).toEqual([]);
});

describe.runIf(process.platform === 'linux')('processor time of a process', () => {
  it('is what the system tells the process itself', () => {
    const { parent, ownMs } = processState(process.pid) ?? { parent: 0, ownMs: Number.NaN };
    const { user, system } = process.cpuUsage();
    expect(parent).toBe(process.ppid);
    // Whole ticks of 10 ms, user and system each, and what was used between the two looks.
    expect((user + system) / 1000 - ownMs).toBeGreaterThanOrEqual(-1);
    expect((user + system) / 1000 - ownMs).toBeLessThan(500);
  });

  it('counts children that have ended', () => {
    const before = treeProcessorMs(process.pid) ?? Number.NaN;
    const own = (): number => processState(process.pid)?.ownMs ?? Number.NaN;
    const ownBefore = own();
    // The child says how long it worked by its own account.
    const work = 'while (process.cpuUsage().user < 300000) ; console.log(process.cpuUsage().user)';
    const child = Number(spawnSync(process.execPath, ['-e', work], { encoding: 'utf8' }).stdout) / 1000;
    const children = (treeProcessorMs(process.pid) ?? 0) - before - (own() - ownBefore);
    expect(child).toBeGreaterThanOrEqual(300);
    expect(children).toBeGreaterThanOrEqual(child - 20);
  });

  it('is not told of a process that there is not', () => {
    // One more than Linux ever gives (pid_max, 2^22).
    expect(treeProcessorMs(4_194_305)).toBeNull();
  });
});

it('a spread has its first value apart, and the worst', () => {
  expect(spreadOf([9, 1, 2, 3])).toEqual({ n: 4, p50: 2, p99: 9, worst: 9, first: 9 });
  expect(spreadOf([])).toBeNull();
});
