import * as z from 'zod';

/*
 * What goes over the wire between a lab's server and those that ask it (benches, command line, pool, page), as both ends
 * read it. The description of the HTTP interface (/openapi.json) is made from these schemas. Times are milliseconds since
 * 1970. What names a run, an attempt or a blob cannot be guessed or holds no secret.
 */

/** Longest text of a lab's own fields; files of campaigns and reports are blobs. */
export const MOST_TEXT = 500;

export const text: z.ZodString = z.string().max(MOST_TEXT);
export const label: z.ZodString = z.string().min(1).max(100);
export const time: z.ZodInt = z.int().nonnegative().describe('milliseconds since 1970');
export const uuid: z.ZodString = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
export const count: z.ZodInt = z.int().nonnegative();
export const SHA256: z.ZodType<string> = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256 as hexadecimal digits');
/** Name of a bench: it stands in addresses and tables. */
export const BENCH_NAME: z.ZodType<string> = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/);

/** An answer that says no more than its status. */
export const NOTHING: z.ZodType<object> = z.object({});
