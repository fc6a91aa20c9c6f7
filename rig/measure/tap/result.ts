import type { ChannelAccount } from '../../channel/open-channel.ts';
import type { ReportEnvironment } from '../../report/environment.ts';

/**
 * What `vitap bench tap` saves, and what the comparison and the reports read: one JSON document. All times are whole
 * nanoseconds unless the name says otherwise; all sizes are bytes.
 */

export const RESULT_SCHEMA = 'vitap-bench-tap';
/** Grows when a reader of older files would misunderstand a newer one. */
export const RESULT_VERSION = 1;

/**
 * Where time goes, from the card outwards. The layers of an exchange, of a stage and of a tap have the same names and
 * sum to its time.
 *
 * - `card`: the card's own work.
 * - `air`: frames and the shortest silences between them.
 * - `reader`: the reader's chip and firmware.
 * - `serial`: bytes on the serial line between the host and the chip.
 * - `link`: what carries an APDU otherwise: driver, operating system, USB, pcscd, sockets.
 * - `host`: the reading program, between exchanges.
 */
export const LAYERS = ['card', 'air', 'reader', 'serial', 'link', 'host'] as const;
export type Layer = (typeof LAYERS)[number];

/** Nanoseconds of each layer; a model that takes more than was measured leaves a negative residual, which is kept. */
export type LayerTimes = Readonly<Record<Layer, number>>;

/**
 * `measured` by a clock; `modelled` from the bytes; `residual`: what the others leave; `unknown`: cannot be told apart
 * and is part of the layer that the note names; `none`: this set-up has no such layer.
 */
export type Basis = 'measured' | 'modelled' | 'residual' | 'unknown' | 'none';

export interface LayerBasis {
  readonly basis: Basis;
  /** One sentence: how it was told apart. */
  readonly note: string;
}

/** Parts of a tap in their order. `between`: the reading program, outside of the others. */
export const STAGES = ['detect', 'activate', 'exchanges', 'between'] as const;
export type Stage = (typeof STAGES)[number];
export type StageTimes = Readonly<Record<Stage, number>>;

/** Lengths of one exchange: what its time on air and on a line follows from. */
export interface ExchangeShape {
  /** `READ RECORD` */
  readonly command: string;
  /** CLA INS P1 P2, hexadecimal. */
  readonly header: string;
  /** Four hexadecimal digits. */
  readonly status: string;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Bytes on the serial line, both ways; 0 without one. */
  readonly serialBytes: number;
}

/** Exchanges that taps have in common. Most runs have one shape. */
export interface TapShape {
  readonly exchanges: readonly ExchangeShape[];
  /** Bytes on the serial line to find and activate the card; 0 without one. */
  readonly activationSerialBytes: number;
}

export interface TapFailure {
  /** A kind of HalError, `refused` for a status word that ends the tap, `wrong-content`, or `fault`. */
  readonly kind: string;
  readonly message: string;
  /** Exchanges that were complete before. */
  readonly afterExchanges: number;
}

/** One tap. Times count from the run's origin. A failed tap has the times until it failed. */
export interface TapSample {
  readonly index: number;
  /** When the schedule wanted it; null when each tap waits for the one before. */
  readonly intendedNs: number | null;
  readonly startNs: number;
  /** End of the last answer. */
  readonly endNs: number;
  readonly stages: StageTimes;
  readonly layers: LayerTimes;
  /** Index into {@link TapBenchResult.shapes}; null for a failed tap. */
  readonly shape: number | null;
  readonly failure: TapFailure | null;
}

export interface ExchangeDetail extends ExchangeShape {
  readonly startNs: number;
  readonly endNs: number;
  readonly layers: LayerTimes;
}

/** A tap with its exchanges. */
export interface TapDetail {
  readonly sample: TapSample;
  readonly exchanges: readonly ExchangeDetail[];
  /** File of its trace, beside the result; null when none was written. */
  readonly trace: string | null;
}

/** A figure with its confidence interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Distribution over the taps that did not fail, without warm-up; nanoseconds. */
export interface Distribution {
  readonly n: number;
  readonly mean: number;
  readonly min: number;
  readonly p50: Estimate;
  readonly p90: Estimate;
  readonly p99: Estimate;
  readonly p999: Estimate;
  readonly max: number;
  /** HdrHistogram V2, compressed, base64; counts {@link HISTOGRAM_UNIT_NS}. Can be added to others. */
  readonly histogram: string;
}

/** Histograms count in these. */
export const HISTOGRAM_UNIT_NS = 100;
/** Confidence of every interval here. */
export const CONFIDENCE = 0.95;

/** One row for each command as it was sent (same name and header). */
export interface CommandFigures {
  readonly command: string;
  readonly header: string;
  readonly count: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Mean of each layer. */
  readonly layers: LayerTimes;
}

/** What the bytes went over, as far as it is known. */
export interface LinkParameters {
  /** Null where nothing goes over air. */
  readonly air: AirParameters | null;
  /** Bits a second; null without a serial line. */
  readonly baudRate: number | null;
}

export interface AirParameters {
  /** kbit/s: 106, 212, 424 or 848. */
  readonly rateToCard: number;
  readonly rateToReader: number;
  /** Largest frame that the card takes, and that the reader takes. */
  readonly fsc: number;
  readonly fsd: number;
  readonly uidLength: 4 | 7 | 10;
  readonly atsLength: number;
  /** Where these figures come from: `read`: of the card's ATS; `assumed`: of what such readers do. */
  readonly source: 'read' | 'assumed';
}

export interface FloorRow {
  readonly rate: number;
  /** FSC and FSD. */
  readonly frameSize: number;
  /** Activation, and PPS where the rate needs it. */
  readonly activationNs: number;
  readonly exchangesNs: number;
  readonly totalNs: number;
}

/** The least time that physics allows for the bytes of the median tap. */
export interface Floor {
  readonly exchanges: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** From the first REQA; the field's own rise is not in it. */
  readonly air: readonly FloorRow[];
  /** Empty without a serial line. */
  readonly serial: readonly { readonly baudRate: number; readonly totalNs: number }[];
}

export interface WhatIfChange {
  /** kbit/s, both ways. */
  readonly rate?: number;
  readonly fsd?: number;
  readonly fsc?: number;
  readonly baud?: number;
}

export interface WhatIf {
  readonly change: WhatIfChange;
  /** As typed: `rate=848,fsd=256`. */
  readonly label: string;
  /** Asked for on the command line, or one of the standard rows. */
  readonly asked: boolean;
  /** Medians before and after, over all taps that did not fail. */
  readonly nowP50: number;
  readonly predictedP50: number;
  /** Layers of the median tap after the change. */
  readonly layers: LayerTimes;
}

/** What a look at the machine and the link said. `distrust`: figures cannot be believed. */
export interface DiagnosisFinding {
  /** Stable: `vpcd-delay`, `ftdi-latency`, `reader-polling`, `governor`, `noise`, `clock`, `echo`, `versions`, `backend`, `schedule`, `model`, `sample-size`. */
  readonly id: string;
  readonly verdict: 'fine' | 'note' | 'distrust';
  /** One sentence. */
  readonly detail: string;
  /** What to type or do about it. */
  readonly cure?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface Diagnosis {
  readonly trusted: boolean;
  readonly findings: readonly DiagnosisFinding[];
}

/** One part of what the secure channel takes of a tap, over the taps that did not fail; nanoseconds. */
export interface ChannelStage {
  /** `PACE`, `terminal authentication`, …, `secure messaging`. */
  readonly name: string;
  /** Of the median tap. */
  readonly exchanges: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** All of it, this program's own computing included. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Of that, the exchanges with the card. */
  readonly cardP50: number;
}

/** How the taps were protected. */
export interface ChannelFigures {
  readonly account: ChannelAccount;
  /**
   * The opening step by step, then `secure messaging`: what this program took in a tap to protect commands and to check
   * answers. They are parts of the stages `exchanges` and `between`, and not besides them.
   */
  readonly stages: readonly ChannelStage[];
}

export type Arrivals =
  /** Each tap begins when the one before has ended: stalls hide, as fewer taps. */
  | { readonly kind: 'closed' }
  /** Each tap has its moment, whatever became of the one before. */
  | { readonly kind: 'fixed'; readonly ratePerSecond: number };

export interface Schedule {
  readonly arrivals: Arrivals;
  /** Taps that began later than intended because the one before was not over. */
  readonly late: number;
  readonly worstLateNs: number;
  /** Mean time that a tap keeps the reader, as a share of the interval; null without a schedule. */
  readonly load: number | null;
  /** The queue grew to the end of the run: taps came faster than they were served. */
  readonly overloaded: boolean;
}

export interface TapBenchResult {
  readonly schema: typeof RESULT_SCHEMA;
  readonly version: typeof RESULT_VERSION;
  readonly environment: ReportEnvironment;
  readonly diagnosis: Diagnosis;
  readonly setup: {
    /** As typed after `--reader`. */
    readonly reader: string;
    readonly sequence: string;
    /** How the own application was read; null where the commands are others. */
    readonly plan: string | null;
    /** Asked for, warm-up apart. */
    readonly taps: number;
    readonly warmUp: number;
    /** What the card was made with, for this run alone; null for a card that was there before. Nothing else is chance. */
    readonly seed: string | null;
    readonly link: LinkParameters;
  };
  readonly layers: Readonly<Record<Layer, LayerBasis>>;
  readonly stages: Readonly<Record<Stage, LayerBasis>>;
  readonly shapes: readonly TapShape[];
  /** In the order of the run, failed ones among them, without warm-up. */
  readonly taps: readonly TapSample[];
  /**
   * The first tap of the run, which finds program, connection and (in process, or just put in) card unused. It belongs to
   * the warm-up, and then its index and times are below 0; without warm-up it is also the first of `taps`. Null in the
   * results of older versions.
   */
  readonly first: TapDetail | null;
  readonly failures: readonly { readonly kind: string; readonly message: string; readonly count: number }[];
  /** Absent or null: everything was sent in clear. */
  readonly channel?: ChannelFigures | null;
  readonly schedule: Schedule;
  /** Null when every tap failed. */
  readonly figures: Figures | null;
  /** One sentence for people, as `212 ms: 171 air at 106 kbit/s, …; floor at 848 kbit/s 38 ms`. */
  readonly answer: string;
  /** `fail`: taps failed. `inconclusive`: none did, but the result cannot be trusted. */
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
}

export interface Figures {
  /** From a tap's start. */
  readonly total: Distribution;
  /** From its intended start: what a person at the gate waits. The same as `total` without a schedule. */
  readonly response: Distribution;
  readonly stages: Readonly<Record<Stage, Distribution>>;
  readonly layers: Readonly<Record<Layer, Distribution>>;
  readonly commands: readonly CommandFigures[];
  readonly median: TapDetail;
  readonly slowest: TapDetail;
  /** Beyond the outer fence, slowest first; few are kept. */
  readonly outliers: readonly TapDetail[];
  readonly floor: Floor;
  readonly whatIf: readonly WhatIf[];
}
