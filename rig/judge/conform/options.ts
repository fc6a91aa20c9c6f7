import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { CardSource } from '../../card/card-source.ts';
import type { ChannelChoice } from '../../channel/choice.ts';
import type { LinkChoice } from '../../endpoint/links.ts';
import type { ReaderChoice } from '../../endpoint/readers.ts';
import type { RecordChoice } from '../../trace/record-choice.ts';
import type { EvidenceChoice } from '../evidence/plan.ts';
import type { CaseResult } from './model.ts';
import type { SuiteName } from './suites/index.ts';

export interface ConformOptions {
  readonly suite: SuiteName;
  readonly reader: ReaderChoice;
  /** A card of ours to judge, always as a copy; with a PC/SC reader it is put into the virtual reader. Null: the card there. */
  readonly card: CardSource | null;
  /** Where that card is put for a reader at the other end; absent: into the virtual reader, and for a board nowhere. */
  readonly link?: LinkChoice | null;
  readonly interface: CardInterface | null;
  /** The secure channel that every case goes through, or what the suites of the channel open their own with; absent: none. */
  readonly channel?: ChannelChoice;
  /** YAML file that says what the card holds; null: our profile says it, or the card itself. */
  readonly declare: string | null;
  /** Ids to run, as `SEL-*,!SEL-9*`; null for all. */
  readonly only: string | null;
  /** Only say which cases there are. */
  readonly list: boolean;
  /** Also print which commands and status words were reached; reports always have it. */
  readonly coverage: boolean;
  /** Also run what changes a card for good, on a card that is not a copy. */
  readonly destructive: boolean;
  /** Files for the reports; `-` is standard output, for JSON alone. */
  readonly json: string | null;
  readonly junit: string | null;
  readonly html: string | null;
  /** Absent or null: no bundle. */
  readonly evidence?: EvidenceChoice | null;
  /** Absent: no trace. */
  readonly record?: RecordChoice;
  readonly timeoutMs: number;
  /** Told of each case as it is there. */
  readonly onResult?: (result: CaseResult) => void;
}
