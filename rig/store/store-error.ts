/** What a database can answer instead of rows. */
export type StoreErrorKind =
  /** Somebody else holds what is needed: the folder, a row, a lock. To be tried again. */
  | 'busy'
  /** No space is left for it. */
  | 'full'
  /** No database answers there, or it went away. What was not committed did not happen. */
  | 'unreachable'
  /** It answers, and lets this user or this database not in. */
  | 'denied'
  /** A constraint of a table forbids it. */
  | 'conflict'
  /** What is stored is not what was written, or of another version. */
  | 'damaged';

/** An error of a database: a kind to act on and one sentence for a person, without a value of any row. */
export class StoreError extends Error {
  readonly kind: StoreErrorKind;
  /** Of `conflict`: the constraint. */
  readonly constraint: string | null;

  constructor(
    kind: StoreErrorKind,
    message: string,
    { constraint = null, cause }: { constraint?: string | null; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.name = 'StoreError';
    this.kind = kind;
    this.constraint = constraint;
  }
}

/** The SQLSTATE classes and codes (PostgreSQL, appendix A) that the world causes; anything else is a bug of ours. */
const STATES: readonly (readonly [start: string, kind: StoreErrorKind, words: string])[] = [
  ['53300', 'busy', 'it has no connection left; try again later'],
  ['53', 'full', 'it has no space or memory left; make room and try again'],
  ['58', 'unreachable', 'its machine has an error of input or output; who keeps it must look'],
  ['55P03', 'busy', 'another transaction holds what this one needs; try again later'],
  ['40', 'busy', 'another transaction was faster; try again'],
  ['57P', 'unreachable', 'it was shut down; start it and try again'],
  ['57014', 'busy', 'it took too long; try again later'],
  ['08', 'unreachable', 'the connection broke; what was not committed did not happen'],
  ['28', 'denied', 'it does not let this user in; check the user and PGPASSWORD or the password file'],
  ['3D000', 'denied', 'there is no such database; make it with createdb'],
  ['42501', 'denied', 'this user has no right to do that'],
  ['25006', 'unreachable', 'it takes no changes: it follows another one, or was set to be read only'],
  ['23', 'conflict', 'a rule of a table forbids it'],
  ['XX001', 'damaged', 'a page of it is damaged'],
  ['XX002', 'damaged', 'an index of it is damaged'],
];

/** Codes of Node's sockets and files. */
const CODES: Readonly<Record<string, readonly [kind: StoreErrorKind, words: string]>> = {
  ECONNREFUSED: ['unreachable', 'nothing listens there; start it'],
  ECONNRESET: ['unreachable', 'the connection broke; what was not committed did not happen'],
  EPIPE: ['unreachable', 'the connection broke; what was not committed did not happen'],
  ENOENT: ['unreachable', 'nothing is there'],
  ENOTFOUND: ['unreachable', 'its host has no address'],
  EAI_AGAIN: ['unreachable', 'its host has no address now'],
  EHOSTUNREACH: ['unreachable', 'its host is not reachable'],
  ETIMEDOUT: ['unreachable', 'nothing answered in time'],
  ENOSPC: ['full', 'no space is left on its disk'],
  EDQUOT: ['full', 'the disk quota is used up'],
};

/** Messages of the client library that have no code. */
const LOST =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|not queryable|server closed the connection/i;

/** A statement that comes after its database was closed by this program. */
export function closedHere(location: string): StoreError {
  return new StoreError('unreachable', `the database ${location} was closed; nothing more is asked of it`);
}

/** The error of a statement as one of ours; what the world does not cause stays as it is. */
export function storeError(location: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof StoreError) return cause;
  const { code, constraint } = cause as Error & { code?: unknown; constraint?: unknown };
  const text = typeof code === 'string' ? code : '';
  const state = /^[0-9A-Z]{5}$/.test(text) ? STATES.find(([start]) => text.startsWith(start)) : undefined;
  const [, kind, words] = state ?? [null, ...(CODES[text] ?? [])];
  if (kind !== undefined && words !== undefined) {
    const named = typeof constraint === 'string' ? constraint : null;
    return new StoreError(kind, `the database ${location}: ${words}`, { constraint: named, cause });
  }
  if (LOST.test(cause.message)) {
    return new StoreError('unreachable', `the database ${location}: the connection broke, or none could be made`, {
      cause,
    });
  }
  return cause;
}
