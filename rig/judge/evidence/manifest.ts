import * as z from 'zod';

/**
 * What a bundle holds: `manifest.json`, signed by `manifest.cose`. Both stand in the bundle's folder, and are the only
 * files there that the manifest does not list.
 */
export const MANIFEST_FILE = 'manifest.json';
export const SIGNATURE_FILE = 'manifest.cose';

export const MANIFEST_FORMAT = 'vitap-evidence';
export const MANIFEST_VERSION = 1;

/** What a bundle is the evidence of. */
export const EVIDENCE_KINDS = ['replay', 'suite', 'conform', 'board', 'batch', 'campaign'] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

export interface EvidenceFile {
  /** Path in the bundle, with `/`. */
  readonly path: string;
  /** What it is: `trace`, `rules`, `verdicts`, `report`, `environment`, `public-key`. */
  readonly role: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly version: typeof MANIFEST_VERSION;
  /** ISO 8601, UTC, by the clock of the machine that made it. */
  readonly createdAt: string;
  /** `vitap 0.1.0` */
  readonly program: string;
  /** Absent: a bundle of a replay or a suite, from before the others had any. */
  readonly kind?: EvidenceKind | undefined;
  /** Whether the card that was judged was software or a real one. */
  readonly backend: 'simulated' | 'hardware';
  /** `PASS`, `FAIL`, `INCONCLUSIVE` or `ERROR`, as the verdicts say. */
  readonly verdict: string;
  /** What was judged, in words and figures: reader, ATR, card, hash of its image. */
  readonly subject: Readonly<Record<string, string>>;
  readonly files: readonly EvidenceFile[];
}

/** No way out of the folder, no name that two systems read differently. */
const PATH = z
  .string()
  .regex(/^[\w][\w.-]*(?:\/[\w][\w.-]*)*$/, 'a path of plain names')
  .refine((path) => path !== MANIFEST_FILE && path !== SIGNATURE_FILE, 'the manifest does not list itself');

const SCHEMA: z.ZodType<Manifest> = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  version: z.literal(MANIFEST_VERSION),
  createdAt: z.iso.datetime(),
  program: z.string(),
  kind: z.enum(EVIDENCE_KINDS).optional(),
  backend: z.enum(['simulated', 'hardware']),
  verdict: z.string(),
  subject: z.record(z.string(), z.string()),
  files: z
    .array(
      z.strictObject({
        path: PATH,
        role: z.string(),
        size: z.int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .refine((files) => new Set(files.map(({ path }) => path)).size === files.length, 'a path twice'),
});

export function encodeManifest(manifest: Manifest): Uint8Array {
  return Buffer.from(`${JSON.stringify(SCHEMA.parse(manifest), null, 2)}\n`);
}

/** @returns the manifest, or what is wrong with it as a clause of a sentence */
export function parseManifest(bytes: Uint8Array): Manifest | string {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return 'it is not JSON';
  }
  const parsed = SCHEMA.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `${issue?.path.join('.') || 'it'}: ${issue?.message}`;
}

/** Whether a path may stand in a bundle. */
export function isBundlePath(path: string): boolean {
  return PATH.safeParse(path).success;
}
