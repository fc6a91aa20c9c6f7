import type { EvidenceChoice } from '../judge/evidence/plan.ts';
import type { RecordChoice } from '../trace/record-choice.ts';

/** Boards that can be brought up. */
export type TestTarget = 'pn532' | 'firmware';

/** What `vitap board test` was told. */
export interface BoardTestOptions {
  /** What the board is: a PN532 on this machine, or one that runs the card as firmware. `pn532` by default. */
  readonly target?: TestTarget;
  readonly port: string;
  /** Port of a second board, or null. */
  readonly partner: string | null;
  /** Ask the person at the bench. */
  readonly operator: boolean;
  readonly serialNumber: string | null;
  /** Ids of phases; null for all. */
  readonly only: readonly string[] | null;
  /** Folder of the records; null for this station's own. */
  readonly records: string | null;
  /** File of limits; null for this station's own, where there are any. */
  readonly limits: string | null;
  /** Rounds; 0 until Ctrl-C; null: one test, and no loop. */
  readonly loop: number | null;
  readonly html: string | null;
  readonly junit: string | null;
  readonly evidence: EvidenceChoice | null;
  /** How to record the taps. */
  readonly record: RecordChoice;
}
