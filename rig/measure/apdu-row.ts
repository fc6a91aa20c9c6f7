import type { Figures } from './figures.ts';

/** One command in the tables of `bench apdu` and `bench core`. */
export interface ApduRow extends Figures {
  readonly id: string;
  readonly command: string;
}

/** What was measured on what. */
export interface ApduMeasurement {
  /** First column of the CSV. */
  readonly label: string;
  /** For people. */
  readonly card: string;
  readonly backend: 'simulated' | 'hardware';
  readonly figures: readonly ApduRow[];
  /** What ended the run before its time, or null: what was measured until then counts. */
  readonly failure: unknown;
}

/** `READ RECORD` as a row is called. */
export function rowName(command: string): { id: string; command: string } {
  return { id: command.toLowerCase().replaceAll(' ', '-'), command };
}
