import { HalError, type HalErrorKind } from '../../src/hal/errors.ts';
import { EXIT, type ExitCode } from './io.ts';
import { shown } from './shown.ts';

/** What was asked cannot be done here and now. The message is one sentence for a person; exit 2. */
export class CannotRun extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CannotRun';
  }
}

/** The command line itself makes no sense. */
export class UsageError extends CannotRun {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** Why the signal of a command fires when nobody reads its standard output any more: nobody is told. */
export class ReaderGone extends Error {
  constructor() {
    super('standard output was closed');
    this.name = 'ReaderGone';
  }
}

/** `fault`: a bug of ours. The others are the world's or the user's. */
export type FailureKind =
  | HalErrorKind
  | 'usage'
  | 'channel'
  | 'counter'
  | 'phone'
  | 'cannot-run'
  | 'profile'
  | 'trace'
  | 'store'
  | 'file'
  | 'fault';

/** What a person or a program is told of an error. */
export interface Failure {
  readonly kind: FailureKind;
  /** One sentence; for a profile, one for each thing wrong with it. */
  readonly sentences: readonly string[];
  readonly exitCode: ExitCode;
}

/** The only place where errors become words and exit codes. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) return failure('usage', error.message);
  if (error instanceof CannotRun) return failure('cannot-run', error.message);
  if (error instanceof HalError) return failure(error.kind, error.message);
  const judged = judgedKind(error);
  if (judged !== null) return { ...failure(judged.kind, judged.error.message), exitCode: judged.error.exitCode };
  const kind = error instanceof Error ? SENTENCES[error.name] : undefined;
  // A profile says each thing that is wrong with it on a line of its own.
  if (kind !== undefined) return failure(kind, ...(error as Error).message.split('\n'));
  const file = fileSentence(error);
  if (file !== null) return failure('file', file);
  const message = error instanceof Error ? error.message : String(error);
  return failure('fault', `this is a fault of vitap: ${message} (VITAP_DEBUG=1 shows where)`);
}

/**
 * Errors of other modules that are sentences for a person. By name: importing their classes would load the card, the
 * profiles and the traces with every command.
 */
const SENTENCES: Readonly<Record<string, FailureKind>> = {
  ProfileError: 'profile',
  SpecificationError: 'profile',
  ImageError: 'damaged',
  TraceError: 'trace',
  StoreError: 'store',
};

/** Failures that may be a verdict (the code is wrong, the card is a copy), and say with which exit code they end. */
const JUDGED: Readonly<Record<string, FailureKind>> = {
  ChannelFailure: 'channel',
  CounterFailure: 'counter',
  PhoneRefusal: 'phone',
};

interface Judged {
  readonly kind: FailureKind;
  readonly error: Error & { readonly exitCode: ExitCode };
}

function judgedKind(error: unknown): Judged | null {
  if (!(error instanceof Error && 'exitCode' in error)) return null;
  const kind = JUDGED[error.name];
  return kind === undefined ? null : { kind, error: error as Judged['error'] };
}

function failure(kind: FailureKind, ...sentences: string[]): Failure {
  return { kind, sentences: sentences.map(shown), exitCode: EXIT.cannotRun };
}

const FILE_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'the rights to open it are missing',
  EPERM: 'the rights to open it are missing',
  EISDIR: 'this is a folder, not a file',
  ENOTDIR: 'a part of this path is not a folder',
  EROFS: 'its file system is read-only',
  ENOSPC: 'no space is left on its disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would be longer than a file may be here',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its symbolic links lead in a circle',
  EIO: 'its disk reports an input/output error',
  EMFILE: 'too many files are open',
};

/** Node's own errors about a file that a person named; null for anything else. */
function fileSentence(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code, path } = error as NodeJS.ErrnoException;
  const words = code === undefined ? undefined : FILE_WORDS[code];
  return words === undefined || path === undefined ? null : `${path}: ${words}`;
}
