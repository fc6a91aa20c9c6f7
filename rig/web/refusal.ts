/** What a server refuses by itself, whatever it serves. The statuses are those of RFC 9110, RFC 6585 (429) and RFC 6750 (401). */
export const WEB_REFUSALS = {
  'request-malformed': { status: 400, meaning: 'the request is not as the description of the interface has it' },
  'secret-missing': { status: 401, meaning: 'the secret of this start is missing or wrong' },
  'origin-refused': { status: 403, meaning: 'the request comes from a page of another origin' },
  'no-such-route': { status: 404, meaning: 'nothing is served there' },
  'request-too-slow': { status: 408, meaning: 'the request did not arrive in time' },
  'body-too-large': { status: 413, meaning: 'the body is longer than this route takes' },
  'address-too-long': { status: 414, meaning: 'the address is too long' },
  'media-type-unsupported': { status: 415, meaning: 'the body is of a type that this route does not take' },
  'host-refused': { status: 421, meaning: 'the Host header names another server' },
  'too-many-requests': { status: 429, meaning: 'too many requests came: wait as long as Retry-After says' },
  'header-too-large': { status: 431, meaning: 'the header fields are too long' },
  'server-fault': { status: 500, meaning: 'a fault of the server; its log has the time and the route' },
  'answer-too-slow': { status: 503, meaning: 'the answer took longer than the time limit of the server' },
} as const;
export type WebRefusalCode = keyof typeof WEB_REFUSALS;

/** What the other side is told: `{ error, message }` with this status, and nothing else. */
export interface RefusalAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** A request that is not served. The message is for the person at the other side: it never repeats what came. */
export class WebRefusal extends Error implements RefusalAnswer {
  readonly status: number;
  readonly code: string;

  constructor(code: WebRefusalCode, message?: string);
  constructor(code: string, message: string, status: number);
  constructor(code: string, message?: string, status?: number) {
    const own = WEB_REFUSALS[code as WebRefusalCode] as { status: number; meaning: string } | undefined;
    super(message ?? own?.meaning ?? code);
    this.name = 'WebRefusal';
    this.code = code;
    this.status = status ?? own?.status ?? 500;
  }
}

/** The refusal that fits a status which the HTTP library gave; it has its own words, which may repeat the request. */
export function refusalOfStatus(status: number): WebRefusal {
  const found = Object.entries(WEB_REFUSALS).find(([, row]) => row.status === status);
  if (found !== undefined) return new WebRefusal(found[0] as WebRefusalCode);
  return new WebRefusal(status >= 400 && status < 500 ? 'request-malformed' : 'server-fault');
}
