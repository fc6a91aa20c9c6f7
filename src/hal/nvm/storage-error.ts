import { HalError } from '../errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on its disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would be longer than a file may be here',
  EROFS: 'its file system is read-only',
  EACCES: 'the rights are missing',
  EPERM: 'the rights are missing',
  EIO: 'its disk reports an input/output error',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its symbolic links lead in a circle',
  EPIPE: 'the program that read from it has ended',
  ETIMEDOUT: 'nothing was taken from it for ten seconds',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};

/** The operating system's code of a failed file operation: `ENOSPC`; empty when it is another error. */
export function systemErrorCode(cause: unknown): string {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : '';
}

/**
 * The error of a failed file operation as one sentence: `cannot write card.img: no space is left on its disk`.
 * @param action what was to be done: `cannot write`
 * @param consequence a clause about what is left, if that is worth saying
 */
export function storageError(action: string, path: string, cause: unknown, consequence?: string): HalError {
  const code = systemErrorCode(cause);
  const reason = REASONS[code] ?? (code === '' ? String(cause) : `the system says ${code}`);
  const sentence = `${action} ${path}: ${reason}`;
  return new HalError('storage', consequence === undefined ? sentence : `${sentence}; ${consequence}`, { cause });
}
