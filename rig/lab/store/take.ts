import { randomUUID } from 'node:crypto';
import type { Statements } from '../../store/sql.ts';
import type { TakenRun } from '../api/bench.ts';
import type { InputFile, Work } from '../api/campaign.ts';
import type { Capability, Requirement } from '../api/capability.ts';
import { fits } from '../campaign/fits.ts';
import { LEASE_SECONDS, OVERDUE_SECONDS } from './leases.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

type Waiting = { readonly id: number; readonly body: string };
type Row = {
  readonly campaign: number;
  readonly subject: string;
  readonly suite: string;
  readonly repetition: number;
  readonly work: string;
  readonly inputs: string;
  readonly limitSeconds: number;
  readonly attemptNumber: number;
};

/**
 * Gives a bench the oldest run that waits and that one of its free devices fits, with a lease on both.
 * @param free names of devices, as the bench's last heartbeat had them
 * @returns null: nothing that fits waits
 * @throws {LabRefusal} the bench is unknown or in quarantine
 * @throws {StoreError} `conflict` of `lab_leases_device`: the same bench asked twice at once
 */
export function takeRun(store: LabStore, bench: string, free: readonly string[]): Promise<TakenRun | null> {
  return store.sql.transaction(async (within) => {
    const devices = await freeDevices(within, bench, free);
    if (devices.length === 0) return null;
    for (const requirement of await waitingRequirements(within)) {
      const wanted = JSON.parse(requirement.body) as Requirement;
      const device = devices.find((capability) => fits(wanted, { bench, capability }));
      if (device === undefined) continue;
      const taken = await takeOne(store, within, requirement.id, bench, device.device);
      if (taken !== null) return taken;
    }
    return null;
  });
}

async function freeDevices(within: Statements, bench: string, free: readonly string[]): Promise<readonly Capability[]> {
  const [row] = await within.query<{ devices: string; quarantined: string | null; leased: string }>(
    `select devices, quarantined,
       (select coalesce(json_agg(device), '[]') from lab_leases where bench = $1) as leased
     from lab_benches where name = $1`,
    [bench],
  );
  if (row === undefined) throw new LabRefusal('bench-unknown');
  if (row.quarantined !== null) throw new LabRefusal('bench-quarantined');
  const leased = JSON.parse(row.leased) as readonly string[];
  return (JSON.parse(row.devices) as readonly Capability[]).filter(
    ({ device }) => free.includes(device) && !leased.includes(device),
  );
}

/** Those for which a run waits, by their oldest run. */
function waitingRequirements(within: Statements): Promise<readonly Waiting[]> {
  return within.query<Waiting>(
    `select q.id, q.body from lab_requirements q cross join lateral (
       select campaign_id, number from lab_runs
       where requirement_id = q.id and state = 'queued' order by campaign_id, number limit 1) oldest
     order by oldest.campaign_id, oldest.number`,
  );
}

async function takeOne(
  store: LabStore,
  within: Statements,
  requirement: number,
  bench: string,
  device: string,
): Promise<TakenRun | null> {
  const run = await store.queue.fetch(requirement, within);
  if (run === null) return null;
  const [row] = await within.query<Row>(
    `update lab_runs set state = 'running', attempts = attempts + 1, bench = $2, device = $3, changed_at = lab_now()
     where id = $1::uuid and state = 'queued'
     returning campaign_id as campaign, subject, suite, repetition, work, inputs,
       limit_seconds as "limitSeconds", attempts as "attemptNumber"`,
    [run, bench, device],
  );
  // Its job should have been cancelled with it; `active` it stays, and harms nobody.
  if (row === undefined) return null;
  const attempt = randomUUID();
  await within.query(
    `with tried as (
       insert into lab_attempts (id, run_id, number, bench, device, state, started_at)
       values ($1::uuid, $2::uuid, $3, $4, $5, 'running', lab_now()))
     insert into lab_leases (attempt_id, run_id, bench, device, expires_at, overdue_at)
     values ($1::uuid, $2::uuid, $4, $5, lab_now() + $6::int8, lab_now() + $7::int8)`,
    [
      ...[attempt, run, row.attemptNumber, bench, device],
      ...[LEASE_SECONDS * 1000, (row.limitSeconds + OVERDUE_SECONDS) * 1000],
    ],
  );
  const { work, inputs, ...rest } = row;
  return {
    ...rest,
    ...{ attempt, device, run, work: JSON.parse(work) as Work, inputs: JSON.parse(inputs) as readonly InputFile[] },
  };
}
