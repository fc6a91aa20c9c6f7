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
