import * as z from 'zod';
import { SHA256 } from './fields.ts';

/** Of one blob. */
export const MOST_BLOB_BYTES = 67_108_864;

export const MISSING_ASKED: z.ZodType<{ readonly hashes: readonly string[] }> = z.strictObject({
  hashes: z.array(SHA256).max(1000),
});
export const MISSING: z.ZodType<{ readonly missing: readonly string[] }> = z.object({ missing: z.array(SHA256) });
