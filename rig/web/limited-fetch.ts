import { connectionBroke, connectionWords } from '../../src/hal/connection-words.ts';

/** No answer, not in time, or more of it than is read. The message is a sentence that names the other side's origin. */
export class NotReached extends Error {
  /** Whether the request went out and its time ran out: it may have been carried out. */
  readonly late: boolean;

  constructor(message: string, options?: { cause?: unknown; late?: boolean }) {
    super(message, options);
    this.name = 'NotReached';
    this.late = options?.late ?? false;
  }
}

export interface FetchLimits {
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs?: number;
  readonly mostBytes?: number;
  /** Ends a request that is under way. */
  readonly signal?: AbortSignal;
  /** Whether it may be carried out twice (RFC 9110): it is sent once more when its connection breaks. */
  readonly idempotent?: boolean;
  readonly fetch?: typeof fetch;
}

export interface OpenLimits extends Omit<FetchLimits, 'signal' | 'idempotent'> {
  readonly stop: AbortController;
}

export interface LimitedAnswer {
  readonly status: number;
  readonly contentType: string;
  /** Seconds, where the other side said when to come again. */
  readonly retryAfter: number | null;
  readonly bytes: Uint8Array;
  readonly text: string;
}

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 262_144;

/**
 * Asks over HTTP within limits of time and size, and follows no redirection: what goes out (a token, an identity) is for
 * the address that was named. @throws {NotReached}; the reason of `signal`
 */
export async function limitedFetch(
  url: string,
  request: Omit<RequestInit, 'redirect' | 'signal'>,
  limits: FetchLimits = {},
): Promise<LimitedAnswer> {
  const { timeoutMs = TIMEOUT_MS, mostBytes = MOST_BYTES, signal, idempotent = false, fetch: ask = fetch } = limits;
  const origin = URL.canParse(url) ? new URL(url).origin : 'the address';
  const limit = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? limit : AbortSignal.any([limit, signal]);
  const once = async (): Promise<LimitedAnswer> => {
    const answer = await ask(url, { ...request, redirect: 'error', signal: either });
    return readWhole(answer, mostBytes, origin);
  };
  try {
    return await once().catch((error: unknown) => {
      // A connection that was kept may be closed by the other side in the moment in which it is used again.
      if (idempotent && !either.aborted && connectionBroke(error)) return once();
      throw error;
    });
  } catch (cause) {
    if (cause instanceof NotReached) throw cause;
    if (signal?.aborted) throw signal.reason;
    if (limit.aborted) {
      throw new NotReached(`${origin} did not answer within ${timeoutMs / 1000} s`, { cause, late: true });
    }
    throw new NotReached(`${origin} cannot be reached: ${connectionWords(cause)}`, { cause });
  }
}

/**
 * The same for an answer that goes on: the limit of time holds until it begins.
 * @param stop ends the request; whoever reads the body cancels it
 * @returns the body of an answer of 200; otherwise its text
 * @throws {NotReached}; the reason of `stop`
 */
export async function openFetch(
  url: string,
  request: Omit<RequestInit, 'redirect' | 'signal'>,
  { stop, timeoutMs = TIMEOUT_MS, mostBytes = MOST_BYTES, fetch: ask = fetch }: OpenLimits,
): Promise<{ readonly status: number; readonly stream: ReadableStream<Uint8Array> | null; readonly text: string }> {
  const origin = URL.canParse(url) ? new URL(url).origin : 'the address';
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop.abort();
  }, timeoutMs);
  try {
    const answer = await ask(url, { ...request, redirect: 'error', signal: stop.signal });
    const { status, body } = answer;
    if (status === 200 && body !== null) return { status, stream: body, text: '' };
    return { status, stream: null, text: new TextDecoder().decode(await boundedBytes(answer, mostBytes, origin)) };
  } catch (cause) {
    if (cause instanceof NotReached) throw cause;
    if (late) throw new NotReached(`${origin} did not answer within ${timeoutMs / 1000} s`, { cause, late });
    if (stop.signal.aborted) throw stop.signal.reason;
    throw new NotReached(`${origin} cannot be reached: ${connectionWords(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

async function readWhole(answer: Response, mostBytes: number, origin: string): Promise<LimitedAnswer> {
  const contentType = answer.headers.get('content-type') ?? '';
  const wait = Number(answer.headers.get('retry-after') ?? Number.NaN);
  const retryAfter = Number.isFinite(wait) ? wait : null;
  const bytes = await boundedBytes(answer, mostBytes, origin);
  return {
    status: answer.status,
    contentType,
    retryAfter,
    bytes,
    get text() {
      return new TextDecoder().decode(bytes);
    },
  };
}

async function boundedBytes(answer: Response, mostBytes: number, origin: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > mostBytes) throw new NotReached(`${origin} answered more than ${mostBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
