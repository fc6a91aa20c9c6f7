import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { LAB_PARTS } from '../../rig/command/verbs/bench-lab.ts';
import { expectPublished } from '../rig/command/published-schemas.ts';
import { run } from './card.ts';
import { describeNeeds } from './real-parts.ts';
import { PROGRAM, RunningVerb } from './running-verb.ts';

describeNeeds(['socat'], 'bench lab, with servers and benches in processes of their own', () => {
  const size = ['--benches', '2', '--devices', '2', '--runs', '12', '--scale', '0.01', '--every', '3'];

  it('measures what it says, and judges it', { timeout: 480_000 }, async () => {
    const { out } = await run(process.execPath, [PROGRAM, 'bench', 'lab', ...size, '--json']);
    const document = JSON.parse(out);
    expectPublished('bench-lab', document);
    // Whether a target is met is the machine's business, not this test's.
    expect(document).toMatchObject({
      ...{ id: 'bench-lab', backend: 'simulated', store: 'pglite' },
      kills: { runs: 12, results: 12, lost: 0, doubled: 0, stranded: 0, servers: 1 },
      idle: { runs: 12, idleShare: expect.any(Number) },
      scheduling: { runs: 12, benches: 2, devices: 2, serverMs: expect.any(Number), databaseMs: null },
    });
    const { ways, notDelayed } = document.pool;
    // In a namespace without IPv6 nothing can delay.
    expect(ways.map(({ delayMs }: { delayMs: number }) => delayMs)).toEqual(notDelayed === null ? [0, 10] : [0]);
    for (const { delayMs, direct, throughLab, roundTrip } of ways) {
      expect([direct.n, throughLab.n, roundTrip.n]).toEqual([12, 12, 12]);
      // Nothing is faster than its way: four parts with a delay each.
      expect(Math.min(roundTrip.p50, throughLab.p50)).toBeGreaterThan(4 * delayMs);
    }
  });

  it('leaves no folder when it is stopped', { timeout: 120_000 }, async () => {
    const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('vitap-bench-lab-'));
    const before = folders();
    const verb = new RunningVerb('bench', 'lab', ...size);
    await verb.says(LAB_PARTS[0] as string);
    await verb.stop();
    expect(folders().filter((name) => !before.includes(name))).toEqual([]);
  });
});
