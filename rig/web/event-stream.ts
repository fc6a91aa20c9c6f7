import { Readable } from 'node:stream';
import { eventText, idText } from './server-sent-events.ts';

/** Bytes that wait for a slow reader; with one event more it is behind. */
const MOST_WAITING = 65_536;

/**
 * Events for one reader, as the body of an answer. A reader that does not keep up is behind: it gets nothing more until it
 * has taken what waits, so the memory that it costs is bounded.
 */
export class EventStream extends Readable {
  #behindSince: number | null = null;
  #finished = false;

  constructor() {
    super({ highWaterMark: MOST_WAITING });
  }

  /** @param data JSON @returns false: the reader is behind, and does not get it */
  send(event: string, data: unknown, id?: string): boolean {
    return this.#write(eventText(event, JSON.stringify(data), id));
  }

  /** Where the reader goes on after a lost connection. */
  mark(id: string): boolean {
    return this.#write(idText(id));
  }

  /** A comment: the connection lives. */
  beat(): boolean {
    return this.#write(':\n\n');
  }

  /** How long the reader has been behind; 0: it is not. */
  behindMs(): number {
    return this.#behindSince === null ? 0 : performance.now() - this.#behindSince;
  }

  /** Ends the answer behind what waits. */
  finish(): void {
    if (this.#finished || this.destroyed) return;
    this.#finished = true;
    this.push(null);
  }

  #write(text: string): boolean {
    if (this.#behindSince !== null || this.#finished || this.destroyed) return false;
    if (!this.push(text)) this.#behindSince = performance.now();
    return true;
  }

  override _read(): void {
    this.#behindSince = null;
  }
}
