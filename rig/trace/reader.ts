import { type OpenInput, openInput } from './byte-input.ts';
import { TraceError } from './lines.ts';
import type { TraceEvent, TraceHeader } from './model.ts';
import { readTrace } from './read-trace.ts';
import { FormatError, type TraceSource } from './stream.ts';

export { TraceError } from './lines.ts';

/**
 * Reads a trace of our own format, one event in memory at a time, however long it is.
 *
 * Its events can be iterated once. Whoever does not come to the end calls `close`, unless it is a `break` or an error
 * within `for await` that ended the iteration.
 */
export class TraceReader implements AsyncIterable<TraceEvent> {
  readonly path: string;
  readonly header: TraceHeader;
  readonly #input: OpenInput;
  readonly #events: AsyncIterable<TraceEvent>;

  private constructor(input: OpenInput, source: TraceSource) {
    this.path = input.name;
    this.header = source.header;
    this.#input = input;
    this.#events = source.events();
  }

  /**
   * Opens a trace and reads its header.
   * @throws {HalError} `storage`
   * @throws {TraceError} when it is no trace, or one of a newer version
   */
  static async open(path: string): Promise<TraceReader> {
    const input = await openInput(path);
    try {
      return new TraceReader(input, await readTrace(input));
    } catch (error) {
      await input.close();
      throw withPath(error, path);
    }
  }

  /** @throws {TraceError} at the first line that is none; the events before it have been given */
  async *[Symbol.asyncIterator](): AsyncGenerator<TraceEvent, void, undefined> {
    try {
      for await (const event of this.#events) yield event;
    } catch (error) {
      throw withPath(error, this.path);
    }
  }

  async close(): Promise<void> {
    await this.#input.close();
  }
}

function withPath(error: unknown, path: string): unknown {
  return error instanceof FormatError ? new TraceError(path, error.place, error.problem, { cause: error }) : error;
}
