import type { FieldStep } from '../../trace/field-names.ts';
import type { MaskedHex, TraceBackend } from '../../trace/model.ts';

/*
 * What a replay says, to a card and to a terminal alike: one entry for each exchange, and the whole. Plain data that
 * goes to JSON as it is; bytes are upper-case hexadecimal, `XX` where a secret was.
 */

/**
 * `INCONCLUSIVE`: it could not be judged (no recorded answer, the reader was lost). `SKIPPED`: it was never tried,
 * because the replay had ended before it.
 */
export type ReplayVerdict = 'PASS' | 'FAIL' | 'INCONCLUSIVE' | 'SKIPPED';

/**
 * `status`: another status word. `value`: other bytes. `length`: more or fewer bytes. `missing`, `extra`: a data
 * object. `range`: a number outside its range. `time`: too slow or too fast. `command`: a terminal sent something else.
 */
export type DivergenceKind = 'status' | 'value' | 'length' | 'missing' | 'extra' | 'range' | 'time' | 'command';

/** The first place where an exchange is not as it was expected. */
export interface Divergence {
  readonly kind: DivergenceKind;
  /** Byte of the APDU, from 0; null where there is no such place. */
  readonly offset: number | null;
  /** From the outermost data object to the innermost; empty where the bytes are no BER-TLV. */
  readonly field: readonly FieldStep[];
  /** Content of the field, or the bytes around the place. */
  readonly expected: string;
  readonly got: string;
  /** Bytes of the two APDUs at which the values shown begin; null for a value that stands in neither. */
  readonly shownFrom: { readonly expected: number; readonly got: number } | null;
  /** For people, without the two values: `E2 beneficiary / 84 usual name, byte 2 of 5`. */
  readonly where: string;
}

/** Nanoseconds throughout. */
export interface ExchangeTime {
  /** Since the replay began. */
  readonly startNs: number;
  /** Command sent to answer received. */
  readonly tookNs: number;
  /** The same in the trace; null where the trace has no times. */
  readonly recordedNs: number | null;
  /** Took minus recorded. */
  readonly deviationNs: number | null;
  /** The limit that applied; null for none. */
  readonly limitNs: number | null;
  /** How much later than the pace wanted the command was sent; 0 at the pace `fast`. */
  readonly lateNs: number;
}

export interface ReplayEntry {
  /** Number of the exchange in the trace, from 1; null for a command that the trace does not have. */
  readonly index: number | null;
  /** `READ RECORD`. */
  readonly name: string;
  /** What was sent, or would have been. */
  readonly command: MaskedHex;
  /** To a card: what the trace has where something else was sent. To a terminal: what it should have sent. */
  readonly recordedCommand: MaskedHex | null;
  /** The answer of the trace, or the one that the rule wants. */
  readonly expected: string | null;
  readonly got: MaskedHex | null;
  /** Name of the rule that applied; null for none. */
  readonly rule: string | null;
  readonly verdict: ReplayVerdict;
  readonly divergence: Divergence | null;
  /** Why it is inconclusive or was skipped, or what else is worth a word. */
  readonly problem: string | null;
  readonly time: ExchangeTime | null;
  /** How often it was sent again before it was judged. */
  readonly retries: number;
}

export type VerdictCounts = Readonly<Record<ReplayVerdict, number>>;

/** All but the entries, which may be millions. */
export interface ReplaySummary {
  readonly id: 'replay';
  readonly mode: 'to-card' | 'as-card';
  /** Never SKIPPED; INCONCLUSIVE when nothing failed and not all could be judged. */
  readonly verdict: Exclude<ReplayVerdict, 'SKIPPED'>;
  readonly counts: VerdictCounts;
  /** Sum of the entries' retries: a PASS that needed some is told apart. */
  readonly retries: number;
  readonly trace: {
    readonly file: string;
    readonly format: string;
    readonly source: string;
    readonly backend: TraceBackend;
    readonly startedAt: string | null;
  };
  /** Where it was replayed: a reader's name, or a link's. */
  readonly peer: string;
  readonly backend: TraceBackend;
  readonly protocol: string | null;
  readonly atr: { readonly expected: MaskedHex | null; readonly got: MaskedHex | null };
  /** File of the rules, or null. */
  readonly rules: string | null;
  /** `fast`, `original`, or the factor. */
  readonly pace: string;
  readonly startedAt: string;
  readonly durationNs: number;
  /** Index of the first entry that failed. */
  readonly firstDivergence: number | null;
  /** What ended the replay before its end, or null. */
  readonly problem: string | null;
  readonly warnings: readonly string[];
}

/** The whole, as `--json` prints it. */
export interface ReplayResult extends ReplaySummary {
  readonly exchanges: readonly ReplayEntry[];
}

/** Counts entries as they come. */
export class ReplayTally {
  readonly counts: Record<ReplayVerdict, number> = { PASS: 0, FAIL: 0, INCONCLUSIVE: 0, SKIPPED: 0 };
  retries = 0;
  firstDivergence: number | null = null;

  add(entry: ReplayEntry): void {
    this.counts[entry.verdict]++;
    this.retries += entry.retries;
    if (entry.verdict === 'FAIL') this.firstDivergence ??= entry.index;
  }

  /** @param whole false when something ended the replay before its end */
  verdict(whole: boolean): ReplaySummary['verdict'] {
    if (this.counts.FAIL > 0) return 'FAIL';
    return whole && this.counts.INCONCLUSIVE === 0 && this.counts.SKIPPED === 0 && this.counts.PASS > 0
      ? 'PASS'
      : 'INCONCLUSIVE';
  }
}
