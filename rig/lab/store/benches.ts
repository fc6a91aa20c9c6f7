import type { BenchKey, BenchSummary, Enrol, Heartbeat, HeartbeatAnswer } from '../api/bench.ts';
import { LAB_INTERFACE } from '../api/bench.ts';
import type { Capability } from '../api/capability.ts';
import { LEASE_SECONDS } from './leases.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

/** Makes a bench known, or finds it by its key. @returns why it is in quarantine, or null @throws {LabRefusal} */
export async function enrolBench(store: LabStore, bench: Enrol): Promise<string | null> {
  if (bench.interface !== LAB_INTERFACE) throw new LabRefusal('bench-outdated');
  const key = keyText(bench.publicKey);
  const [row] = await store.sql.query<{ public_key: string; quarantined: string | null }>(
    `insert into lab_benches (name, public_key, version, enrolled_at) values ($1, $2, $3, lab_now())
     on conflict (name) do update set
       version = case when lab_benches.public_key = excluded.public_key then excluded.version else lab_benches.version end
     returning public_key, quarantined`,
    [bench.name, key, bench.version],
  );
  if (row?.public_key !== key) throw new LabRefusal('bench-name-taken');
  return row.quarantined;
}

/** Fields in one order, so that a key has one text. */
function keyText(key: BenchKey): string {
  return JSON.stringify(
    key.kty === 'OKP' ? { kty: key.kty, crv: key.crv, x: key.x } : { kty: key.kty, crv: key.crv, x: key.x, y: key.y },
  );
}

/** Keeps what a bench says of itself, and renews its leases. @throws {LabRefusal} `bench-unknown` */
export async function heartbeat(store: LabStore, beat: Heartbeat): Promise<HeartbeatAnswer> {
  const [row] = await store.sql.query<{ quarantined: string | null; now: number }>(
    `update lab_benches set seen_at = lab_now(), left_at = null, skew_ms = $2 - lab_now(), devices = $3::json, spooled = $4,
       quarantined = coalesce(quarantined, $5),
       quarantined_at = case when quarantined is null and $5::text is not null then lab_now() else quarantined_at end
     where name = $1 returning quarantined, lab_now() as now`,
    [beat.bench, beat.clock, JSON.stringify(beat.devices), beat.spooled, beat.drift],
  );
  if (row === undefined) throw new LabRefusal('bench-unknown', beat.bench);
  const gone = beat.attempts.length === 0 ? [] : await renew(store, beat);
  return { now: row.now, gone, quarantined: row.quarantined };
}

/** @returns attempts whose lease is not there any more */
async function renew(store: LabStore, { bench, attempts }: Heartbeat): Promise<readonly string[]> {
  const rows = await store.sql.query<{ id: string }>(
    `update lab_leases set expires_at = lab_now() + $3
     where bench = $1 and attempt_id in (select value::uuid from json_array_elements_text($2::json))
     returning attempt_id::text as id`,
    [bench, JSON.stringify(attempts), LEASE_SECONDS * 1000],
  );
  const renewed = new Set(rows.map(({ id }) => id));
  return attempts.filter((attempt) => !renewed.has(attempt));
}

/** Notes that a bench has ended and said so: it is not there until its next heartbeat. @throws {LabRefusal} `bench-unknown` */
export async function leave(store: LabStore, bench: string): Promise<void> {
  const rows = await store.sql.query('update lab_benches set left_at = lab_now() where name = $1 returning name', [
    bench,
  ]);
  if (rows.length === 0) throw new LabRefusal('bench-unknown', bench);
}

/** Of a row of `lab_benches`: it was heard of within the time of a lease (`$1`), and has not said good-bye since. */
export const IS_ALIVE = 'coalesce(seen_at > lab_now() - $1 and left_at is null, false)';

/** @param reason null: lets it back @throws {LabRefusal} `bench-unknown` */
export async function quarantine(store: LabStore, bench: string, reason: string | null): Promise<void> {
  const rows = await store.sql.query(
    `update lab_benches set quarantined = $2::text,
       quarantined_at = case when $2::text is null then null else lab_now() end,
       released_at = case when $2::text is null then lab_now() else released_at end
     where name = $1 returning name`,
    [bench, reason],
  );
  if (rows.length === 0) throw new LabRefusal('bench-unknown', bench);
}

type BenchRow = {
  readonly name: string;
  readonly version: string;
  readonly public_key: string;
  readonly enrolled_at: number;
  readonly seen_at: number | null;
  readonly left_at: number | null;
  readonly alive: boolean;
  readonly skew_ms: number;
  readonly spooled: number;
  readonly quarantined: string | null;
  readonly devices: string;
  readonly running: string;
};

/** By name. */
export async function listBenches(store: LabStore): Promise<readonly BenchSummary[]> {
  const rows = await store.sql.query<BenchRow>(
    `select name, version, public_key, enrolled_at, seen_at, left_at, skew_ms, spooled, quarantined, devices,
       ${IS_ALIVE} as alive,
       (select coalesce(json_agg(json_build_object('attempt', attempt_id, 'run', run_id, 'device', device)), '[]')
        from lab_leases where bench = name) as running
     from lab_benches order by name`,
    [LEASE_SECONDS * 1000],
  );
  return rows.map((row) => ({
    ...{ name: row.name, version: row.version, publicKey: JSON.parse(row.public_key) as BenchKey },
    ...{ enrolledAt: row.enrolled_at, seenAt: row.seen_at, leftAt: row.left_at, alive: row.alive },
    ...{ skewMs: row.skew_ms, spooled: row.spooled, quarantined: row.quarantined },
    devices: JSON.parse(row.devices) as Capability[],
    running: JSON.parse(row.running) as BenchSummary['running'],
  }));
}

/** Results of a bench that are looked at, and so many of them that failed where its peers all passed. */
const LOOKED_AT = 10;
const TOO_MANY = 5;
/** Passes of other benches that make a cell one where a run passes. */
const PEER_PASSES = 3;

/**
 * Puts into quarantine benches that fail where the others pass: 5 of their last 10 results (since they were let back last)
 * are of a subject and suite of a campaign in which other benches have at least three passes and nothing else. An attempt that
 * a bench gave back because its link had died is one of its results here, and one that failed.
 * @returns their names
 */
export async function quarantineDrifting(store: LabStore): Promise<readonly string[]> {
  const rows = await store.sql.query<{ name: string }>(
    `update lab_benches b set quarantined_at = lab_now(),
       quarantined = $2 || ' of its last results failed where all other benches passed'
     where quarantined is null and seen_at is not null and (
       select count(*) from (
         select * from (
           (select r.campaign_id, r.subject, r.suite, r.state, r.ended_at from lab_runs r
            where r.bench = b.name and r.ended_at > coalesce(b.released_at, 0) and r.state <> 'cancelled'
            order by r.ended_at desc limit $1)
           union all
           (select r.campaign_id, r.subject, r.suite, 'error', a.ended_at
            from lab_attempts a join lab_runs r on r.id = a.run_id
            where a.bench = b.name and a.link_lost and a.ended_at > coalesce(b.released_at, 0)
            order by a.ended_at desc limit $1)) results
         order by ended_at desc limit $1) mine
       where mine.state in ('failed', 'error')
         and not exists (
           select 1 from lab_runs p
           where p.campaign_id = mine.campaign_id and p.state in ('failed', 'error')
             and p.subject = mine.subject and p.suite = mine.suite and p.bench <> b.name)
         and not exists (
           select 1 from lab_runs p join lab_attempts a on a.run_id = p.id
           where p.campaign_id = mine.campaign_id and p.subject = mine.subject and p.suite = mine.suite
             and a.link_lost and a.bench <> b.name)
         and (select count(*) from (
           select 1 from lab_runs p
           where p.campaign_id = mine.campaign_id and p.subject = mine.subject and p.suite = mine.suite
             and p.state = 'passed' and p.bench <> b.name
           limit $3) passes) >= $3) >= $2::int
     returning name`,
    [LOOKED_AT, String(TOO_MANY), PEER_PASSES],
  );
  return rows.map(({ name }) => name);
}
