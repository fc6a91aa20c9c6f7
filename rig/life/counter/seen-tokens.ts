import { closeSync, fsyncSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolder } from '../../../src/hal/nvm/replace-file.ts';
import { storageError, systemErrorCode } from '../../../src/hal/nvm/storage-error.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import { CounterFailure } from './failures.ts';

/** Longer than any presentation holds, so that a clock which was set back by hours lets none in a second time. */
const KEPT_MS = 24 * 3600 * 1000;
const MOST_KEPT = 20_000;

/**
 * The identifiers of presentations that this counter has seen: one empty file each, whose making is one step for the
 * system, so that of two scanners at one counter one is first, and a restart forgets nothing. What is older than a day
 * goes; there are never more than {@link MOST_KEPT}.
 */
export class SeenTokens {
  readonly #folder: string;
  readonly #most: number;

  constructor(folder: string, most: number = MOST_KEPT) {
    this.#folder = folder;
    this.#most = most;
  }

  /**
   * @param tokenId 32 hex digits
   * @returns false when it was there before
   * @throws {CounterFailure} `seen-full`; {HalError} `storage`
   */
  remember(tokenId: string): boolean {
    if (!/^[0-9a-f]{32}$/.test(tokenId)) throw new RangeError('a token identifier has 32 hex digits');
    makeFolder(this.#folder, PRIVATE);
    this.#forgetOld();
    const path = join(this.#folder, tokenId);
    try {
      const descriptor = openSync(path, 'wx', 0o600);
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      if (systemErrorCode(error) === 'EEXIST') return false;
      throw storageError('cannot write', path, error);
    }
    syncFolder(this.#folder, path);
    return true;
  }

  /** Rather than forget one that may come again, a full store takes no more. */
  #forgetOld(): void {
    const names = readdirSync(this.#folder);
    const limit = Date.now() - KEPT_MS;
    let kept = names.length;
    for (const name of names) {
      const path = join(this.#folder, name);
      if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= limit) continue;
      rmSync(path, { force: true });
      kept--;
    }
    if (kept >= this.#most) throw new CounterFailure('seen-full', `${this.#most}`);
  }
}
