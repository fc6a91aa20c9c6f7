import * as z from 'zod';
import { type FetchLimits, type LimitedAnswer, limitedFetch, NotReached, openFetch } from '../../web/limited-fetch.ts';
import { LabRefused, LabUnreachable } from './lab-refused.ts';

/** Where the lab's server is, and with which token it is asked. */
export interface LabLine extends FetchLimits {
  /** Scheme, name and port; no slash at the end. */
  readonly origin: string;
  readonly token: string;
}

export interface LabCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** From the origin on, with its query. */
  readonly path: string;
  /** Null: none. */
  readonly body: { readonly type: string; readonly content: string | Uint8Array } | null;
}

const REFUSAL = z.object({ error: z.string().max(100), message: z.string().max(2000) });

/**
 * Asks, and reads the answer by its schema.
 * @throws {LabRefused} the server said no
 * @throws {LabUnreachable} no connection, no answer in time, or not the answer of a lab; the reason of `signal`
 */
export async function call<T>(line: LabLine, asked: LabCall, answer: z.ZodType<T>): Promise<T> {
  const read = answer.safeParse(readJson((await exchange(line, asked)).text));
  if (read.success) return read.data;
  throw new LabUnreachable(`${line.origin} answered something else than a lab of this version: is it one?`);
}

/** The same for an answer that is no JSON. @throws as {@link call} */
export async function exchange(line: LabLine, { method, path, body }: LabCall): Promise<LimitedAnswer> {
  const headers = { authorization: `Bearer ${line.token}`, ...(body !== null && { 'content-type': body.type }) };
  const content = body === null ? {} : { body: body.content as string | Uint8Array<ArrayBuffer> };
  let answer: LimitedAnswer;
  try {
    answer = await limitedFetch(
      `${line.origin}${path}`,
      { method, headers, ...content },
      { idempotent: method !== 'POST', ...line },
    );
  } catch (cause) {
    if (cause instanceof NotReached) throw new LabUnreachable(cause.message, { cause });
    throw cause;
  }
  if (answer.status >= 200 && answer.status < 300) return answer;
  return refuse(line, answer);
}

function refuse({ origin }: LabLine, { status, text }: { readonly status: number; readonly text: string }): never {
  const refusal = REFUSAL.safeParse(readJson(text));
  if (refusal.success) throw new LabRefused(status, refusal.data.error, refusal.data.message);
  throw new LabUnreachable(`${origin} answered ${status}, not as a lab does: is it one?`);
}

/** The same for an answer that does not end. @param stop ends the request, in place of the line's signal @returns its body */
export async function openStream(
  line: LabLine,
  path: string,
  more: Readonly<Record<string, string>>,
  stop: AbortController,
): Promise<ReadableStream<Uint8Array>> {
  const headers = { authorization: `Bearer ${line.token}`, ...more };
  try {
    const answer = await openFetch(`${line.origin}${path}`, { headers }, { ...line, stop });
    return answer.stream ?? refuse(line, answer);
  } catch (cause) {
    if (cause instanceof NotReached) throw new LabUnreachable(cause.message, { cause });
    throw cause;
  }
}

function readJson(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return null;
  }
}
