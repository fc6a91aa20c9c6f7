import { FormatError } from './stream.ts';

/** What is at a place of a binary file: a record of so many bytes, or that so many are needed to tell. */
export type Cut<T> = { readonly length: number; readonly record: T | null } | { readonly needed: number };

/**
 * Cuts a stream of bytes into records, and gives those of each piece together.
 * @param cut looks at `bytes` from `at` on, which is `offset` in the file; `needed` is more than is there. It may throw
 * {@link FormatError}
 * @throws {FormatError} from `cut`, or when the file ends in a record; the records before have been given
 */
export async function* cutRecords<T>(
  chunks: AsyncIterable<Uint8Array>,
  cut: (bytes: Uint8Array, at: number, offset: number) => Cut<T>,
): AsyncGenerator<T[], void, undefined> {
  let offset = 0;
  let waiting: Uint8Array[] = [];
  let waitingLength = 0;
  let needed = 1;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    waitingLength += chunk.length;
    if (waitingLength < needed) continue;
    const bytes: Uint8Array = waiting.length === 1 ? chunk : Buffer.concat(waiting);
    const records: T[] = [];
    let failure: unknown;
    let at = 0;
    needed = 1;
    while (at < bytes.length) {
      try {
        const found = cut(bytes, at, offset + at);
        if ('needed' in found) {
          needed = found.needed;
          break;
        }
        if (found.record !== null) records.push(found.record);
        at += found.length;
      } catch (error) {
        failure = error;
        break;
      }
    }
    if (records.length > 0) yield records;
    if (failure !== undefined) throw failure;
    const rest = bytes.subarray(at);
    offset += at;
    waiting = rest.length === 0 ? [] : [rest];
    waitingLength = rest.length;
  }
  if (waitingLength > 0) throw new FormatError({ offset }, 'the file ends in the middle of a record');
}

/** An asynchronous stream of which something was taken away, as it was before. */
export async function* again<T>(
  taken: readonly T[],
  rest: AsyncIterator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* taken;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
