/**
 * How a page speaks to the server that it came from. The secret of this start arrives in the fragment of the printed
 * address, is taken out of the address at once, and lives in this module's memory alone: no storage, no cookie, no
 * address holds it. A page that is loaded again has lost it, and asks for the printed address; that of the lab keeps a
 * token for as long as its tab is there (rig/lab/pages).
 */

/** What the server answered with, when it is not what was asked for. `UNREACHABLE`: it did not answer at all. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Call {
  <Answer>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal): Promise<Answer>;
  /** A file, as it is. */
  bytes(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** The same as it comes, in pieces. */
  pieces(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** The secret in the address, which is taken out of it; null when there is none. */
export function takeSecret(): string | null {
  const secret = location.hash.slice(1);
  if (secret === '') return null;
  history.replaceState(null, '', location.pathname);
  return secret;
}

/** What stands behind the # and the ? of the address, which are taken out of it. */
export function takeParameters(): { readonly fragment: URLSearchParams; readonly query: URLSearchParams } {
  const taken = {
    fragment: new URLSearchParams(location.hash.slice(1)),
    query: new URLSearchParams(location.search),
  };
  history.replaceState(null, '', location.pathname);
  return taken;
}

/**
 * @param secret null: for what is open to whoever comes
 * @returns what calls the server with the secret in the Authorization header
 */
export function callWith(secret: string | null): Call {
  const ask = async (method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> => {
    const headers: Record<string, string> = secret === null ? {} : { authorization: `Bearer ${secret}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const request: RequestInit = { method, headers, cache: 'no-store', credentials: 'omit', redirect: 'error' };
    if (body !== undefined) request.body = JSON.stringify(body);
    if (signal !== undefined) request.signal = signal;
    let answer: Response;
    try {
      answer = await fetch(path, request);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw new CallRefused('UNREACHABLE', 'the server does not answer');
    }
    if (answer.ok) return answer;
    const document: unknown = await answer.json().catch(() => null);
    const { error, message } = (document ?? {}) as { error?: unknown; message?: unknown };
    throw new CallRefused(
      typeof error === 'string' ? error : `HTTP_${answer.status}`,
      typeof message === 'string' ? message : `the server answered with status ${answer.status}`,
    );
  };
  return Object.assign(
    async <Answer>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> =>
      (await ask(method, path, body, signal)).json(),
    {
      bytes: async (path: string) => new Uint8Array(await (await ask('GET', path)).arrayBuffer()),
      pieces: async (path: string, signal: AbortSignal) =>
        (await ask('GET', path, undefined, signal)).body ?? new ReadableStream<Uint8Array>(),
    },
  );
}
