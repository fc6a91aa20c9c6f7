import { type OpenInput, openInput } from './byte-input.ts';
import { IMPORTERS } from './formats/index.ts';
import { TraceError } from './lines.ts';
import type { TraceEvent } from './model.ts';
import { type ByteInput, FormatError, type Importer, LossCount, type TraceSource } from './stream.ts';

/** A trace of any format that is read, open. */
export interface OpenTrace {
  readonly source: TraceSource;
  readonly importer: Importer;
  /** Whether the content was looked at to tell the format. */
  readonly guessed: boolean;
  /** What the trace has that our model does not; complete when the events have come to their end. */
  readonly losses: LossCount;
  /** For whoever does not read the events to their end. Harmless the second time. */
  close(): Promise<void>;
}

/**
 * Opens a trace of any format.
 * @param path `-` is standard input
 * @param from the importer's name; null: guess by content
 * @param card of several in one file the one that the trace is about, from 1
 * @throws {HalError} `storage`
 * @throws {TraceError} when it is of no format that is read, or not of the one that was named. Its events throw it too,
 * in the place of {@link FormatError}, with the path
 */
export async function openTrace(path: string, from: string | null = null, card = 1): Promise<OpenTrace> {
  return openTraceInput(await openInput(path), from, card);
}

/** The same from an input that is open already. It is closed when this fails. */
export async function openTraceInput(input: OpenInput, from: string | null = null, card = 1): Promise<OpenTrace> {
  const losses = new LossCount();
  try {
    const importer = from === null ? await guessFormat(input) : importerNamed(from);
    if (importer === null) {
      const problem = 'this is no trace of a format that vitap reads (see: vitap convert --list)';
      throw new TraceError(input.name, await place(input), problem);
    }
    if (card !== 1 && importer.tellsCards !== true) {
      const problem = `the format ${importer.name} does not tell several cards apart: there is no card ${card}`;
      throw new TraceError(input.name, await place(input), problem);
    }
    const source = await importer.open(input, losses, card);
    return {
      source: { header: source.header, events: () => named(source.events(), input.name) },
      importer,
      guessed: from === null,
      losses,
      close: () => input.close(),
    };
  } catch (error) {
    await input.close();
    throw withName(error, input.name);
  }
}

/** @returns null when no importer wants it */
export async function guessFormat(input: ByteInput): Promise<Importer | null> {
  const head = await input.head();
  let best: Importer | null = null;
  let certainty = 0;
  for (const importer of IMPORTERS) {
    const guess = importer.guess(head, input.name);
    if (guess > certainty) [best, certainty] = [importer, guess];
  }
  return best;
}

/** @throws {Error} for a name that is not in {@link IMPORTERS}: whoever takes it from a person checks it */
export function importerNamed(name: string): Importer {
  const importer = IMPORTERS.find((candidate) => candidate.name === name);
  if (importer === undefined) throw new Error(`there is no importer ${name}`);
  return importer;
}

async function* named(events: AsyncIterable<TraceEvent>, name: string): AsyncGenerator<TraceEvent, void, undefined> {
  try {
    yield* events;
  } catch (error) {
    throw withName(error, name);
  }
}

function withName(error: unknown, name: string): unknown {
  return error instanceof FormatError ? new TraceError(name, error.place, error.problem, { cause: error }) : error;
}

/** Text is counted in lines. */
async function place(input: ByteInput): Promise<{ line: number } | { offset: number }> {
  return (await input.head()).includes(0) ? { offset: 0 } : { line: 1 };
}
