import * as z from 'zod';
import { type FetchLimits, type LimitedAnswer, limitedFetch, NotReached } from '../../web/limited-fetch.ts';
import { IssuerRefused, IssuerUnreachable } from './issuer-refused.ts';

/** Where the issuer is, and how it is reached. */
export interface IssuerLine extends FetchLimits {
  /** Scheme, name and port, as the requests are signed for it; no slash at the end. */
  readonly origin: string;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: none. */
  readonly body: string | null;
}

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

/** @throws {IssuerUnreachable} */
async function exchange(line: IssuerLine, { method, url, headers, body }: Call): Promise<LimitedAnswer> {
  try {
    return await limitedFetch(url, { method, headers, ...(body !== null && { body }) }, line);
  } catch (cause) {
    if (!(cause instanceof NotReached)) throw cause;
    const open = cause.late && method !== 'GET';
    throw new IssuerUnreachable(`${cause.message}${open ? '; whether it carried the request out is not known' : ''}`, {
      cause,
    });
  }
}

function readJson(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return null;
  }
}
