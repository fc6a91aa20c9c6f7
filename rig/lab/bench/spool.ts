import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { replaceFile, syncFolder } from '../../../src/hal/nvm/replace-file.ts';
import { storageError } from '../../../src/hal/nvm/storage-error.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import type { BenchLink } from '../api/bench-link.ts';
import { LabRefused, maySucceedLater } from '../api/lab-refused.ts';

/** A result that waits: its signed statement, and its files by their hashes. */
export interface Spooled {
  readonly attempt: string;
  readonly jws: string;
  readonly files: readonly { readonly sha256: string; readonly path: string }[];
}

const STATEMENT = 'result.jws';
/** Of what is being written. */
const MAKING = '.making-';

/**
 * Results that the server does not have yet, each in a folder by its attempt. One is there whole or not at all, and goes
 * when the server has written it; a bench that was killed finds them again.
 */
export class Spool {
  readonly #folder: string;
  readonly #refused: string;

  /** @param folder made if need be */
  constructor(folder: string) {
    this.#folder = join(folder, 'spool');
    this.#refused = join(folder, 'refused');
    makeFolder(this.#folder, PRIVATE);
    for (const name of readdirSync(this.#folder)) {
      if (name.startsWith(MAKING)) rmSync(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  /** Attempts whose results wait. */
  attempts(): readonly string[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder).filter((name) => !name.startsWith(MAKING));
  }

  /** Keeps a result; its files are copied. @throws {HalError} `storage`: nothing is left of it */
  keep({ attempt, jws, files }: Spooled): void {
    const making = join(this.#folder, `${MAKING}${attempt}`);
    const target = join(this.#folder, attempt);
    try {
      mkdirSync(making, { mode: PRIVATE });
      for (const { sha256, path } of files) copyFileSync(path, join(making, sha256));
      replaceFile(join(making, STATEMENT), [Buffer.from(jws)]);
      rmSync(target, { recursive: true, force: true });
      renameSync(making, target);
      syncFolder(this.#folder, target);
    } catch (cause) {
      rmSync(making, { recursive: true, force: true });
      throw storageError('cannot keep the result in', target, cause);
    }
  }

  /**
   * Sends one to the server, files first, and takes it away.
   * @returns what became of it; `late`: its lease was given back before
   * @throws {LabUnreachable}, and {LabRefused} where it may be taken another time (a revoked token, a full disk): it stays
   */
  async send(attempt: string, link: BenchLink): Promise<'written' | 'late' | 'refused'> {
    const folder = join(this.#folder, attempt);
    const hashes = readdirSync(folder).filter((name) => name !== STATEMENT);
    let became: 'written' | 'late' = 'written';
    try {
      for (const hash of await link.missing(hashes)) await link.upload(hash, readFileSync(join(folder, hash)));
      await link.record(attempt, readFileSync(join(folder, STATEMENT), 'utf8'));
    } catch (error) {
      if (!(error instanceof LabRefused) || maySucceedLater(error)) throw error;
      if (error.code !== 'attempt-over') {
        this.#putAside(folder);
        return 'refused';
      }
      became = 'late';
    }
    rmSync(folder, { recursive: true, force: true });
    return became;
  }

  /** What the server will never take is not thrown away: a person may look at it. */
  #putAside(folder: string): void {
    makeFolder(this.#refused, PRIVATE);
    const target = join(this.#refused, basename(folder));
    if (existsSync(target)) rmSync(target, { recursive: true });
    renameSync(folder, target);
  }
}
