import type { Chunking } from '../../src/hal/serial/memory-line.ts';
import type { SerialLineOpener } from '../../src/hal/serial-line.ts';
import { type BoardOptions, SimulatedBoard } from './board.ts';
import { Field } from './field/field.ts';
import { MemoryPorts } from './serial/memory-port.ts';
import { VirtualTimeline } from './timeline.ts';

export interface SimulatedPairOptions {
  readonly a?: BoardOptions;
  readonly b?: BoardOptions;
  /** How lines cut what they deliver; whole frames by default. */
  readonly chunk?: Chunking;
}

/** Two boards with their antennas on each other, in memory and in virtual time. */
export interface SimulatedPair {
  readonly a: SimulatedBoard;
  readonly b: SimulatedBoard;
  /** Opens `sim-a` and `sim-b`. */
  readonly opener: SerialLineOpener;
  readonly paths: { readonly a: string; readonly b: string };
  readonly field: Field;
  readonly clock: VirtualTimeline;
}

export function simulatedPair(options: SimulatedPairOptions = {}): SimulatedPair {
  const clock = new VirtualTimeline();
  const field = new Field(clock);
  const a = new SimulatedBoard('sim-a', clock, field, options.a);
  const b = new SimulatedBoard('sim-b', clock, field, options.b);
  const opener = new MemoryPorts([a, b], options.chunk);
  return { a, b, opener, paths: { a: a.name, b: b.name }, field, clock };
}
