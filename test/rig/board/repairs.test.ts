import { describe, expect, it } from 'vitest';
import type { PhaseResult } from '../../../rig/board/phase.ts';
import { countRepairs, repairsInWords } from '../../../rig/board/repairs.ts';
import type { Fault } from '../../../rig/sim/faults/plan.ts';
import { noRepairs } from '../../../src/hal/pn532/repairs.ts';
import { Host } from '../sim/host.ts';
import { bringUp, fault, simulatedBench } from './simulated-bench.ts';

/** Every ACK of the whole bring-up and 96 flips each way, or a sample of them. */
const DEEP = process.env.VITAP_DEEP_RUNS !== undefined;
/** ACK frames of a bring-up with one board: one for each command. */
const ACKS = 489;
const SAMPLE = 16;
const FLIPS = 96;
const LIMIT_MS = DEEP ? 1_800_000 : 60_000;

/** Numbers from 1 to `most`: all of them, or a few that are spread evenly, first and last included. */
function numbers(most: number, sample: number): number[] {
  const count = DEEP ? most : sample;
  return Array.from({ length: count }, (_, i) => 1 + Math.round((i * (most - 1)) / (count - 1)));
}

/** Null when the board failed or its repairs are in the record, which is one and the same; else what went unseen. */
async function unseen(each: Fault): Promise<string | null> {
  const bench = simulatedBench({ a: [each] });
  let struck = false;
  bench.pair.a.onEvent = (event) => {
    struck ||= event.type === 'fault';
  };
  const results = await bringUp(bench);
  const words = `${each.name}=${each.value}@${each.from}`;
  if (!struck) return `${words} never struck`;
  return results.some(({ verdict }) => verdict === 'fail') ? null : `${words} passed`;
}

function repairsOf(results: readonly PhaseResult[]): string {
  return results
    .filter(({ repairs }) => countRepairs(repairs) > 0)
    .map(({ id, repairs }) => `${id}: ${repairsInWords(repairs)}`)
    .join('; ');
}

describe('repairs of the line in a bring-up', () => {
  it('are none on a good line, in every phase, with a partner too', async () => {
    const results = await bringUp(simulatedBench(), { partner: true });
    expect(repairsOf(results)).toBe('');
    for (const { id, measurements } of results) {
      expect(measurements.at(-1)).toMatchObject({ id: `${id}-repairs`, value: 0, verdict: 'pass', limits: { max: 0 } });
    }
  });

  it.each<[what: string, faults: readonly Fault[], repairs: string]>([
    ['a lost ACK', [fault('lose-ack', 0, 2, 2)], 'firmware: 1 command answered without acknowledgement'],
    ['a lost response', [fault('lose-response', 0, 2, 2)], 'firmware: 1 command sent again, 1 resynchronisation'],
    [
      // Byte 7 of the second command, which is behind 16 bytes of wake-up and 10 of SAMConfiguration.
      'a bit wrong in a command',
      [fault('flip-to-chip', 0, 26 + 7, 26 + 7)],
      'firmware: 1 command sent again, 1 resynchronisation',
    ],
    [
      // In the version's data, behind 15 bytes of SAMConfiguration and the ACK.
      'a bit wrong in a response',
      [fault('flip-to-host', 4, 15 + 6 + 8, 15 + 6 + 8)],
      'firmware: 1 response asked for again, 1 damaged frame, 1 resynchronisation',
    ],
    [
      'a bit wrong behind a response',
      [fault('flip-to-host', 4, 15 + 19, 15 + 19)],
      'firmware: 1 byte outside of any frame',
    ],
  ])('%s is counted in its phase, and fails it', async (_, faults, repairs) => {
    const results = await bringUp(simulatedBench({ a: faults }));
    expect(repairsOf(results)).toBe(repairs);
    const { verdict, reason } = results.find(({ id }) => id === 'firmware') as PhaseResult;
    expect(verdict).toBe('fail');
    expect(reason).toContain(`(${repairs.slice('firmware: '.length)}), must be at most 0`);
  });

  it('are not counted for a board that another program left at another rate', async () => {
    const bench = simulatedBench();
    const host = await Host.open(bench.pair, 'a');
    await host.wake();
    await host.command('1007');
    await host.send('0000ff00ff00');
    await new Promise<void>((resolve) => void bench.pair.clock.after(5e6, resolve));
    await host.line.close();
    expect(bench.pair.a.chip.baudRate).toBe(921_600);
    const results = await bringUp(bench, { only: [] });
    expect(results[0]).toMatchObject({ id: 'wake-up', verdict: 'pass', repairs: noRepairs() });
  });

  it(
    'no lost ACK passes unseen',
    async () => {
      const passed: (string | null)[] = [];
      for (const at of numbers(ACKS, SAMPLE)) passed.push(await unseen(fault('lose-ack', 0, at, at)));
      expect(passed.filter((each) => each !== null)).toEqual([]);
    },
    LIMIT_MS,
  );

  it.each(['flip-to-host', 'flip-to-chip'] as const)(
    'no %s of a bit that a frame depends on passes unseen',
    async (name) => {
      const places = await placesInFrames(name);
      const passed: (string | null)[] = [];
      for (let i = 0; i < FLIPS; i += DEEP ? 1 : 6) {
        const at = places[Math.round((i * (places.length - 1)) / (FLIPS - 1))] as number;
        passed.push(await unseen(fault(name, i % 8, at, at)));
      }
      expect(passed.filter((each) => each !== null)).toEqual([]);
    },
    LIMIT_MS,
  );
});

/**
 * The bytes of a good bring-up, numbered from 1, that say something: from start code to DCS. No host can see that a
 * bit was wrong in what wakes the chip, in a preamble or in a postamble that the chip received.
 */
async function placesInFrames(name: 'flip-to-host' | 'flip-to-chip'): Promise<readonly number[]> {
  const bench = simulatedBench();
  const { adapter } = bench.pair.a;
  const way = name === 'flip-to-host' ? 'fromChip' : 'fromHost';
  const places: number[] = [];
  let before = 0;
  const pass = adapter[way].bind(adapter);
  adapter[way] = (bytes, baudRate) => {
    const start = bytes.findIndex((byte, i) => byte === 0x00 && bytes[i + 1] === 0xff);
    for (let i = start; i < bytes.length - 1; i++) places.push(before + i + 1);
    before += bytes.length;
    pass(bytes, baudRate);
  };
  await bringUp(bench);
  return places;
}
