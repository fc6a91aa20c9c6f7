import { describe, expect, it, vi } from 'vitest';
import { FirmwareUnderTest } from '../../../rig/board/firmware-board.ts';
import type { PhaseResult } from '../../../rig/board/phase.ts';
import { FIRMWARE_PHASES } from '../../../rig/board/phases/firmware-bring-up.ts';
import { runPhases, verdictOf } from '../../../rig/board/run-phases.ts';
import { NO_BOOT_LINES } from '../../../rig/board/stm32/boot-lines.ts';
import { flashStm32 } from '../../../rig/board/stm32/flash-stm32.ts';
import { buildImage } from '../../../rig/card/open.ts';
import { identifyBoard } from '../../../rig/endpoint/board-identity.ts';
import type { Fault } from '../../../rig/sim/faults/plan.ts';
import { cardInFlash } from '../../../rig/sim/firmware/card-in-flash.ts';
import { MemoryPorts } from '../../../rig/sim/serial/memory-port.ts';
import type { Stm32Board } from '../../../rig/sim/stm32/board.ts';
import { VirtualTimeline } from '../../../rig/sim/timeline.ts';
import type { FirmwareBoard } from '../../../src/hal/firmware/index.ts';
import { FLASH, fault, imageOf, program, simulatedBoard, timersOf } from './stm32/bench.ts';

const H7A3 = 0x480;
const CARD_AT = FLASH + 64 * 8192;
const IMAGE = await buildImage('ndef', 'bring-up');

interface Bench {
  readonly clock: VirtualTimeline;
  readonly board: Stm32Board;
  readonly ports: MemoryPorts;
  readonly none: string[];
}

function bench(faults: readonly Fault[] = []): Bench {
  const clock = new VirtualTimeline();
  const none: string[] = [];
  const board = simulatedBoard(clock, 'sim', H7A3, { faults, program: cardInFlash(CARD_AT, (why) => none.push(why)) });
  return { clock, board, ports: new MemoryPorts([board]), none };
}

/** As `board flash` does it: written, read back, started by Go. */
async function flash({ clock, ports }: Bench, card: Uint8Array | null = IMAGE): Promise<void> {
  const line = await ports.open('sim', 115_200, '8E1');
  try {
    await flashStm32({
      ...{
        line,
        boot: NO_BOOT_LINES,
        timers: timersOf(clock),
        chip: null,
        unprotect: false,
        resume: false,
        start: true,
      },
      image: imageOf(program(3000), card === null ? [] : [{ address: CARD_AT, bytes: card }]),
      signal: new AbortController().signal,
      say: () => {},
    });
  } finally {
    await line.close();
  }
}

async function bringUp(
  { clock, ports }: Bench,
  only: readonly string[] | null = null,
): Promise<readonly PhaseResult[]> {
  const board = new FirmwareUnderTest(identifyBoard('sim', []), { opener: ports, clock });
  try {
    const signal = new AbortController().signal;
    const options = { board, partner: null, clock, signal, only, timers: timersOf(clock) };
    return await runPhases(FIRMWARE_PHASES, options);
  } finally {
    await board.close();
  }
}

const measured = (results: readonly PhaseResult[], id: string): unknown =>
  results.flatMap(({ measurements }) => measurements).find((each) => each.id === id)?.value;

describe('a board that was flashed and reboots into its firmware', { timeout: 60_000 }, () => {
  it('answers on the same port with the card of its flash, and passes its bring-up', async () => {
    const sim = bench();
    await flash(sim);
    const results = await bringUp(sim);
    expect(results.map(({ id, verdict, reason }) => [id, verdict, reason])).toEqual(
      ['boot', 'clock', 'ram', 'flash', 'uarts', 'pn532', 'first-tap'].map((id) => [id, 'pass', '']),
    );
    expect(verdictOf(results, false)).toBe('pass');
    expect([measured(results, 'tap-status'), measured(results, 'tap-firmware')]).toEqual(['9000', 1]);
    expect(measured(results, 'tap-time')).toBeGreaterThan(1);
  });

  it.each<[string, Fault, string, string]>([
    [
      'a wrong clock',
      fault('wrong-clock', 1, 1, 8),
      'clock',
      'differs from that of this machine: 8 %, must be -3 % to 3 %',
    ],
    ['a bad cell of RAM', fault('bad-cell'), 'ram', 'Cells that did not hold what was written: 2, must be exactly 0'],
    ['a bad page', fault('bad-page'), 'flash', 'Pages that were set aside: 1, must be exactly 0'],
    ['a PN532 that is silent', fault('silent-chip'), 'pn532', 'The PN532 on UART 1 answers: no, must be yes'],
  ])('%s fails its phase alone', async (_, wrong, phase, words) => {
    const sim = bench([wrong]);
    await flash(sim);
    const results = await bringUp(sim);
    expect(results.filter(({ verdict }) => verdict !== 'pass').map(({ id }) => id)).toEqual([phase]);
    expect(results.find(({ id }) => id === phase)?.reason).toContain(words);
    expect(verdictOf(results, false)).toBe('fail');
  });

  it.each([
    ['one echo is lost', [17], 256, 1],
    ['the line is dead: it is not waited for all of them', [1, 2, 3, 4, 5], 3, 3],
  ] as const)('%s', async (_, lost, sent, wrong) => {
    const clock = new VirtualTimeline();
    const board = new FirmwareUnderTest(identifyBoard('sim', []), { opener: new MemoryPorts([]), clock });
    let echoes = 0;
    const answers = { hostLost: 0, chipLost: 0 };
    vi.spyOn(board, 'board').mockResolvedValue({
      echoes: async () => {
        echoes++;
        return !lost.some((each) => each === echoes);
      },
      figures: async () => answers,
    } as unknown as FirmwareBoard);
    const only = FIRMWARE_PHASES.filter(({ id }) => id === 'uarts');
    const signal = new AbortController().signal;
    // This machine was late as well: what never came was lost all the same.
    const lateness = { start: () => {}, stop: () => ({ longestMs: 800, totalMs: 800 }) };
    const options = { board, partner: null, clock, signal, only: null, timers: timersOf(clock), lateness };
    const results = await runPhases(only, options);
    expect([echoes, measured(results, 'echo-wrong'), verdictOf(results, false)]).toEqual([sent, wrong, 'fail']);
  });

  it.each([
    ['right', 0, 'pass'],
    ['fast by 8 %', 8, 'fail'],
  ] as const)('a clock that is %s is judged so, also when most answers are late', async (_, percent, verdict) => {
    let hostUs = 0;
    let asked = 0;
    const board = new FirmwareUnderTest(identifyBoard('sim', []), {
      opener: new MemoryPorts([]),
      clock: new VirtualTimeline(),
    });
    // The board reads its clock at once; the answer is 800 ms late in all but one of each five.
    vi.spyOn(board, 'board').mockResolvedValue({
      selfTest: async () => {
        const microseconds = Math.round(hostUs * (1 + percent / 100));
        hostUs += asked++ % 5 === 3 ? 1000 : 800_000;
        return { microseconds };
      },
    } as unknown as FirmwareBoard);
    const clock = { nowNs: () => hostUs * 1000, wallSeconds: () => 0 };
    const timers = {
      after: (ms: number, action: () => void) => {
        hostUs += ms * 1000;
        setImmediate(action);
        return () => {};
      },
    };
    const only = FIRMWARE_PHASES.filter(({ id }) => id === 'clock');
    const signal = new AbortController().signal;
    const results = await runPhases(only, { board, partner: null, clock, signal, only: null, timers });
    expect(verdictOf(results, false)).toBe(verdict);
  });

  it('without an image nothing starts, and the board is at fault', async () => {
    const sim = bench();
    await flash(sim, null);
    expect(sim.none).toEqual([expect.stringContaining('the flash')]);
  });
});
