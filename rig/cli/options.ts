import type { CardInterface } from '../../src/hal/card-link.ts';

/** What the verbs' actions are given: the command line, checked and with its defaults filled in. Types only. */

/** `profile`: a fresh card in memory, made with a fixed seed. `image`: an image file, its state kept, or a profile by name. */
export type CardSource =
  | { readonly kind: 'profile'; readonly name: string }
  | { readonly kind: 'image'; readonly fileOrName: string };

/** A PN532: on a serial port, or inside of a USB reader that PC/SC knows. */
export type Pn532Choice =
  | {
      readonly driver: 'pn532';
      readonly path: string;
      /** What the line is brought to; null for as fast as is usual. */
      readonly baudRate: number | null;
    }
  /** `name`: the reader's name in PC/SC or a part of it. */
  | { readonly driver: 'acr122'; readonly name: string };

export type ReaderChoice =
  | { readonly driver: 'loopback' }
  /** `name`: the reader's name or a part of it; null for the first reader with a card. */
  | { readonly driver: 'pcsc'; readonly name: string | null }
  | Pn532Choice;

export type LinkChoice =
  | { readonly driver: 'vpcd'; readonly host: string; readonly port: number }
  | (Pn532Choice & {
      /** By our own ISO/IEC 14443-4 instead of the chip's. */
      readonly raw: boolean;
    });

/** Where a code may come from; readPin of pin.ts turns it into one. */
export interface PinChoice {
  readonly file: string | null;
  /** Ask on the terminal. */
  readonly ask: boolean;
}

export interface RecordChoice {
  /** The trace file to write, or null. */
  readonly file: string | null;
  /** Without redaction. */
  readonly keepSecrets: boolean;
  /** File with the key of the masks' hashes; absent: a random one that nobody keeps. */
  readonly redactionKey?: string;
}

/** `all`: everything the card holds. `own`: the own application's records. Others: as readers in the field read. */
export const SEQUENCES = ['all', 'own', 'identity', 'identity-by-fid', 'pointers', 'ndef'] as const;
export type Sequence = (typeof SEQUENCES)[number];

/** How the own application is read: record by record, or in the fewest exchanges. */
export const PLANS = ['classic', 'minimal'] as const;
export type PlanName = (typeof PLANS)[number];

export interface TapOptions {
  readonly reader: ReaderChoice;
  /** The card behind a loopback reader; null for a reader with a card of its own. */
  readonly card: CardSource | null;
  /** Through which door a loopback reader reads; null as the profile says. */
  readonly interface: CardInterface | null;
  readonly sequence: Sequence;
  /** Default classic; shows both plans' cost when it was asked for. */
  readonly plan?: PlanName;
  readonly pin: PinChoice;
  readonly record: RecordChoice;
  /** Say for each refusal which rule of the card it comes from; absent: no. */
  readonly explain?: boolean;
  /** How long to wait for the reader and the card. */
  readonly timeoutMs: number;
}

export interface EmulateOptions {
  readonly link: LinkChoice;
  /** Null for the card that was flashed onto the board of the link. */
  readonly card: CardSource | null;
  readonly interface: CardInterface | null;
  /** Open the holder's presentation window at the start; needs the code. */
  readonly unlock: boolean;
  readonly pin: PinChoice;
  /** Wait for the link's other side instead of refusing when it is not there. */
  readonly wait: boolean;
  readonly record: RecordChoice;
}

export interface CardBuildOptions {
  /** Names of shipped profiles or paths of profile files; empty for every shipped one. */
  readonly profiles: readonly string[];
  /** The image file; null for NAME.img in the current folder. With several profiles always null. */
  readonly out: string | null;
  /** Makes the same image again; null for a new card each time. */
  readonly seed: string | null;
}

export interface CardShowOptions {
  /** An image file, or a profile by name or path. */
  readonly card: string;
}

export interface CardExplainOptions {
  /** An image file, or a profile by name or path. */
  readonly card: string;
  readonly command: Uint8Array;
  /** Sent first, in this order. */
  readonly after: readonly Uint8Array[];
  /** One interface, or null for each. */
  readonly interface: CardInterface | null;
}

export interface BenchApduOptions {
  /** Null: in process, without a reader. */
  readonly reader: ReaderChoice | null;
  /** With a reader other than the loopback: what card is in it. */
  readonly card: CardSource;
  /** Commands to send for each row; null for as many as suit the way they go. */
  readonly count: number | null;
  /** CSV on standard output instead of a table. */
  readonly csv: boolean;
  readonly record: RecordChoice;
}

export interface BenchCoreOptions {
  /** Commands to send for each row. */
  readonly count: number;
  /** Numbers of files, smallest first, to see what grows with them. */
  readonly files: readonly number[];
  /** Numbers of records in one file, up to 254. */
  readonly records: readonly number[];
  /** Numbers of records on a whole card, for the time that it takes to boot. */
  readonly boots: readonly number[];
  /** Whole taps through the loopback. */
  readonly taps: number;
}

export interface BenchSoakOptions {
  readonly reader: ReaderChoice;
  /** The card behind a loopback; for another reader, what card is in it. */
  readonly card: CardSource;
  readonly durationMs: number;
  /** Taps a second, or null for one after the other. */
  readonly perSecond: number | null;
  /** How long to wait for a card at each tap. */
  readonly timeoutMs: number;
  /** The samples on standard output instead of the verdict in words. */
  readonly csv: boolean;
  readonly record: RecordChoice;
}

export interface BenchCrowdOptions {
  /** What card each of them is. */
  readonly profile: string;
  readonly cards: number;
  readonly taps: number;
  /** Taps a second, on average. */
  readonly perSecond: number;
  readonly pattern: 'even' | 'waiting-room' | 'turnstile';
  readonly seed: string;
}

export interface DemoOptions {
  /** Whether to go on to the second half, through pcscd. */
  readonly pcsc: boolean;
  /** Only the second half, with this card, in the PC/SC stack that this process runs in; null for the whole demo. */
  readonly pcscImage: string | null;
  readonly record: RecordChoice;
}

export interface ConformOptions {
  readonly suite: 'iso7816-4' | 'vitale' | 't4t';
  readonly reader: ReaderChoice;
  /** A card of ours to judge, always as a copy; with a PC/SC reader it is put into the virtual reader. Null: the card there. */
  readonly card: CardSource | null;
  readonly interface: CardInterface | null;
  /** YAML file that says what the card holds; null: our profile says it, or the card itself. */
  readonly declare: string | null;
  /** Ids to run, as `SEL-*,!SEL-9*`; null for all. */
  readonly only: string | null;
  /** Only say which cases there are. */
  readonly list: boolean;
  /** Also run what changes a card for good, on a card that is not a copy. */
  readonly destructive: boolean;
  /** Files for the reports; `-` is standard output, for JSON alone. */
  readonly json: string | null;
  readonly junit: string | null;
  readonly html: string | null;
  /** Absent: no trace. */
  readonly record?: RecordChoice;
  readonly timeoutMs: number;
}

export interface ConvertOptions {
  /** Files; `-` is standard input or output. */
  readonly input: string;
  readonly output: string;
  /** Names of formats; null: the first by content, the second by the name of the output. */
  readonly from: string | null;
  readonly to: string | null;
  readonly keepSecrets: boolean;
  /** File with the key of the masks' hashes; null: a random one that nobody keeps. */
  readonly redactionKey: string | null;
  /** Gives the output its name even when the input could be read to a fault only. */
  readonly keepPartial: boolean;
}
