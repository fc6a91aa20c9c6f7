/** One event as text/event-stream has it (WHATWG HTML, server-sent events). No Node here: pages read it too. */
export interface ServerSentEvent {
  /** `message` where the other side gave no name. */
  readonly event: string;
  readonly data: string;
}

/** Characters of one event, its fields and comments included. */
const MOST_CHARACTERS = 1_048_576;

/** An event as it is written. @param data without line ends, as JSON is */
export function eventText(event: string, data: string, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;
}

/** Sets where a reader goes on, and is no event. */
export function idText(id: string): string {
  return `id: ${id}\n\n`;
}

/**
 * Reads events until the body ends. Comments are passed over.
 * @param heard is called behind each event and each comment, with what goes into `Last-Event-ID` next time (null: nothing)
 * @param signal ends it
 * @throws {RangeError} an event longer than a megabyte; what the body throws; the reason of `signal`
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  heard: (lastEventId: string | null) => void = () => {},
  signal?: AbortSignal,
): AsyncGenerator<ServerSentEvent> {
  const reader = body.getReader();
  // The signal of a fetch may be forgotten once its answer began (Node 20), so the body itself is ended.
  const stop = (): void => void reader.cancel().catch(() => {});
  signal?.addEventListener('abort', stop, { once: true });
  const decoder = new TextDecoder();
  let rest = '';
  let lastEventId: string | null = null;
  let name = '';
  let data: string[] = [];
  let size = 0;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      for (;;) {
        const end = /\r\n|\n|\r(?!$)/.exec(rest);
        if (end === null) break;
        const line = rest.slice(0, end.index);
        rest = rest.slice(end.index + end[0].length);
        size += line.length;
        if (line !== '') {
          const [, field, content] = /^([^:]*)(?::[ ]?(.*))?$/s.exec(line) as unknown as [string, string, string?];
          if (field === 'event') name = content ?? '';
          if (field === 'data') data.push(content ?? '');
          if (field === 'id' && !(content ?? '').includes('\0')) lastEventId = content ?? '';
          continue;
        }
        if (data.length > 0) yield { event: name === '' ? 'message' : name, data: data.join('\n') };
        [name, data, size] = ['', [], 0];
        heard(lastEventId);
      }
      if (size + rest.length > MOST_CHARACTERS) throw new RangeError('an event is longer than a megabyte');
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    // Ends the connection where the reader has had enough.
    await reader.cancel().catch(() => {});
  }
}
