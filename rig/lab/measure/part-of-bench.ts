import type { CommandIo } from '../../console/io.ts';

/** What must hold. */
export interface LabTarget {
  readonly id: string;
  readonly value: number;
  readonly limit: number;
  readonly verdict: 'pass' | 'fail';
}

/** What a part of the benchmark is asked for; null: as the part has it. */
export interface LabBenchChoice {
  /** The figures of a certification lab: minutes, not seconds. */
  readonly full: boolean;
  /** URL of an empty PostgreSQL database; null: PGlite in a temporary folder. */
  readonly store: string | null;
  /** For a shell: ends the database as a loss of power does, and starts it again. */
  readonly restartStore: string | null;
  readonly benches: number | null;
  readonly devices: number | null;
  readonly runs: number | null;
  /** Factor of the lengths of runs, which are 1 to 60 s. */
  readonly scale: number | null;
  /** From one kill to the next, in milliseconds. */
  readonly everyMs: number | null;
}

export interface Measured {
  /** As they stand in the document. */
  readonly figures: object;
  readonly targets: readonly LabTarget[];
  /** The same for a person. */
  readonly lines: readonly string[];
}

/** One thing that `bench lab` measures, in a lab of its own. */
export interface LabBenchPart {
  readonly name: string;
  /** Why this part cannot run on this machine; null, or absent: it can. */
  missing?(env: CommandIo['env']): string | null;
  /** @throws {CannotRun}; the reason of the signal */
  measure(choice: LabBenchChoice, io: CommandIo): Promise<Measured>;
}

/** A target that holds up to its limit. */
export function atMost(id: string, value: number, limit: number): LabTarget {
  return { id, value, limit, verdict: value <= limit ? 'pass' : 'fail' };
}

/** Shortest and longest run of the lab, in milliseconds. */
const SHORTEST_MS = 1000;
const LONGEST_MS = 60_000;

/** Lengths of runs by the factor. */
export function lengths(scale: number): { readonly shortestMs: number; readonly longestMs: number } {
  return { shortestMs: Math.round(SHORTEST_MS * scale), longestMs: Math.round(LONGEST_MS * scale) };
}
