import type { EvidenceChoice } from '../judge/evidence/plan.ts';
import type { RecordChoice } from '../trace/record-choice.ts';
import type { SerialRange } from './batch-serials.ts';
import type { FirmwareTarget } from './board-name.ts';
import type { CardKeysChoice } from './card-keys.ts';
import type { ProgramBench, ProgramOptions } from './firmware/program-board.ts';

export interface BatchOptions {
  /** `all` of the USB ports that the system lists, or ports. */
  readonly boards: 'all' | readonly string[];
  /** The CSV file. */
  readonly list: string;
  /** For rows without a card of their own. */
  readonly image: string | null;
  readonly profile: string | null;
  readonly verifyWith: string | null;
  readonly resume: boolean;
  /** Over cards that were written into since they were flashed. */
  readonly force: boolean;
  /** Boards at the same time. */
  readonly parallel: number;
  /** The lab's key that names images; null: the one in the state folder. */
  readonly imageKey: string | null;
  readonly junit: string | null;
  /** File of the report as a page; absent: none. */
  readonly html?: string | null;
  readonly evidence: EvidenceChoice | null;
  /** How to record the reading back. */
  readonly record: RecordChoice;
  /** Firmware for all boards, with a card of its own for each where the list says one; absent: cards for PN532. */
  readonly firmware?: BatchFirmware;
  /** Serial numbers for the cards of profiles; absent: made of the boards' numbers. */
  readonly cardSerials?: SerialRange;
  /** Fixed UIDs for the same cards; absent: those of the profiles. */
  readonly cardUids?: SerialRange;
  /** Where the keys of the same cards come from; absent: from the profiles. */
  readonly cardKeys?: CardKeysChoice;
}

export interface BatchFirmware {
  readonly target: FirmwareTarget;
  readonly program: ProgramOptions;
  readonly bench: ProgramBench;
}
