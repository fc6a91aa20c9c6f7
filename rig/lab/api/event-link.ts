import { readEvents } from '../../web/server-sent-events.ts';
import { type LabLine, openStream } from './call.ts';
import { type LabEvent, readLabEvent } from './event.ts';
import { LabUnreachable } from './lab-refused.ts';

/** The server says something every 15 s: after two silent turns the connection is lost. */
const SILENCE_MS = 40_000;

/** What is heard from the lab: its events, and where to go on when the connection is lost. */
export interface HeardEvents extends AsyncIterable<LabEvent> {
  /** For the next time; null: from the start. */
  lastId(): string | null;
}

/**
 * Hears the lab's events until the connection ends.
 * @param asked `campaign`: of this one alone; null: all. `lastId`: where to go on; null: from now on
 * @throws {LabRefused}; {LabUnreachable} no connection, or it was lost; the reason of the line's signal
 */
export async function hearEvents(
  line: LabLine,
  asked: { readonly campaign: number | null; readonly lastId: string | null },
): Promise<HeardEvents> {
  const stop = new AbortController();
  const end = (): void => stop.abort(line.signal?.reason);
  line.signal?.throwIfAborted();
  line.signal?.addEventListener('abort', end, { once: true });
  const forget = (): void => line.signal?.removeEventListener('abort', end);
  const path = `/v1/events${asked.campaign === null ? '' : `?campaign=${asked.campaign}`}`;
  const headers = asked.lastId === null ? {} : { 'last-event-id': asked.lastId };
  const body = await openStream(line, path, headers, stop).catch((error: unknown) => {
    forget();
    throw error;
  });
  let lastId = asked.lastId;
  return {
    lastId: () => lastId,
    async *[Symbol.asyncIterator]() {
      const wait = (): NodeJS.Timeout => setTimeout(() => stop.abort(), SILENCE_MS);
      let timer = wait();
      try {
        const heard = (id: string | null): void => {
          lastId = id ?? lastId;
          clearTimeout(timer);
          timer = wait();
        };
        for await (const { event, data } of readEvents(body, heard, stop.signal)) {
          const read = readLabEvent(event, data);
          if (read !== null) yield read;
        }
      } catch (cause) {
        if (line.signal?.aborted === true) throw line.signal.reason;
        throw new LabUnreachable(`the connection to ${line.origin} was lost`, { cause });
      } finally {
        clearTimeout(timer);
        forget();
      }
    },
  };
}
