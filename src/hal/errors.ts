/**
 * What can go wrong in the world outside the card, as kinds that a caller can switch on.
 *
 * A refusal to the reader is a status word and never comes here; a bug throws an ordinary Error.
 */
export type HalErrorKind =
  /** The PC/SC service (pcscd) does not run or died. */
  | 'no-service'
  /** No reader, or none of that name. */
  | 'no-reader'
  /** The reader was unplugged, or its service died while it was in use. */
  | 'reader-lost'
  /** A reader, but no card in it within the time allowed. */
  | 'no-card'
  /** The card left while it was in use. */
  | 'card-removed'
  /** Somebody else holds the reader, the port or the file. */
  | 'busy'
  /** No answer in time. */
  | 'timeout'
  /** The other side answered something that its protocol does not allow. */
  | 'protocol'
  /** A port that nobody listens on, or that does not exist. */
  | 'no-port'
  /** The rights to open it are missing. */
  | 'permission'
  /** More bytes than this link can carry. */
  | 'too-long'
  /** The driver cannot do this at all. */
  | 'unsupported'
  /** The caller cancelled. */
  | 'aborted'
  /** The store could not be read or written (disk full, read-only). */
  | 'storage'
  /** What is stored is not what was written: truncated, damaged, of another format. */
  | 'damaged';

/** Kinds that say that the reader, or the port of the board, is not there, and may be later. */
export const READER_ABSENT: ReadonlySet<HalErrorKind> = new Set(['no-port', 'no-reader', 'reader-lost', 'no-service']);

/** An error of a driver: a kind to act on and one sentence for a person. */
export class HalError extends Error {
  readonly kind: HalErrorKind;

  constructor(kind: HalErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'HalError';
    this.kind = kind;
  }
}
