import { createHash, randomBytes } from 'node:crypto';
import { closeSync, linkSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { HalError } from '../errors.ts';
import { type FileOwner, isAlive, isThisProcess, thisProcess } from './file-owner.ts';
import { removeQuietly, writeAll } from './replace-file.ts';
import { storageError, systemErrorCode } from './storage-error.ts';

/** How long a lock that is not whole may be one that is just being written. */
const WRITING_MS = 10_000;
/** Behind `FILE.lock.`: a guard, or the lock or a guard before it has its name. */
const REMAINS = /^(takeover-[0-9a-f]{16}|(takeover-[0-9a-f]{16}\.)?[0-9a-f]{16}\.tmp)$/;
/** File systems without hard links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * Keeps a second process away from a file: `FILE.lock` beside it names the process that uses it.
 *
 * The lock gets its name when it is whole, so that no kill leaves half of one. A lock of a process that is dead is taken
 * over, and so is one that a loss of power left empty or torn; one of another machine never is, for its processes cannot
 * be seen. Of several that find the same dead lock, one takes it over: who makes a guard beside it that is named after
 * the content of that lock. A guard is a lock itself: that of a dead process is taken over in the same way.
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
    // Unlike every other lock that this process has made or will make, in whatever thread.
    const text = `${JSON.stringify({ ...thisProcess(), token: randomBytes(8).toString('hex') })}\n`;
    take(lockPath, text, path);
    removeRemains(lockPath);
    return new FileLock(lockPath, text);
  }

  /** Harmless the second time, and when somebody else has removed the lock meanwhile. */
  release(): void {
    if (readQuietly(this.#lockPath) === this.#text) removeQuietly(this.#lockPath);
  }
}

/** @throws {HalError} `busy`, `storage` */
function take(lockPath: string, text: string, path: string): void {
  if (createExclusively(lockPath, text, path)) return;
  const dead = readQuietly(lockPath);
  if (dead !== null) {
    refuseIfHeld(dead, path, lockPath);
    const guard = guardOf(lockPath, dead);
    take(guard, text, path);
    try {
      // Nobody but who holds the guard removes this very lock.
      if (readQuietly(lockPath) === dead) removeQuietly(lockPath);
      if (createExclusively(lockPath, text, path)) return;
    } finally {
      removeQuietly(guard);
    }
  } else if (createExclusively(lockPath, text, path)) return;
  const holder = readQuietly(lockPath);
  if (holder !== null) refuseIfHeld(holder, path, lockPath);
  throw new HalError('busy', `${path} is in use: another process was faster to open it`);
}

/** A name for taking over a lock of this content; guards of guards stand beside them, not after them. */
function guardOf(lockPath: string, dead: string): string {
  const base = lockPath.replace(/\.takeover-[0-9a-f]{16}$/, '');
  return `${base}.takeover-${createHash('sha256').update(basename(lockPath)).update(dead).digest('hex').slice(0, 16)}`;
}

/** What processes left that were killed while they locked. The lock itself is ours: nobody needs them any more. */
function removeRemains(lockPath: string): void {
  const prefix = `${basename(lockPath)}.`;
  let names: string[];
  try {
    names = readdirSync(dirname(lockPath)).filter((name) => name.startsWith(prefix));
  } catch {
    return;
  }
  for (const name of names) {
    if (!REMAINS.test(name.slice(prefix.length))) continue;
    const file = join(dirname(lockPath), name);
    const text = readQuietly(file) ?? '';
    const owner = parseOwner(text);
    const isDead = owner === null ? isTorn(text) && ageMs(file) > WRITING_MS : !isAlive(owner);
    if (isDead) removeQuietly(file);
  }
}

/** @returns false when there is one already */
function createExclusively(lockPath: string, text: string, path: string): boolean {
  const whole = `${lockPath}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    write(whole, text);
    linkSync(whole, lockPath);
    return true;
  } catch (cause) {
    if (systemErrorCode(cause) === 'EEXIST') return false;
    if (!NO_LINKS.includes(systemErrorCode(cause))) throw storageError('cannot lock', path, cause);
  } finally {
    removeQuietly(whole);
  }
  try {
    write(lockPath, text);
    return true;
  } catch (cause) {
    if (systemErrorCode(cause) === 'EEXIST') return false;
    throw storageError('cannot lock', path, cause);
  }
}

function write(path: string, text: string): void {
  const descriptor = openSync(path, 'wx', 0o644);
  try {
    writeAll(descriptor, Buffer.from(text));
  } catch (cause) {
    removeQuietly(path);
    throw cause;
  } finally {
    closeSync(descriptor);
  }
}

/** Returns when no living process holds it. */
function refuseIfHeld(text: string, path: string, lockPath: string): void {
  const owner = parseOwner(text);
  if (owner === null) {
    if (!isTorn(text)) throw new HalError('busy', `${path} seems to be in use; if it is not, remove ${lockPath}`);
    if (ageMs(lockPath) > WRITING_MS) return;
    throw new HalError('busy', `${path} is just being opened by another process; try again in ${WRITING_MS / 1000} s`);
  }
  if (owner.host !== hostname()) {
    throw new HalError(
      'busy',
      `${path} is in use by process ${owner.pid} on ${owner.host}; if that is gone, remove ${lockPath}`,
    );
  }
  if (isThisProcess(owner)) throw new HalError('busy', `${path} is in use by this very process`);
  if (isAlive(owner)) throw new HalError('busy', `${path} is in use by process ${owner.pid}`);
}

/** What a loss of power leaves of a lock: nothing, zeros, or its beginning. Anything else is not ours. */
function isTorn(text: string): boolean {
  if (/^\0*$/.test(text)) return true;
  const start = '{"pid":';
  return !text.endsWith('}\n') && (text.startsWith(start) || start.startsWith(text)) && parseJson(text) === null;
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function parseOwner(text: string): FileOwner | null {
  const { pid, host, started } = parseJson(text) ?? {};
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid < 1 || typeof host !== 'string') return null;
  return { pid, host, started: typeof started === 'string' ? started : null };
}

function parseJson(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}

function readQuietly(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
