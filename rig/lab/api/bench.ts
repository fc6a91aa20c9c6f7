import * as z from 'zod';
import { INPUT, type InputFile, WORK, type Work } from './campaign.ts';
import { CAPABILITY, type Capability } from './capability.ts';
import { BENCH_NAME, count, label, MOST_TEXT, text, time, uuid } from './fields.ts';

/** Number of this interface: a bench of another number is told to be updated. */
export const LAB_INTERFACE = 1;
const MOST_DEVICES = 64;
/** Leases that one heartbeat renews. A bench holds no more: the others would end. */
export const MOST_RENEWED = 64;
/** Longest wait of one call for work. */
export const MOST_WAIT_SECONDS = 20;

/** Public key (JWK) with which a bench signs. */
export type BenchKey =
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };
const coordinate = z.string().regex(/^[\w-]{43}$/);
const BENCH_KEY: z.ZodType<BenchKey> = z.union([
  z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: coordinate }),
  z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: coordinate, y: coordinate }),
]);
/** Makes a bench known, or finds it again by its key. Another key for a name that is there is refused. */
export interface Enrol {
  readonly name: string;
  readonly publicKey: BenchKey;
  /** `LAB_INTERFACE` of the bench. */
  readonly interface: number;
  readonly version: string;
}
export const ENROL: z.ZodType<Enrol> = z.strictObject({
  name: BENCH_NAME,
  publicKey: BENCH_KEY,
  interface: z.int(),
  version: label,
});
export interface Enrolled {
  readonly name: string;
  readonly leaseSeconds: number;
  readonly heartbeatSeconds: number;
  /** Why it takes nothing now; null: it may. */
  readonly quarantined: string | null;
}
export const ENROLLED: z.ZodType<Enrolled> = z.object({
  name: BENCH_NAME,
  leaseSeconds: z.number(),
  heartbeatSeconds: z.number(),
  quarantined: z.string().nullable(),
});

export interface Heartbeat {
  readonly bench: string;
  /** The bench's clock, to tell a skew; nothing is decided by it. */
  readonly clock: number;
  readonly devices: readonly Capability[];
  /** Leases that the bench holds, by their attempts: they are renewed. */
  readonly attempts: readonly string[];
  /** What the bench itself found wrong with it (its echo, its reference card); null: nothing. */
  readonly drift: string | null;
  /** Results and blobs that wait at the bench. */
  readonly spooled: number;
}
export const HEARTBEAT: z.ZodType<Heartbeat> = z.strictObject({
  bench: BENCH_NAME,
  clock: time,
  devices: z.array(CAPABILITY).max(MOST_DEVICES),
  attempts: z.array(uuid).max(MOST_RENEWED),
  drift: text.nullable(),
  spooled: count,
});
export interface HeartbeatAnswer {
  readonly now: number;
  /** Attempts whose lease is gone: given back, or cancelled. The bench stops them. */
  readonly gone: readonly string[];
  readonly quarantined: string | null;
}
export const HEARTBEAT_ANSWER: z.ZodType<HeartbeatAnswer> = z.object({
  now: time,
  gone: z.array(uuid),
  quarantined: z.string().nullable(),
});

export interface Take {
  readonly bench: string;
  /** Devices that are free, as the last heartbeat had them. */
  readonly free: readonly string[];
  readonly waitSeconds: number;
}
export const TAKE: z.ZodType<Take> = z.strictObject({
  bench: BENCH_NAME,
  free: z.array(z.string().min(1).max(200)).min(1).max(MOST_DEVICES),
  waitSeconds: z.number().min(0).max(MOST_WAIT_SECONDS),
});
/** A run that the bench holds now, on one of its devices. */
export interface TakenRun {
  /** Names the lease too. */
  readonly attempt: string;
  /** From 1. */
  readonly attemptNumber: number;
  /** How many there may be. */
  readonly attemptsAllowed: number;
  readonly device: string;
  readonly run: string;
  readonly campaign: number;
  readonly subject: string;
  readonly suite: string;
  readonly repetition: number;
  readonly work: Work;
  readonly inputs: readonly InputFile[];
  readonly limitSeconds: number;
}
const TAKEN_RUN: z.ZodType<TakenRun> = z.object({
  attempt: uuid,
  attemptNumber: z.int(),
  attemptsAllowed: z.int(),
  device: z.string(),
  run: uuid,
  campaign: z.int(),
  subject: z.string(),
  suite: z.string(),
  repetition: z.int(),
  work: WORK,
  inputs: z.array(INPUT),
  limitSeconds: z.int(),
});
export const TAKEN: z.ZodType<{ readonly taken: TakenRun | null }> = z.object({ taken: TAKEN_RUN.nullable() });

/** How far a run is; shown, and kept only until it ends. */
export interface Progress {
  readonly bench: string;
  readonly done: number;
  readonly total: number;
  readonly note: string;
}
export const PROGRESS: z.ZodType<Progress> = z.strictObject({
  bench: BENCH_NAME,
  done: count,
  total: count,
  note: text,
});

/** The bench ends, and says so. */
export const LEAVE: z.ZodType<{ readonly bench: string }> = z.strictObject({ bench: BENCH_NAME });

/** Gives a lease back at once: the bench ends, its disk is full, its reader is taken, the way to the card died. */
export interface Release {
  readonly bench: string;
  readonly reason: string;
  /** The way to the card died here: for the bench that is as a run that failed. */
  readonly linkLost: boolean;
}
export const RELEASE: z.ZodType<Release> = z.strictObject({
  bench: BENCH_NAME,
  reason: text,
  linkLost: z.boolean(),
});

export interface BenchSummary {
  readonly name: string;
  readonly version: string;
  readonly publicKey: BenchKey;
  readonly enrolledAt: number;
  /** Null: never. */
  readonly seenAt: number | null;
  /** When it ended and said so; null: it did not, or has come back. */
  readonly leftAt: number | null;
  /** Seen within a lease's time, and not left. */
  readonly alive: boolean;
  /** The bench's clock minus the server's, at its last heartbeat. */
  readonly skewMs: number;
  readonly spooled: number;
  readonly quarantined: string | null;
  readonly devices: readonly Capability[];
  /** What it does now. */
  readonly running: readonly { readonly attempt: string; readonly run: string; readonly device: string }[];
}
export const BENCHES: z.ZodType<{ readonly benches: readonly BenchSummary[] }> = z.object({
  benches: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      publicKey: BENCH_KEY,
      enrolledAt: time,
      seenAt: time.nullable(),
      leftAt: time.nullable(),
      alive: z.boolean(),
      skewMs: z.number(),
      spooled: count,
      quarantined: z.string().nullable(),
      devices: z.array(CAPABILITY),
      running: z.array(z.object({ attempt: uuid, run: uuid, device: z.string() })),
    }),
  ),
});
export const QUARANTINE: z.ZodType<{ readonly reason: string | null }> = z.strictObject({
  reason: z.string().min(1).max(MOST_TEXT).nullable().describe('null: let it back'),
});
