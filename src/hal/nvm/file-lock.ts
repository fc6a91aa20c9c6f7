import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { HalError } from '../errors.ts';
import { removeQuietly, writeAll } from './replace-file.ts';
import { storageError, systemErrorCode } from './storage-error.ts';

/** Who holds a lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Start of the process in clock ticks since boot, where the system tells: a number used again is not the holder. */
  readonly started: string | null;
}

/**
 * Keeps a second process away from a file: `FILE.lock` beside it names the process that uses it.
 *
 * A lock of a process that is dead is taken over; one of another machine never is, for its processes cannot be seen.
 */
export class FileLock {
  readonly #lockPath: string;
  readonly #text: string;

  private constructor(lockPath: string, text: string) {
    this.#lockPath = lockPath;
    this.#text = text;
  }

  /** @throws {HalError} `busy`; `storage` when the lock file cannot be made */
  static acquire(path: string): FileLock {
    const lockPath = `${path}.lock`;
    const text = `${JSON.stringify({ pid: process.pid, host: hostname(), started: startOf(process.pid) })}\n`;
    if (createExclusively(lockPath, text, path)) return new FileLock(lockPath, text);

    refuseIfHeld(readQuietly(lockPath), path, lockPath);
    // Two may find the same dead holder: only who makes this second file may clear the first.
    const takeover = `${lockPath}.takeover`;
    if (!createExclusively(takeover, text, path)) {
      throw new HalError(
        'busy',
        `${path} is just being taken over by another process; if this lasts, remove ${takeover}`,
      );
    }
    try {
      refuseIfHeld(readQuietly(lockPath), path, lockPath);
      removeQuietly(lockPath);
      if (createExclusively(lockPath, text, path)) return new FileLock(lockPath, text);
    } finally {
      removeQuietly(takeover);
    }
    throw new HalError('busy', `${path} is in use: another process was faster to open it`);
  }

  /** Harmless the second time, and when somebody else has removed the lock meanwhile. */
  release(): void {
    if (readQuietly(this.#lockPath) === this.#text) rmSync(this.#lockPath, { force: true });
  }
}

function createExclusively(lockPath: string, text: string, path: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(lockPath, 'wx', 0o644);
  } catch (cause) {
    if (systemErrorCode(cause) === 'EEXIST') return false;
    throw storageError('cannot lock', path, cause);
  }
  try {
    writeAll(descriptor, Buffer.from(text));
  } catch (cause) {
    removeQuietly(lockPath);
    throw storageError('cannot lock', path, cause);
  } finally {
    closeSync(descriptor);
  }
  return true;
}

/** Returns when nobody alive holds it. */
function refuseIfHeld(text: string | null, path: string, lockPath: string): void {
  if (text === null) return;
  const holder = parseHolder(text);
  if (holder === null) {
    throw new HalError('busy', `${path} seems to be in use; if it is not, remove ${lockPath}`);
  }
  if (holder.host !== hostname()) {
    throw new HalError(
      'busy',
      `${path} is in use by process ${holder.pid} on ${holder.host}; if that is gone, remove ${lockPath}`,
    );
  }
  if (holder.pid === process.pid && holder.started === startOf(process.pid)) {
    throw new HalError('busy', `${path} is in use by this very process`);
  }
  if (isAlive(holder)) throw new HalError('busy', `${path} is in use by process ${holder.pid}`);
}

function parseHolder(text: string): Holder | null {
  try {
    const { pid, host, started } = JSON.parse(text) as Record<string, unknown>;
    if (typeof pid !== 'number' || !Number.isInteger(pid) || pid < 1 || typeof host !== 'string') return null;
    return { pid, host, started: typeof started === 'string' ? started : null };
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (cause) {
    // EPERM: alive, and somebody else's.
    if (systemErrorCode(cause) === 'ESRCH') return false;
  }
  const started = startOf(holder.pid);
  return started === null || holder.started === null || started === holder.started;
}

/** Field 22 of /proc/PID/stat, counted after the command name, which may hold anything; null where there is none. */
function startOf(pid: number): string | null {
  const stat = readQuietly(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[19] ?? null;
}

function readQuietly(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
