import { LAB_INTERFACE } from '../api/bench.ts';
import { enrolBench, heartbeat } from '../store/benches.ts';
import type { LabStore } from '../store/store.ts';

/** A store and what it was filled with. */
export interface FilledStore {
  readonly store: LabStore;
  /** Of the campaigns of {@link CAMPAIGN_RUNS} runs. */
  readonly campaigns: number;
  readonly firstCampaign: number;
  /** Place of its first run in the store, from 1. */
  readonly firstRun: number;
}

/** What a store is filled with. */
export interface StoreSize {
  /** Campaigns of {@link CAMPAIGN_RUNS} runs. */
  readonly campaigns: number;
  /** Runs of one more campaign, which comes first; 0: none. */
  readonly largest: number;
}

export const CAMPAIGN_RUNS = 1000;
/** Subjects × suites × repetitions of a campaign. */
const SUBJECTS = 20;
const SUITES = 5;
const CASES = 2;
export const BENCHES = 50;
/** Campaigns in one statement. */
const BATCH = 10;
/** Of the newest campaign these have ended; the others wait. */
const ENDED = 500;
/** From one end to the next. */
const EACH_MS = 30_000;
const KEY = { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } as const;

/**
 * Fills an empty lab as one that has judged for a year looks: each run with its attempts, its signed result of 2 kB, its cases
 * and a trace (which is not on the disk); one in twenty failed, one in a hundred needed a second attempt. Half of the newest
 * campaign waits.
 */
export async function fillStore(
  store: LabStore,
  { campaigns, largest }: StoreSize,
  signal: AbortSignal,
): Promise<FilledStore> {
  for (let bench = 1; bench <= BENCHES; bench++) await addBench(store, `bench-${bench}`);
  const requirement = await makeRequirement(store);
  const all = campaigns + (largest > 0 ? 1 : 0);
  const runs = campaigns * CAMPAIGN_RUNS + largest;
  const started = `lab_now() - ${runs}::int8 * ${EACH_MS}`;
  await store.sql.query(
    `insert into lab_campaigns (key, content_hash, name, source, attempts, submitted_at)
     select md5('growth ' || n), sha256(n::text::bytea), 'nightly ' || n, repeat('# a campaign file ', 20), 3, ${started}
     from generate_series(1, $1::int) n`,
    [all],
  );
  if (largest > 0) {
    for (let from = 1; from <= largest; from += BATCH * CAMPAIGN_RUNS) {
      signal.throwIfAborted();
      const to = Math.min(from + BATCH * CAMPAIGN_RUNS - 1, largest);
      await addRuns(store, { requirement, first: 1, from, to, each: largest, before: 0, runs });
    }
  }
  const skipped = largest > 0 ? 1 : 0;
  for (let first = 1; first <= campaigns; first += BATCH) {
    signal.throwIfAborted();
    const count = Math.min(BATCH, campaigns - first + 1);
    const before = largest + (first - 1) * CAMPAIGN_RUNS;
    await addRuns(store, {
      ...{ requirement, first: first + skipped, from: 1, to: count * CAMPAIGN_RUNS, each: CAMPAIGN_RUNS, before, runs },
    });
  }
  await store.sql.query(
    `update lab_campaigns c set ended_at = (select max(ended_at) from lab_runs where campaign_id = c.id) where id < $1`,
    [all],
  );
  await waitAgain(store, all, requirement);
  // As the database does by itself in a quiet hour; PGlite never does.
  await store.sql.query('vacuum analyze');
  return { store, campaigns, firstCampaign: 1 + skipped, firstRun: largest + 1 };
}

async function addBench(store: LabStore, name: string): Promise<void> {
  await enrolBench(store, { name, publicKey: KEY, interface: LAB_INTERFACE, version: '0.1.0' });
  await heartbeat(store, {
    ...{ bench: name, clock: Date.now(), attempts: [], drift: null, spooled: 0 },
    devices: [
      {
        ...{ device: 'loopback', kind: 'reader', driver: 'loopback', model: 'in process', backend: 'simulated' },
        ...{ interfaces: ['contact', 'contactless'], protocols: ['T=1'], extended: true, ours: true },
        ...{ identity: null, card: null },
      },
    ],
  });
}

function makeRequirement(store: LabStore): Promise<number> {
  return store.sql.transaction(async (within) => {
    const [row] = await within.query<{ id: number }>(
      `insert into lab_requirements (hash, body) values (sha256('growth'), '{"kind":"reader"}') returning id`,
    );
    const { id } = row as { id: number };
    await store.queue.prepare(id, within);
    return id;
  });
}

interface Rows {
  readonly requirement: number;
  /** Campaign of the first. */
  readonly first: number;
  /** Numbers, counted through the campaigns. */
  readonly from: number;
  readonly to: number;
  /** Runs of a campaign. */
  readonly each: number;
  /** Runs that were made before this campaign. */
  readonly before: number;
  /** Runs that there will be. */
  readonly runs: number;
}

/** A run's identifier by its number in the whole store, as those of RFC 9562 that came one after the other. */
const RUN_ID = `('01900000-0000-7000-8000-' || lpad(to_hex(place), 12, '0'))::uuid`;
const ATTEMPT_ID = `md5('attempt ' || place)::uuid`;
const FILE = `encode(sha256(('trace ' || place)::bytea), 'hex')`;
const VERDICT = `case when place % 20 = 7 then 'failed' else 'passed' end`;
const REASON = `case when place % 20 = 7 then 'case SEL-' || place % 97 || ' failed: 6A82 came' else '' end`;

/** The same, of a run by its place. */
export function runId(place: number): string {
  return `01900000-0000-7000-8000-${place.toString(16).padStart(12, '0')}`;
}

async function addRuns(store: LabStore, { requirement, first, from, to, each, before, runs }: Rows): Promise<void> {
  // One row for each run, and what all its tables need of it.
  const places = `(
    select n + ${before} as place, ${first} + (n - 1) / ${each} as campaign, 1 + (n - 1) % ${each} as number,
      lab_now() - (${runs} - ${before} - n)::int8 * ${EACH_MS} as ended
    from generate_series(${from}, ${to}) n) p`;
  const [subjects, suites] = each === CAMPAIGN_RUNS ? [SUBJECTS, SUITES] : [SUBJECTS * 5, SUITES * 4];
  await store.sql.transaction(async (within) => {
    await within.query(
      `insert into lab_runs (id, campaign_id, number, subject, suite, repetition, requirement_id, work, inputs,
         limit_seconds, state, attempts, changed_at, bench, device, backend, reason, ended_at)
       select ${RUN_ID}, campaign, number, 'card-' || lpad((number % ${subjects})::text, 2, '0'),
         'conform ' || number / ${subjects} % ${suites}, 1 + number / ${subjects * suites}, ${requirement},
         '{"kind":"conform","suite":"iso7816-4"}', '[]', 900, ${VERDICT}, 1 + (place % 100 = 3)::int, ended,
         'bench-' || 1 + place % ${BENCHES}, 'loopback', 'simulated', ${REASON}, ended
       from ${places}`,
    );
    await within.query(
      `insert into lab_attempts (id, run_id, number, bench, device, state, started_at, ended_at)
       select ${ATTEMPT_ID}, ${RUN_ID}, 1 + (place % 100 = 3)::int, 'bench-' || 1 + place % ${BENCHES}, 'loopback',
         'finished', ended - 20000, ended
       from ${places}`,
    );
    await within.query(
      `insert into lab_attempts (id, run_id, number, bench, device, state, started_at, ended_at, reason)
       select md5('lost ' || place)::uuid, ${RUN_ID}, 1, 'bench-' || 1 + place % ${BENCHES}, 'loopback', 'given-back',
         ended - 40000, ended - 30000, 'the bench was not heard of any more'
       from ${places} where place % 100 = 3`,
    );
    await within.query(
      `insert into lab_results (run_id, attempt_id, verdict, reason, jws, figures, recorded_at)
       select ${RUN_ID}, ${ATTEMPT_ID}, ${VERDICT}, ${REASON}, ${jws()}, '{"tap.p50.ms":212.5}', ended from ${places}`,
    );
    await within.query(
      `insert into lab_cases (run_id, place, id, verdict, reason)
       select ${RUN_ID}, c, 'SEL-' || c, case when c = 1 and place % 20 = 7 then 'fail' else 'pass' end, ''
       from ${places}, generate_series(1, ${CASES}) c`,
    );
    await within.query(`insert into lab_blobs (sha256, bytes, stored_at) select ${FILE}, 20000, ended from ${places}`);
    await within.query(
      `insert into lab_blob_uses (sha256, run_id, role, name, media_type)
       select ${FILE}, ${RUN_ID}, 'trace', 'trace.jsonl', 'application/jsonl' from ${places}`,
    );
  });
}

/** A result as its bench said it, of a dozen cases, with a signature that nobody checks here. */
function jws(): string {
  const end = JSON.stringify({
    ...{ device: 'loopback', startedAt: 1, endedAt: 2, reason: '', backend: 'simulated', card: null, image: null },
    ...{ board: null, versions: { vitap: '0.1.0' }, figures: { 'tap.p50.ms': 212.5 }, repairs: 0, blobs: [] },
    cases: Array.from({ length: 12 }, (_, i) => ({
      id: `SEL-${100 + i}`,
      verdict: 'pass',
      reason: 'its FCP is right',
    })),
  }).slice(1);
  const statement = `'{"run":"' || ${RUN_ID} || '","attempt":"' || ${ATTEMPT_ID} || '","bench":"bench-' ||
    1 + place % ${BENCHES} || '","verdict":"' || ${VERDICT} || '",${end}'`;
  const base64url = `translate(encode(convert_to(${statement}, 'UTF8'), 'base64'), E'+/=\\n', '-_')`;
  return `'eyJ0eXAiOiJ2aXRhcC1sYWItcmVzdWx0K2p3cyIsImFsZyI6IkVkRFNBIn0.' || ${base64url} || '.' || repeat('A', 86)`;
}

/** The last runs of the newest campaign wait, as if they had just been submitted. */
async function waitAgain(store: LabStore, campaign: number, requirement: number): Promise<void> {
  const runs = await store.sql.query<{ run: string }>(
    'select id::text as run from lab_runs where campaign_id = $1 and number > $2 order by number',
    [campaign, ENDED],
  );
  const these = 'run_id in (select id from lab_runs where campaign_id = $1 and number > $2)';
  await store.sql.transaction(async (within) => {
    for (const table of ['lab_blob_uses', 'lab_cases', 'lab_results', 'lab_attempts']) {
      await within.query(`delete from ${table} where ${these}`, [campaign, ENDED]);
    }
    await within.query(
      `update lab_runs set state = 'queued', attempts = 0, bench = null, device = null, backend = null, reason = '',
         ended_at = null, changed_at = lab_now()
       where campaign_id = $1 and number > $2`,
      [campaign, ENDED],
    );
    await store.queue.send(
      runs.map(({ run }) => ({ run, requirement })),
      3,
      within,
    );
  });
}
