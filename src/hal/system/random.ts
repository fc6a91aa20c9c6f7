import { randomFillSync } from 'node:crypto';
import type { Random } from '../random.ts';
import { checkSpan } from '../span.ts';

/** The operating system's generator: fit for keys. */
export const systemRandom: Random = {
  fill(target: Uint8Array, offset: number, length: number): void {
    checkSpan('target', target.length, offset, length);
    randomFillSync(target, offset, length);
  },
};
