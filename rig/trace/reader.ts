import { type Line, readLines, TraceError } from './lines.ts';
import type { TraceEvent, TraceHeader } from './model.ts';
import { LineProblem, parseEvent, parseHeader } from './parse.ts';

export { TraceError } from './lines.ts';

/**
 * Reads a trace, one event in memory at a time, however long it is.
 *
 * Its events can be iterated once. Whoever does not come to the end calls `close`, unless it is a `break` or an error
 * within `for await` that ended the iteration.
 */
export class TraceReader implements AsyncIterable<TraceEvent> {
  readonly path: string;
  readonly header: TraceHeader;
  readonly #lines: AsyncGenerator<Line, void, undefined>;

  private constructor(path: string, header: TraceHeader, lines: AsyncGenerator<Line, void, undefined>) {
    this.path = path;
    this.header = header;
    this.#lines = lines;
  }

  /**
   * Opens a trace and reads its header.
   * @throws {HalError} `storage`
   * @throws {TraceError} when it is no trace, or one of a newer version
   */
  static async open(path: string): Promise<TraceReader> {
    const lines = readLines(path);
    try {
      const first = await lines.next();
      if (first.done === true) throw new TraceError(path, 1, 'this is not a trace: the file is empty');
      return new TraceReader(path, parsed(path, first.value, parseHeader), lines);
    } catch (error) {
      await lines.return();
      throw error;
    }
  }

  /** @throws {TraceError} at the first line that is none; the events before it have been given */
  async *[Symbol.asyncIterator](): AsyncGenerator<TraceEvent, void, undefined> {
    for await (const line of this.#lines) yield parsed(this.path, line, parseEvent);
  }

  async close(): Promise<void> {
    await this.#lines.return();
  }
}

function parsed<T>(path: string, line: Line, parse: (text: string) => T): T {
  try {
    return parse(line.text);
  } catch (cause) {
    if (!(cause instanceof LineProblem)) throw cause;
    const problem = line.terminated ? cause.message : `the last line is cut off (${cause.message})`;
    throw new TraceError(path, line.number, problem, { cause });
  }
}
