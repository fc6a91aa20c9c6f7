import * as z from 'zod';
import { MOST_BLOB_BYTES } from './blob.ts';
import { BACKENDS, type Backend } from './capability.ts';
import { BENCH_NAME, count, label, SHA256, text, time, uuid } from './fields.ts';

const MOST_CASES = 20_000;
/** A file's name without a folder, as it may be saved anywhere. */
const fileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/);

export const VERDICTS = ['passed', 'failed', 'error', 'cancelled'] as const;
export type Verdict = (typeof VERDICTS)[number];

export const CASE_VERDICTS = ['pass', 'fail', 'inconclusive', 'not-applicable'] as const;
export type CaseVerdict = (typeof CASE_VERDICTS)[number];
export interface CaseResult {
  readonly id: string;
  readonly verdict: CaseVerdict;
  /** Why; empty where a verdict says it all. */
  readonly reason: string;
}
export const BLOB_ROLES = ['trace', 'report', 'html', 'evidence', 'log'] as const;
/** A file of a result, which was uploaded before the result is written. */
export interface ResultBlob {
  readonly role: (typeof BLOB_ROLES)[number];
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly mediaType: string;
}
const CASE: z.ZodType<CaseResult> = z.strictObject({
  id: z.string().min(1).max(200),
  verdict: z.enum(CASE_VERDICTS),
  reason: text,
});
/** Files of one result. */
export const MOST_BLOBS = 64;
const BLOB: z.ZodType<ResultBlob> = z.strictObject({
  role: z.enum(BLOB_ROLES),
  name: fileName,
  sha256: SHA256,
  bytes: count.max(MOST_BLOB_BYTES),
  mediaType: z.string().regex(/^[a-z]+\/[a-z0-9.+-]{1,60}$/),
});
/** What the bench says of a run, and signs. Personal data is masked before. */
export interface ResultStatement {
  readonly run: string;
  readonly attempt: string;
  readonly bench: string;
  readonly device: string;
  /** By the bench's clock. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly verdict: Exclude<Verdict, 'cancelled'>;
  /** One sentence: why an error, or what failed. */
  readonly reason: string;
  readonly backend: Backend;
  /** What was judged: ATR, image id (keyed), identity of the board; null where there is none. */
  readonly card: string | null;
  readonly image: string | null;
  readonly board: string | null;
  /** Versions by name: `vitap`, `node`, `pcscd`, … */
  readonly versions: Readonly<Record<string, string>>;
  /** Figures by name: `tap.p50.ms`. `figureUnit` has their units. */
  readonly figures: Readonly<Record<string, number>>;
  /** Repairs and tries again inside of the run. */
  readonly repairs: number;
  readonly cases: readonly CaseResult[];
  readonly blobs: readonly ResultBlob[];
}
export const RESULT_STATEMENT: z.ZodType<ResultStatement> = z.strictObject({
  run: uuid,
  attempt: uuid,
  bench: BENCH_NAME,
  device: z.string().min(1).max(200),
  startedAt: time,
  endedAt: time,
  verdict: z.enum(['passed', 'failed', 'error']),
  reason: text,
  backend: z.enum(BACKENDS),
  card: z.string().max(200).nullable(),
  image: z.string().max(200).nullable(),
  board: z.string().max(200).nullable(),
  versions: z.record(label, label).refine((all) => Object.keys(all).length <= 64),
  figures: z.record(label, z.number()).refine((all) => Object.keys(all).length <= 500),
  repairs: count,
  cases: z.array(CASE).max(MOST_CASES),
  blobs: z.array(BLOB).max(MOST_BLOBS),
});

/** `typ` of the JWS (RFC 7515, compact) over a statement; `alg` is EdDSA or ES256, as the bench's key is. */
export const RESULT_TYPE = 'vitap-lab-result+jws';
/** The body of a result is that JWS, as application/jose. */
export const MOST_RESULT_BYTES = 16_777_216;
export interface Recorded {
  /** When the server wrote it; asked again, the same. */
  readonly recordedAt: number;
}
export const RECORDED: z.ZodType<Recorded> = z.object({ recordedAt: time });
