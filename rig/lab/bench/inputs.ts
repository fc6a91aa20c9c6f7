import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { CannotRun } from '../../console/failure.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import type { BlobLink } from '../api/blob-link.ts';
import type { InputFile } from '../api/campaign.ts';
import { maySucceedLater } from '../api/lab-refused.ts';
import { INPUT_PATH } from '../campaign/work.ts';

/** Of one input, and of all of a run. */
const MOST_BYTES = 67_108_864;
/** Before a server that did not answer is asked again. */
const AGAIN_MS = 1000;

/**
 * Fetches what a run reads into a folder of its own. A server that is away is asked again until the signal fires: it says
 * nothing about the card.
 * @param signal its time is over, the bench stops, or the lease is gone
 * @throws {CannotRun} a name that leads out of it, other bytes than their hash says, or too many of them; {LabRefused};
 * the reason of the signal
 */
export async function fetchInputs(
  inputs: readonly InputFile[],
  folder: string,
  { link, signal }: { readonly link: BlobLink; readonly signal: AbortSignal },
): Promise<void> {
  let left = MOST_BYTES;
  for (const { name, sha256 } of inputs) {
    // The server has looked, and is not believed: these become paths here.
    if (!INPUT_PATH.safeParse(name).success)
      throw new CannotRun('the name of an input leads out of the folder of its run');
    const bytes = await patiently(() => link.download(sha256, { mostBytes: left, signal }), signal);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new CannotRun(`the input ${name} is not what its hash says`);
    }
    left -= bytes.length;
    const path = join(folder, name);
    makeFolder(dirname(path), PRIVATE);
    replaceFile(path, [bytes]);
  }
}

async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!maySucceedLater(error)) throw error;
    }
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}
