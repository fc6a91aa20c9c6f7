import * as z from 'zod';

/*
 * What goes over the wire between a lab's server and those that ask it (benches, command line, pool, page), as both ends
 * read it. The description of the HTTP interface (/openapi.json) is made from these schemas. Times are milliseconds since
 * 1970. What names a run, an attempt or a blob cannot be guessed or holds no secret.
 */

/** Number of this interface: a bench of another number is told to be updated. */
export const LAB_INTERFACE = 1;

/** Longest text of a lab's own fields; files of campaigns and reports are blobs. */
const MOST_TEXT = 500;
const MOST_RUNS = 100_000;
const MOST_CASES = 20_000;
const MOST_DEVICES = 64;
/** Of one blob. */
export const MOST_BLOB_BYTES = 67_108_864;
/** Longest wait of one call for work. */
export const MOST_WAIT_SECONDS = 20;

const text = z.string().max(MOST_TEXT);
const label = z.string().min(1).max(100);
const time = z.int().nonnegative().describe('milliseconds since 1970');
const uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const count = z.int().nonnegative();
export const SHA256: z.ZodType<string> = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256 as hexadecimal digits');
/** Name of a bench: it stands in addresses and tables. */
export const BENCH_NAME: z.ZodType<string> = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/);
/** Path of an input below the folder of its run: nothing in it leads out, and nothing is hidden. */
const inputPath = z
  .string()
  .max(200)
  .regex(/^(?!.*(?:^|\/)\.)[\w .-]+(?:\/[\w .-]+)*$/);
/** A file's name without a folder, as it may be saved anywhere. */
const fileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/);

/** An answer that says no more than its status. */
export const NOTHING: z.ZodType<object> = z.object({});

export const ROLES = ['viewer', 'operator', 'bench'] as const;
export type Role = (typeof ROLES)[number];

// What a bench has, and what a run must have.

export const BACKENDS = ['hardware', 'simulated'] as const;
export type Backend = (typeof BACKENDS)[number];
export const CARD_INTERFACES = ['contact', 'contactless'] as const;
export const PROTOCOLS = ['T=0', 'T=1', 'ISO-DEP'] as const;
export const DEVICE_KINDS = ['reader', 'board'] as const;

const hexText = z
  .string()
  .max(80)
  .regex(/^([0-9A-F]{2})*$/);

/** A reader or board at a bench, as the doctor's eyes see it. */
export interface Capability {
  /** Name of it at its bench, unique there: `pcsc:Virtual PCD 00 00`. */
  readonly device: string;
  readonly kind: (typeof DEVICE_KINDS)[number];
  /** Driver as the driver table names it: `pcsc`, `pn532`, `loopback`, `stm32`. */
  readonly driver: string;
  /** Words of the reader, or the chip of the board. */
  readonly model: string;
  readonly backend: Backend;
  readonly interfaces: readonly (typeof CARD_INTERFACES)[number][];
  readonly protocols: readonly (typeof PROTOCOLS)[number][];
  readonly extended: boolean;
  /** Whether the bench can put a card of ours there: in process, or behind a link. */
  readonly ours: boolean;
  /** Of a board, as `board list` shows it. */
  readonly identity: string | null;
  /** The card that lies in it now; null: none. */
  readonly card: { readonly atr: string; readonly label: string | null } | null;
}
export const CAPABILITY: z.ZodType<Capability> = z.strictObject({
  device: z.string().min(1).max(200),
  kind: z.enum(DEVICE_KINDS),
  driver: label,
  model: z.string().max(200),
  backend: z.enum(BACKENDS),
  interfaces: z.array(z.enum(CARD_INTERFACES)).max(2),
  protocols: z.array(z.enum(PROTOCOLS)).max(3),
  extended: z.boolean(),
  ours: z.boolean(),
  identity: z.string().max(200).nullable(),
  card: z.strictObject({ atr: hexText, label: label.nullable() }).nullable(),
});

/** What a run must have; a field that is not there is not asked for. */
export interface Requirement {
  readonly kind: (typeof DEVICE_KINDS)[number];
  readonly driver?: string;
  /** Part of the model's words, in any case of letters. */
  readonly model?: string;
  readonly backend?: Backend;
  readonly interface?: (typeof CARD_INTERFACES)[number];
  readonly protocol?: (typeof PROTOCOLS)[number];
  readonly extended?: true;
  readonly ours?: true;
  readonly identity?: string;
  readonly atr?: string;
  /** Label of a card, as its bench knows it. */
  readonly card?: string;
  /** Name of a bench: this one and no other. */
  readonly bench?: string;
}
export const REQUIREMENT: z.ZodType<Requirement> = z.strictObject({
  kind: z.enum(DEVICE_KINDS),
  driver: label.exactOptional(),
  model: label.exactOptional(),
  backend: z.enum(BACKENDS).exactOptional(),
  interface: z.enum(CARD_INTERFACES).exactOptional(),
  protocol: z.enum(PROTOCOLS).exactOptional(),
  extended: z.literal(true).exactOptional(),
  ours: z.literal(true).exactOptional(),
  identity: z.string().min(1).max(200).exactOptional(),
  atr: hexText.exactOptional(),
  card: label.exactOptional(),
  bench: BENCH_NAME.exactOptional(),
});

// Campaigns and runs.

/** What a bench does in a run: `kind` and what that kind takes. The server keeps it as it came; the bench checks it. */
export type Work = Readonly<Record<string, unknown>> & { readonly kind: string };
export const WORK: z.ZodType<Work> = z
  .looseObject({ kind: label })
  .refine((work) => JSON.stringify(work).length <= 16_384, { error: 'longer than 16384 characters' });

/** A file that a run reads, by its hash; `name` is its path (with `/`) below the folder that the run gets. */
export interface InputFile {
  readonly name: string;
  readonly sha256: string;
}
const INPUT: z.ZodType<InputFile> = z.strictObject({ name: inputPath, sha256: SHA256 });

export interface SubmittedRun {
  /** Row of the matrix: card, image or board. */
  readonly subject: string;
  /** Column of the matrix: suite, `conform iso7816-4`, `bench tap`, … */
  readonly suite: string;
  /** From 1. */
  readonly repetition: number;
  readonly requirement: Requirement;
  readonly work: Work;
  readonly inputs: readonly InputFile[];
  /** How long a bench may take for it. */
  readonly limitSeconds: number;
}
export const SUBMITTED_RUN: z.ZodType<SubmittedRun> = z.strictObject({
  subject: label,
  suite: label,
  repetition: z.int().min(1).max(MOST_RUNS),
  requirement: REQUIREMENT,
  work: WORK,
  inputs: z.array(INPUT).max(2000),
  limitSeconds: z.int().min(1).max(43_200),
});

export interface Submission {
  readonly name: string;
  /** The campaign file as it was written. */
  readonly source: string;
  readonly runs: readonly SubmittedRun[];
  /** Only says what would happen. */
  readonly dryRun: boolean;
  /** Benches that may try a run before it ends as `error`; only a lost bench makes another try. */
  readonly attempts: number;
  /** Made by the asking side for this submission: asked again with it, nothing is submitted twice. */
  readonly key: string;
}
export const SUBMISSION: z.ZodType<Submission> = z.strictObject({
  name: label,
  source: z.string().max(262_144),
  runs: z.array(SUBMITTED_RUN).min(1).max(MOST_RUNS),
  dryRun: z.boolean(),
  attempts: z.int().min(1).max(100),
  key: uuid,
});
export interface Submitted {
  /** Null after a dry run. */
  readonly campaign: number | null;
  readonly runs: number;
  /** Places in `runs` (from 0) that none of the enrolled benches can take as they last said what they have. */
  readonly unfit: readonly number[];
  /** Hashes of inputs that the server does not have yet; with any, nothing was submitted. */
  readonly missing: readonly string[];
}
export const SUBMITTED: z.ZodType<Submitted> = z.object({
  campaign: z.int().nullable(),
  runs: count,
  unfit: z.array(count),
  missing: z.array(SHA256),
});

export const VERDICTS = ['passed', 'failed', 'error', 'cancelled'] as const;
export type Verdict = (typeof VERDICTS)[number];
export const RUN_STATES = ['queued', 'running', 'passed', 'failed', 'error', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];
export const ATTEMPT_STATES = ['running', 'finished', 'given-back', 'late', 'cancelled'] as const;
export type AttemptState = (typeof ATTEMPT_STATES)[number];

// What a bench asks for. Every request carries a token of the role `bench`.

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
  attempts: z.array(uuid).max(MOST_DEVICES),
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

/** Gives a lease back at once: the bench ends, its disk is full, its reader is taken. */
export const RELEASE: z.ZodType<{ readonly bench: string; readonly reason: string }> = z.strictObject({
  bench: BENCH_NAME,
  reason: text,
});

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
  /** Figures by name with their unit: `tap.p50.ms`. */
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
  blobs: z.array(BLOB).max(64),
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

export const MISSING_ASKED: z.ZodType<{ readonly hashes: readonly string[] }> = z.strictObject({
  hashes: z.array(SHA256).max(1000),
});
export const MISSING: z.ZodType<{ readonly missing: readonly string[] }> = z.object({ missing: z.array(SHA256) });

// What a person asks for.

export interface Counts {
  readonly queued: number;
  readonly running: number;
  readonly passed: number;
  readonly failed: number;
  readonly error: number;
  readonly cancelled: number;
}
const COUNTS: z.ZodType<Counts> = z.object({
  queued: count,
  running: count,
  passed: count,
  failed: count,
  error: count,
  cancelled: count,
});
export interface CampaignSummary {
  readonly id: number;
  readonly name: string;
  readonly submittedAt: number;
  /** When its last run ended; null while one has not. */
  readonly endedAt: number | null;
  readonly counts: Counts;
  /** Attempts beyond the first of each run. */
  readonly retries: number;
}
export const CAMPAIGN_SUMMARY: z.ZodType<CampaignSummary> = z.object({
  id: z.int(),
  name: z.string(),
  submittedAt: time,
  endedAt: time.nullable(),
  counts: COUNTS,
  retries: count,
});
/** Newest first. */
export const CAMPAIGNS: z.ZodType<{ readonly campaigns: readonly CampaignSummary[] }> = z.object({
  campaigns: z.array(CAMPAIGN_SUMMARY),
});

/** Runs of one subject and one suite. */
export interface Cell extends Counts {
  readonly subject: string;
  readonly suite: string;
}
export interface Matrix {
  readonly campaign: CampaignSummary;
  readonly subjects: readonly string[];
  readonly suites: readonly string[];
  readonly cells: readonly Cell[];
}
export const MATRIX: z.ZodType<Matrix> = z.object({
  campaign: CAMPAIGN_SUMMARY,
  subjects: z.array(z.string()),
  suites: z.array(z.string()),
  cells: z.array(
    z.object({
      subject: z.string(),
      suite: z.string(),
      queued: count,
      running: count,
      passed: count,
      failed: count,
      error: count,
      cancelled: count,
    }),
  ),
});

export interface RunSummary {
  readonly id: string;
  readonly campaign: number;
  /** In its campaign, from 1. */
  readonly number: number;
  readonly subject: string;
  readonly suite: string;
  readonly repetition: number;
  readonly state: RunState;
  readonly attempts: number;
  /** Of the last attempt; null before the first. */
  readonly bench: string | null;
  readonly device: string | null;
  readonly backend: Backend | null;
  readonly endedAt: number | null;
  readonly reason: string;
}
const RUN_SUMMARY: z.ZodType<RunSummary> = z.object({
  id: uuid,
  campaign: z.int(),
  number: z.int(),
  subject: z.string(),
  suite: z.string(),
  repetition: z.int(),
  state: z.enum(RUN_STATES),
  attempts: count,
  bench: z.string().nullable(),
  device: z.string().nullable(),
  backend: z.enum(BACKENDS).nullable(),
  endedAt: time.nullable(),
  reason: z.string(),
});
/** A page of runs; `after` is the number from which the next one goes on, null at the end. */
export interface RunPage {
  readonly runs: readonly RunSummary[];
  readonly after: number | null;
}
export const RUN_PAGE: z.ZodType<RunPage> = z.object({ runs: z.array(RUN_SUMMARY), after: z.int().nullable() });

export interface AttemptSummary {
  readonly id: string;
  readonly number: number;
  readonly bench: string;
  readonly device: string;
  readonly state: AttemptState;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Why it did not finish, in one sentence. */
  readonly reason: string;
}
const ATTEMPT: z.ZodType<AttemptSummary> = z.object({
  id: uuid,
  number: z.int(),
  bench: z.string(),
  device: z.string(),
  state: z.enum(ATTEMPT_STATES),
  startedAt: time,
  endedAt: time.nullable(),
  reason: z.string(),
});
export interface RunDetail {
  readonly run: RunSummary;
  readonly requirement: Requirement;
  readonly attempts: readonly AttemptSummary[];
  readonly progress: { readonly done: number; readonly total: number; readonly note: string } | null;
  /** Null while it has none; a run that was cancelled or given up has none either. */
  readonly statement: ResultStatement | null;
  /** The signed result as the bench sent it. */
  readonly jws: string | null;
}
export const RUN_DETAIL: z.ZodType<RunDetail> = z.object({
  run: RUN_SUMMARY,
  requirement: REQUIREMENT,
  attempts: z.array(ATTEMPT),
  progress: z.object({ done: count, total: count, note: z.string() }).nullable(),
  statement: RESULT_STATEMENT.nullable(),
  jws: z.string().nullable(),
});

export interface BenchSummary {
  readonly name: string;
  readonly version: string;
  readonly publicKey: BenchKey;
  readonly enrolledAt: number;
  /** Null: never. */
  readonly seenAt: number | null;
  /** Seen within a lease's time. */
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

/** What the store itself says of the invariants; every list is empty when nothing is lost or doubled. */
export interface Check {
  readonly runs: number;
  readonly results: number;
  /** Runs with a verdict and no result, or the other way round. */
  readonly lost: readonly string[];
  /** Runs with more than one finished attempt, or in more than one lease. */
  readonly doubled: readonly string[];
  /** Runs that are queued without a job, or running without a lease. */
  readonly stranded: readonly string[];
}
export const CHECK: z.ZodType<Check> = z.object({
  runs: count,
  results: count,
  lost: z.array(z.string()),
  doubled: z.array(z.string()),
  stranded: z.array(z.string()),
});

/** A run with what its benches sent, for exports and comparisons. */
export interface RunResult {
  readonly run: RunSummary;
  readonly attempts: readonly AttemptSummary[];
  readonly jws: string | null;
}
/** A page of results, as {@link RunPage}. */
export interface ResultPage {
  readonly results: readonly RunResult[];
  readonly after: number | null;
}
export const RESULT_PAGE: z.ZodType<ResultPage> = z.object({
  results: z.array(z.object({ run: RUN_SUMMARY, attempts: z.array(ATTEMPT), jws: z.string().nullable() })),
  after: z.int().nullable(),
});

/** What is dropped: files of runs that ended so long ago. Verdicts, cases and figures stay. */
export const PRUNE: z.ZodType<{ readonly olderThanDays: number; readonly dryRun: boolean }> = z.strictObject({
  olderThanDays: z.int().min(0).max(36_500),
  dryRun: z.boolean(),
});
export interface Pruned {
  readonly files: number;
  readonly bytes: number;
}
export const PRUNED: z.ZodType<Pruned> = z.object({ files: count, bytes: count });

export const FOUND: z.ZodType<{ readonly runs: readonly RunSummary[] }> = z.object({ runs: z.array(RUN_SUMMARY) });

/** A token as operators see it; its text was shown once, when it was made. */
export interface TokenSummary {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly madeAt: number;
  readonly revokedAt: number | null;
}
export const NEW_TOKEN: z.ZodType<{ readonly name: string; readonly role: Role }> = z.strictObject({
  name: label,
  role: z.enum(ROLES),
});
export const TOKEN: z.ZodType<{ readonly token: string }> = z.object({ token: z.string() });
export const TOKENS: z.ZodType<{ readonly tokens: readonly TokenSummary[] }> = z.object({
  tokens: z.array(
    z.object({ id: z.int(), name: z.string(), role: z.enum(ROLES), madeAt: time, revokedAt: time.nullable() }),
  ),
});
