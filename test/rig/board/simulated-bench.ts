import type { Phase, PhaseResult } from '../../../rig/board/phase.ts';
import { PN532_PHASES } from '../../../rig/board/phases/index.ts';
import { Pn532Board } from '../../../rig/board/pn532-board.ts';
import { runPhases } from '../../../rig/board/run-phases.ts';
import { identifyBoard } from '../../../rig/endpoint/board-identity.ts';
import type { Fault, FaultName } from '../../../rig/sim/faults/plan.ts';
import { type SimulatedPair, simulatedPair } from '../../../rig/sim/pair.ts';
import type { Timers } from '../../../src/hal/pn532/transport.ts';

/** Two simulated boards in virtual time, and boards under test on them. */
export interface SimulatedBench {
  readonly pair: SimulatedPair;
  readonly a: Pn532Board;
  readonly b: Pn532Board;
}

/** A fault that holds, or strikes on the occasions from `from` to `to`. */
export function fault(name: FaultName, value = 0, from = 1, to: number = Number.POSITIVE_INFINITY): Fault {
  return { name, value, from, to };
}

export function simulatedBench(
  faults: { readonly a?: readonly Fault[]; readonly b?: readonly Fault[] } = {},
): SimulatedBench {
  const pair = simulatedPair({
    a: { faults: faults.a ?? [] },
    b: { faults: faults.b ?? [] },
  });
  const timers: Timers = { after: (ms, action) => pair.clock.after(Math.round(ms * 1e6), action) };
  const board = (path: string): Pn532Board =>
    new Pn532Board(identifyBoard(path, []), { opener: pair.opener, clock: pair.clock, timers });
  return { pair, a: board(pair.paths.a), b: board(pair.paths.b) };
}

export interface BringUpOptions {
  readonly partner?: boolean;
  readonly only?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onStart?: (phase: Phase) => void;
  readonly onEnd?: (result: PhaseResult) => void;
}

/** The whole bring-up, or some phases of it. */
export async function bringUp(bench: SimulatedBench, options: BringUpOptions = {}): Promise<readonly PhaseResult[]> {
  try {
    return await runPhases(PN532_PHASES, {
      board: bench.a,
      partner: options.partner === true ? bench.b : null,
      clock: bench.pair.clock,
      signal: options.signal ?? new AbortController().signal,
      only: options.only ?? null,
      ...(options.onStart === undefined ? {} : { onStart: options.onStart }),
      ...(options.onEnd === undefined ? {} : { onEnd: options.onEnd }),
    });
  } finally {
    await bench.a.close();
    await bench.b.close();
  }
}
