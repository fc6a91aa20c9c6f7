import { describe, expect, it } from 'vitest';
import { benchCrowd } from '../../../rig/measure/crowd.ts';
import { commandsOfTap, workloadFor } from '../../../rig/measure/workload.ts';
import { toHex } from '../../../src/apdu/hex.ts';
import { fakeIo } from '../console/fake-io.ts';

const OPTIONS = {
  profile: 'reference',
  cards: 7,
  taps: 40,
  perSecond: 4000,
  pattern: 'waiting-room',
  seed: 'x',
} as const;

describe('bench crowd', () => {
  it('makes every tap, counts from when it was meant to begin, and keeps the cards apart', async () => {
    const io = fakeIo({ json: true });
    expect(await benchCrowd(OPTIONS, io)).toBe(0);
    const data = JSON.parse(io.out.join(''));
    expect(data).toMatchObject({
      id: 'bench-crowd',
      verdict: 'pass',
      backend: 'simulated',
      cards: 7,
      taps: 40,
      commandsPerTap: 5,
      refused: {},
    });
    expect(data.latency.n).toBe(40);
    // Whatever a tap waited for comes on top of what it took.
    for (const key of ['p50us', 'p99us', 'maxUs']) expect(data.latency[key]).toBeGreaterThanOrEqual(data.service[key]);
    expect(data.busy).toBeLessThanOrEqual(1);
    expect(data.bytesPerCard).toBeGreaterThan(1000);
  });

  it('taps that come faster than they can be served wait for one another', async () => {
    const io = fakeIo({ json: true });
    await benchCrowd({ ...OPTIONS, taps: 400, perSecond: 100_000_000, pattern: 'even' }, io);
    const { latency, service } = JSON.parse(io.out.join(''));
    // The last one waited for all before it: coordinated omission would hide that.
    expect(latency.maxUs).toBeGreaterThan(50 * service.p50us);
  });

  it('a run that is ended early has no result', async () => {
    const ended = new AbortController();
    ended.abort();
    const io = fakeIo({ json: true, signal: ended.signal });
    await expect(benchCrowd(OPTIONS, io)).rejects.toBe(ended.signal.reason);
    expect(io.out).toEqual([]);
  });

  it('a card that refuses the commands is said, not measured', async () => {
    await expect(benchCrowd({ ...OPTIONS, profile: 'ndef' }, fakeIo())).rejects.toThrow(/refuses a command/);
  });
});

describe('the commands of a tap', () => {
  it('are those that are measured, each with what it needs, nothing twice', () => {
    expect(commandsOfTap(workloadFor('reference')).map((command) => toHex(command))).toEqual([
      '00A4040007F042454E43480100',
      '0020000108313233343536FFFF',
      '00B2010C64',
      '00B0820001',
      '00B0000064',
    ]);
  });
});
