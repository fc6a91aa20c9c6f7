import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchSoak } from '../../../rig/measure/soak.ts';
import { fakeIo } from '../console/fake-io.ts';

const options = (name: string) => ({
  reader: { driver: 'loopback' } as const,
  card: { kind: 'profile', name } as const,
  durationMs: 600,
  perSecond: 200,
  timeoutMs: 1000,
  csv: false,
  record: { file: null, keepSecrets: false },
});

describe('bench soak', () => {
  it('taps until the time is over and keeps a sample of each stretch', async () => {
    const io = fakeIo({ json: true });
    expect(await benchSoak(options('reference'), io)).toBe(0);
    const { id, verdict, ended, checks, samples, backend } = JSON.parse(io.out.join(''));
    // Too short for a trend: nothing is claimed.
    expect({ id, verdict, ended, backend }).toEqual({
      id: 'bench-soak',
      verdict: 'inconclusive',
      ended: null,
      backend: 'simulated',
    });
    expect(checks[0]).toMatchObject({ id: 'failures', verdict: 'pass' });
    expect(samples.length).toBeGreaterThanOrEqual(1);
    const taps = samples.reduce((sum: number, sample: { taps: number }) => sum + sample.taps, 0);
    // 200 a second for 0.6 s, and none before its time.
    expect(taps).toBeGreaterThan(0);
    expect(taps).toBeLessThanOrEqual(121);
  });

  it('the samples as a table', async () => {
    const io = fakeIo();
    await benchSoak({ ...options('reference'), csv: true }, io);
    const [head, first] = io.out.join('').split('\n');
    expect(head).toBe('s,taps,failed,p50us,p99us,heapMB,rssMB,handles,descriptors');
    expect(first?.split(',')).toHaveLength(9);
  });

  it('a card that takes other commands is said at once', async () => {
    await expect(benchSoak(options('ndef'), fakeIo())).rejects.toThrow('SELECT is refused by the card (6A82)');
  });

  it('writes a trace of every tap', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitap-soak-'));
    const file = join(folder, 'soak.jsonl');
    try {
      const io = fakeIo({ json: true });
      await benchSoak({ ...options('reference'), record: { file, keepSecrets: false } }, io);
      const { samples } = JSON.parse(io.out.join('')) as { samples: readonly { readonly taps: number }[] };
      const states = readFileSync(file, 'utf8').match(/"state":"(on|off)"/g) ?? [];
      expect(states).toHaveLength(2 * samples.reduce((sum, { taps }) => sum + taps, 0));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends when it is told to, without a verdict', async () => {
    const ended = new AbortController();
    setTimeout(() => ended.abort(), 100);
    const io = fakeIo({ json: true, signal: ended.signal });
    await expect(benchSoak({ ...options('reference'), durationMs: 3_600_000 }, io)).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(io.out).toEqual([]);
  });
});
