import { type Line, traceLines } from './lines.ts';
import type { TraceEvent } from './model.ts';
import { LineProblem, parseEvent, parseHeader } from './parse.ts';
import { type ByteInput, FormatError, type TraceSource } from './stream.ts';

/** @throws {FormatError} when it is no trace, or one of a newer version; from the events, at the first line that is none */
export async function readTrace(input: ByteInput): Promise<TraceSource> {
  const lines = traceLines(input);
  const first = await lines.next();
  if (first.done === true) throw new FormatError({ line: 1 }, 'this is not a trace: the file is empty');
  return { header: parsed(first.value, parseHeader), events: () => eventsOf(lines) };
}

async function* eventsOf(lines: AsyncIterable<Line>): AsyncGenerator<TraceEvent, void, undefined> {
  for await (const line of lines) yield parsed(line, parseEvent);
}

function parsed<T>(line: Line, parse: (text: string) => T): T {
  try {
    return parse(line.text);
  } catch (cause) {
    if (!(cause instanceof LineProblem)) throw cause;
    const problem = line.terminated ? cause.message : `the last line is cut off (${cause.message})`;
    throw new FormatError({ line: line.number }, problem, { cause });
  }
}
