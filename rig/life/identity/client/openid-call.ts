import type * as z from 'zod';
import { type FetchLimits, limitedFetch } from '../../../web/limited-fetch.ts';

/** The other side said no. */
export class OpenIdRefused extends Error {
  readonly status: number;
  /** Its own reason where it gives one, else the word of OAuth. */
  readonly code: string;
  /** Who said it. */
  readonly origin: string;

  constructor(origin: string, status: number, code: string, message: string) {
    super(message);
    this.name = 'OpenIdRefused';
    this.origin = origin;
    this.status = status;
    this.code = code;
  }
}

/** The other side answered what it must not: somebody else's address, another key, no JSON. Nothing of it is used. */
export class OpenIdDistrusted extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'OpenIdDistrusted';
  }
}

export interface OpenIdCall {
  readonly url: string;
  /** Null: GET. */
  readonly body: URLSearchParams | object | null;
  readonly accessToken?: string;
}

const WORD = /^[A-Za-z0-9_-]{1,60}$/;
const LONGEST_MESSAGE = 300;

/** @throws {OpenIdRefused} @throws {OpenIdDistrusted} @throws {NotReached} */
export async function openIdCall<T>(
  { url, body, accessToken }: OpenIdCall,
  answer: z.ZodType<T>,
  limits: FetchLimits,
): Promise<T> {
  const form = body instanceof URLSearchParams;
  const { status, text } = await limitedFetch(
    url,
    {
      method: body === null ? 'GET' : 'POST',
      headers: {
        Accept: 'application/json',
        ...(body !== null && { 'Content-Type': form ? 'application/x-www-form-urlencoded' : 'application/json' }),
        ...(accessToken !== undefined && { Authorization: `Bearer ${accessToken}` }),
      },
      ...(body !== null && { body: form ? body.toString() : JSON.stringify(body) }),
    },
    { idempotent: body === null, ...limits },
  );
  const json = parsed(text);
  if (status >= 200 && status < 300) {
    const read = answer.safeParse(json);
    if (read.success) return read.data;
    throw new OpenIdDistrusted(`${new URL(url).origin} gave an answer of another form than the standard has`);
  }
  throw refusal(status, json, new URL(url).origin);
}

function refusal(status: number, json: unknown, origin: string): Error {
  const fields = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  const { error, reason, error_description: description, message } = fields;
  const code = [reason, error].find((word) => typeof word === 'string' && WORD.test(word)) as string | undefined;
  if (code === undefined) return new OpenIdDistrusted(`${origin} answered ${status}, and not as the standard has it`);
  const said = [description, message].find((text) => typeof text === 'string') as string | undefined;
  // What comes from outside may be shown on a terminal.
  const words = said?.slice(0, LONGEST_MESSAGE).replace(/\p{C}/gu, '?');
  return new OpenIdRefused(origin, status, code, words ?? `${origin} refused (${code})`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
