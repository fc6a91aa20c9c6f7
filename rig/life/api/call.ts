import * as z from 'zod';
import { IssuerRefused, IssuerUnreachable } from './issuer-refused.ts';

/** Where the issuer is, and how it is reached. */
export interface IssuerLine {
  /** Scheme, name and port, as the requests are signed for it; no slash at the end. */
  readonly origin: string;
  /** Milliseconds; the default is 10 s, which is longer than an issuer needs and shorter than a person waits. */
  readonly timeoutMs?: number;
  /** Ends a request that is under way. */
  readonly signal?: AbortSignal;
  readonly fetch?: typeof fetch;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: none. */
  readonly body: string | null;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const LARGEST_ANSWER = 262_144;
const REFUSAL = z.object({ error: z.string().max(100), message: z.string().max(2000) });

/**
 * Asks, and reads the answer by its schema.
 * @throws {IssuerRefused} the issuer said no
 * @throws {IssuerUnreachable} no connection, no answer in time, or not the answer of an issuer
 */
export async function call<T>(line: IssuerLine, asked: Call, answer: z.ZodType<T>): Promise<T> {
  const { status, text, retryAfter } = await exchange(line, asked);
  const json = readJson(text);
  if (status >= 200 && status < 300) {
    const read = answer.safeParse(json);
    if (read.success) return read.data;
    throw new IssuerUnreachable(`${line.origin} answered something else than an issuer: is it one?`);
  }
  const refusal = REFUSAL.safeParse(json);
  if (refusal.success) throw new IssuerRefused(status, refusal.data.error, refusal.data.message, retryAfter);
  throw new IssuerUnreachable(`${line.origin} answered ${status}, not as an issuer does: is it one?`);
}

interface Exchanged {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: number | null;
}

async function exchange(line: IssuerLine, { method, url, headers, body }: Call): Promise<Exchanged> {
  const { origin, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = line;
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await (line.fetch ?? fetch)(url, {
      method,
      headers,
      ...(body !== null && { body }),
      redirect: 'error',
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    const wait = Number(answer.headers.get('retry-after') ?? Number.NaN);
    return { status: answer.status, text: await boundedText(answer), retryAfter: Number.isFinite(wait) ? wait : null };
  } catch (cause) {
    if (cause instanceof IssuerUnreachable) throw cause;
    if (signal?.aborted) throw signal.reason;
    if (limit.aborted) throw new IssuerUnreachable(`${origin} did not answer within ${timeoutMs / 1000} s`, { cause });
    throw new IssuerUnreachable(`${origin} cannot be reached: is the issuer running there?`, { cause });
  }
}

/** An answer is sized before it is believed. */
async function boundedText(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > LARGEST_ANSWER) throw new IssuerUnreachable(`the answer is longer than ${LARGEST_ANSWER} bytes`);
    parts.push(part);
  }
  return new TextDecoder().decode(Buffer.concat(parts));
}

function readJson(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return null;
  }
}
