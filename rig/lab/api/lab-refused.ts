/** The server answered, and refused. `code` is one of the documented ones; the message is its sentence for a person. */
export class LabRefused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'LabRefused';
    this.status = status;
    this.code = code;
  }
}

/** No answer came, or none that a lab gives: whether the request was carried out is not known. */
export class LabUnreachable extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'LabUnreachable';
  }
}

/** Whether the same request may be answered later: nobody answered, rights that come back, a server that is overloaded or full. */
export function maySucceedLater(error: unknown): boolean {
  if (error instanceof LabUnreachable) return true;
  if (!(error instanceof LabRefused)) return false;
  const { status, code } = error;
  if (code === 'blob-missing' || code === 'blob-torn') return true;
  // Its status is that of a token, and no other token mends it.
  if (code === 'result-unsigned') return false;
  return status === 401 || status === 403 || status === 408 || status === 429 || status >= 500;
}
