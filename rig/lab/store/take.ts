import { randomUUID } from 'node:crypto';
import type { SqlRow } from '../../store/sql.ts';
import type { TakenRun } from '../api/bench.ts';
import type { InputFile, Work } from '../api/campaign.ts';
import type { Capability, Requirement } from '../api/capability.ts';
import { fits } from '../campaign/fits.ts';
import { LEASE_SECONDS, OVERDUE_SECONDS } from './leases.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

type Waiting = { readonly id: number; readonly body: Requirement };
type Look = {
  readonly devices: string;
  readonly quarantined: string | null;
  readonly leased: string;
  readonly waiting: string;
};
type Row = Omit<TakenRun, 'attempt' | 'device' | 'work' | 'inputs'> & {
  readonly work: string;
  readonly inputs: string;
};

/**
 * Gives a bench the oldest run that waits and that one of its free devices fits, with a lease on both. What waits is asked
 * first; job, run, attempt and lease then change in one statement, which is one transaction.
 * @param free names of devices, as the bench's last heartbeat had them
 * @returns null: nothing that fits waits
 * @throws {LabRefusal} the bench is unknown or in quarantine
 * @throws {StoreError} `conflict` of `lab_leases_device`: the same bench asked twice at once
 */
export async function takeRun(store: LabStore, bench: string, free: readonly string[]): Promise<TakenRun | null> {
  const { devices, waiting } = await look(store, bench, free);
  if (devices.length === 0) return null;
  for (const { id, body } of waiting) {
    const device = devices.find((capability) => fits(body, { bench, capability }));
    if (device === undefined) continue;
    const taken = await takeOne(store, id, bench, device.device);
    if (taken !== null) return taken;
  }
  return null;
}

/** Devices that are free, and requirements for which a run waits, by their oldest run. */
async function look(
  { sql }: LabStore,
  bench: string,
  free: readonly string[],
): Promise<{ readonly devices: readonly Capability[]; readonly waiting: readonly Waiting[] }> {
  const [row] = await sql.query<Look>(
    `select devices, quarantined,
       (select coalesce(json_agg(device), '[]') from lab_leases where bench = $1) as leased,
       (select coalesce(json_agg(json_build_object('id', q.id, 'body', q.body)
          order by oldest.campaign_id, oldest.number), '[]')
        from lab_requirements q cross join lateral (
          select campaign_id, number from lab_runs
          where requirement_id = q.id and state = 'queued' order by campaign_id, number limit 1) oldest) as waiting
     from lab_benches where name = $1`,
    [bench],
  );
  if (row === undefined) throw new LabRefusal('bench-unknown', bench);
  if (row.quarantined !== null) throw new LabRefusal('bench-quarantined');
  const leased = JSON.parse(row.leased) as readonly string[];
  const devices = JSON.parse(row.devices) as readonly Capability[];
  return {
    devices: devices.filter(({ device }) => free.includes(device) && !leased.includes(device)),
    waiting: JSON.parse(row.waiting) as readonly Waiting[],
  };
}

async function takeOne(store: LabStore, requirement: number, bench: string, device: string): Promise<TakenRun | null> {
  const attempt = randomUUID();
  const { statement, parameters } = store.queue.fetching;
  // A run whose campaign was cancelled is not queued; its job should have been cancelled with it, and harms nobody.
  const [row] = await store.sql.query<Row & SqlRow>(
    `with fetched as (${statement}),
     taken as (
       update lab_runs set state = 'running', attempts = attempts + 1, bench = $4, device = $5, changed_at = lab_now()
       from fetched where lab_runs.id = fetched.id and lab_runs.state = 'queued'
       returning lab_runs.id, campaign_id, subject, suite, repetition, work, inputs, limit_seconds, attempts),
     tried as (
       insert into lab_attempts (id, run_id, number, bench, device, state, started_at)
       select $3::uuid, id, attempts, $4, $5, 'running', lab_now() from taken),
     leased as (
       insert into lab_leases (attempt_id, run_id, bench, device, expires_at, overdue_at)
       select $3::uuid, id, $4, $5, lab_now() + $6::int8, lab_now() + $7::int8 + limit_seconds * 1000::int8 from taken)
     select id::text as run, campaign_id as campaign, subject, suite, repetition, work, inputs,
       limit_seconds as "limitSeconds", attempts as "attemptNumber",
       (select c.attempts from lab_campaigns c where c.id = campaign_id) as "attemptsAllowed" from taken`,
    [...parameters(requirement), attempt, bench, device, LEASE_SECONDS * 1000, OVERDUE_SECONDS * 1000],
  );
  if (row === undefined) return null;
  const { work, inputs, ...rest } = row;
  return {
    ...rest,
    ...{ attempt, device, work: JSON.parse(work) as Work, inputs: JSON.parse(inputs) as readonly InputFile[] },
  };
}
