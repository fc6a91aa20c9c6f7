/** The issuer answered, and refused. `code` is one of the documented ones; the message is its sentence for a person. */
export class IssuerRefused extends Error {
  readonly status: number;
  readonly code: string;
  /** Seconds after which it may be tried again; null when the issuer said nothing of it. */
  readonly retryAfter: number | null;

  constructor(status: number, code: string, message: string, retryAfter: number | null) {
    super(message);
    this.name = 'IssuerRefused';
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** No answer came, or none that an issuer gives: whether the request was carried out is not known. */
export class IssuerUnreachable extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'IssuerUnreachable';
  }
}
