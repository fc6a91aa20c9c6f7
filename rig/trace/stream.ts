import type { TraceEvent, TraceHeader } from './model.ts';

/*
 * What importers and exporters of every format speak: a header and a stream of events, one in memory at a time.
 * Nothing here holds a whole file.
 */

/** A session from wherever it comes. Its events can be iterated once; a `break` or `return` closes what is open. */
export interface TraceSource {
  readonly header: TraceHeader;
  /** @throws {FormatError} while iterating, at the first fault; the events before it have been given */
  events(): AsyncIterable<TraceEvent>;
}

/** The bytes of a file or of standard input, from the beginning, once. */
export interface ByteInput {
  /** For people: the path, or `standard input`. */
  readonly name: string;
  /** The first bytes, at most {@link HEAD_LENGTH}, without taking them away. */
  head(): Promise<Uint8Array>;
  /** Pieces of any length from 1 on; a piece is not changed afterwards. @throws {HalError} `storage` */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Where an exporter writes; text becomes UTF-8. Resolves when more may be written. */
export interface AsyncByteSink {
  /** @throws {HalError} `storage` */
  write(chunk: Uint8Array | string): Promise<void>;
}

/** How much of a file `guess` sees. */
export const HEAD_LENGTH = 65_536;

export interface Importer {
  /** As `--from` takes it: `pcscd-log`. */
  readonly name: string;
  /** For people: `APDU log of pcscd`. */
  readonly title: string;
  /** Without dot, lower case, the most usual first. */
  readonly extensions: readonly string[];
  /**
   * Whether a file is of this format: 0 no, 100 sure. Content of another format is 0 whatever the name.
   * @param head the first bytes, at most {@link HEAD_LENGTH}; any bytes at all
   */
  guess(head: Uint8Array, fileName: string): number;
  /** Several cards may be in one file, and it tells them apart: `open` takes one of them. */
  readonly tellsCards?: true;
  /**
   * @param card of several in one file the one that the trace is about, counted from 1 in the order of their first
   * commands (1 where it is left away)
   * @throws {FormatError} when the beginning is not of this format
   */
  open(input: ByteInput, losses: Losses, card?: number): Promise<TraceSource>;
}

export interface Exporter {
  /** As `--to` takes it: `pcscd-log`. */
  readonly name: string;
  readonly title: string;
  readonly extensions: readonly string[];
  /**
   * Writes the whole source, which is redacted already where that is wanted. What the format cannot carry goes to
   * `losses`; masked bytes are 00 where a format has no sign for them (and a loss).
   */
  write(source: TraceSource, output: AsyncByteSink, losses: Losses): Promise<void>;
}

/** What did not get through, summed up by kind. */
export interface Losses {
  /** @param what a plural noun phrase, the same words each time: `wall times`, `notes`, `lines that are no APDU` */
  add(what: string, count?: number): void;
}

/** Losses in the order in which they first came. */
export class LossCount implements Losses {
  readonly #counts = new Map<string, number>();

  add(what: string, count = 1): void {
    if (count > 0) this.#counts.set(what, (this.#counts.get(what) ?? 0) + count);
  }

  get entries(): readonly { readonly what: string; readonly count: number }[] {
    return [...this.#counts].map(([what, count]) => ({ what, count }));
  }
}

/** Where a fault is: a line of a text from 1, or an offset of a binary file from 0. */
export type Place = { readonly line: number } | { readonly offset: number };

/** Bytes that are not of the format: one sentence, and the place. */
export class FormatError extends Error {
  readonly place: Place;
  /** The sentence without the place. */
  readonly problem: string;

  constructor(place: Place, problem: string, options?: { cause?: unknown }) {
    super(`${'line' in place ? `line ${place.line}` : `byte ${place.offset}`}: ${problem}`, options);
    this.name = 'FormatError';
    this.place = place;
    this.problem = problem;
  }
}

/** What an importer knows of the session at its beginning; the rest of the header is said to be unknown. */
export interface ImportedHeader {
  /** What made the trace: `pcscd`. */
  readonly source: string;
  readonly reader?: string | null;
  readonly interface?: TraceHeader['interface'];
  readonly atr?: string | null;
  readonly ats?: string | null;
  readonly card?: string | null;
  /** Wall time of `t` 0, ISO 8601 in UTC; absent: not known. */
  readonly startedAt?: string | null;
  /** Absent: `unknown`; nothing in most formats tells a real card from a virtual one. */
  readonly backend?: TraceHeader['backend'];
}

/** The header of a trace that came from another format, with nothing masked. */
export function importedHeader(known: ImportedHeader): TraceHeader {
  return {
    type: 'header',
    format: 'vitap-trace',
    version: 1,
    source: known.source,
    backend: known.backend ?? 'unknown',
    reader: known.reader ?? null,
    interface: known.interface ?? null,
    atr: known.atr ?? null,
    ats: known.ats ?? null,
    card: known.card ?? null,
    clock: 'ns',
    startedAt: known.startedAt ?? null,
    redactions: [],
    secretsKept: true,
  };
}
