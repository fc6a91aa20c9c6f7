import { afterEach, describe, expect, it } from 'vitest';
import { openBareWay, PoolProcess, type RoundTrip, type WayProcesses } from '../../../../rig/lab/measure/bare-way.ts';
import { wayFigures } from '../../../../rig/lab/measure/pool-figures.ts';

it('what the lab adds is told turn by turn, with the round trip and without', () => {
  const turns = [
    // Slow throughout: 9 of 15 ms are the card's, 4 the network's.
    { direct: 9, throughLab: 15, far: 10, network: 5, roundTrip: 4 },
    { direct: 2, throughLab: 5, far: 2, network: 3, roundTrip: 2.5 },
    { direct: 2, throughLab: 6, far: 1, network: 5, roundTrip: 3 },
  ];
  const figures = wayFigures(10, turns);
  expect(figures).toMatchObject({
    delayMs: 10,
    direct: { n: 3, p50: 2, worst: 9, first: 9 },
    // 6, 3, 4
    added: { p50: 4, first: 6, worst: 6 },
    // 2, 0.5, 1: not the median of what is added less that of the round trips
    beyond: { p50: 1, first: 2, worst: 2 },
    // 1, 0.5, 2
    beyondAsTold: { p50: 1, first: 1, worst: 2 },
  });
  // 10/9, 1, 1/2
  expect(figures.farToDirect).toBe(1);
});

describe('a bare way', () => {
  const processes: PoolProcess[] = [];
  const trips: RoundTrip[] = [];
  const never = new AbortController().signal;

  function start(name: string): PoolProcess {
    const made = new PoolProcess(name, ['--import', 'tsx']);
    processes.push(made);
    return made;
  }
  afterEach(async () => {
    for (const trip of trips) trip.close();
    await Promise.all(processes.map((each) => each.end()));
  });

  it('is crossed four times in a round trip, each time after its delay', { timeout: 60_000 }, async () => {
    const way: WayProcesses = { middle: start('middle'), end: start('end'), delay: start('delay') };
    // More than one piece of TCP, so that an answer that is taken for whole too early would come too early.
    const sizes = { requestBytes: 70, responseBytes: 200_000 };
    const late = await openBareWay(way, 25, sizes, never);
    trips.push(late);
    for (let i = 0; i < 3; i++) {
      const from = performance.now();
      await late.ask();
      expect(performance.now() - from).toBeGreaterThanOrEqual(100);
    }
    const near = await openBareWay(way, 0, sizes, never);
    trips.push(near);
    await near.ask();
    await near.ask();
  });

  it('says in one sentence what it cannot do, and ends when it is told to', { timeout: 60_000 }, async () => {
    const delay = start('delay');
    const nowhere = delay.ask({ do: 'delay', host: '203.0.113.1', port: 0, to: 1, ms: 1 }, never);
    await expect(nowhere).rejects.toThrow('delay: listen EADDRNOTAVAIL');
    const stop = new AbortController();
    stop.abort(new Error('Ctrl-C'));
    await expect(delay.ask({ do: 'relay' }, stop.signal)).rejects.toThrow('Ctrl-C');
  });
});
