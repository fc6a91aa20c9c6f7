import { randomFillSync } from 'node:crypto';
import { checkSpan } from '../nvm/span.ts';
import type { Random } from '../random.ts';

/** The operating system's generator: fit for keys. */
export const systemRandom: Random = {
  fill(target: Uint8Array, offset: number, length: number): void {
    checkSpan('target', target.length, offset, length);
    randomFillSync(target, offset, length);
  },
};
