import type { CardInterface } from '../../src/hal/card-link.ts';

/** What the verbs' actions are given: the command line, checked and with its defaults filled in. Types only. */

/** `profile`: a fresh card in memory, made with a fixed seed. `image`: an image file, its state kept, or a profile by name. */
export type CardSource =
  | { readonly kind: 'profile'; readonly name: string }
  | { readonly kind: 'image'; readonly fileOrName: string };

export type ReaderChoice =
  | { readonly driver: 'loopback' }
  /** `name`: the reader's name or a part of it; null for the first reader with a card. */
  | { readonly driver: 'pcsc'; readonly name: string | null };

export interface LinkChoice {
  readonly driver: 'vpcd';
  readonly host: string;
  readonly port: number;
}

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

export interface TapOptions {
  readonly reader: ReaderChoice;
  /** The card behind a loopback reader; null for a reader with a card of its own. */
  readonly card: CardSource | null;
  /** Through which door a loopback reader reads; null as the profile says. */
  readonly interface: CardInterface | null;
  readonly sequence: Sequence;
  readonly pin: PinChoice;
  readonly record: RecordChoice;
  /** Say for each refusal which rule of the card it comes from; absent: no. */
  readonly explain?: boolean;
  /** How long to wait for the reader and the card. */
  readonly timeoutMs: number;
}

export interface EmulateOptions {
  readonly link: LinkChoice;
  readonly card: CardSource;
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
  readonly card: CardSource;
  /** Commands to send for each row. */
  readonly count: number;
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
