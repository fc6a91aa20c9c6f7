import { counted } from '../../report/words.ts';
import type { Statements } from '../../store/sql.ts';
import type { Release } from '../api/bench.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

/** How long a lease lives without a heartbeat. */
export const LEASE_SECONDS = 6;
export const HEARTBEAT_SECONDS = 2;
/** Time beyond a run's own limit before its lease is taken back, although its bench is alive. */
export const OVERDUE_SECONDS = 60;

/** Leases given back in one transaction. */
const BATCH = 50;

type Ended = {
  readonly attempt_id: string;
  readonly run_id: string;
  readonly requirement_id: number;
  readonly tries: number;
  readonly allowed: number;
};

/**
 * Gives back the leases whose time is over: the run waits again, or ends as `error` when it has had all its attempts.
 * @returns how many leases ended
 */
export async function giveBackExpired(store: LabStore): Promise<number> {
  let all = 0;
  for (let some = BATCH; some === BATCH; all += some) {
    some = await store.sql.transaction(async (within) => {
      const expired = await within.query<Ended & { readonly overdue: boolean }>(
        `with over as (
           delete from lab_leases where attempt_id in (
             select attempt_id from lab_leases where expires_at < lab_now() or overdue_at < lab_now()
             order by expires_at limit $1 for update skip locked)
           returning attempt_id, run_id, overdue_at < lab_now() as overdue)
         select over.attempt_id::text, over.run_id::text, over.overdue, r.requirement_id, r.attempts as tries,
           c.attempts as allowed
         from over join lab_runs r on r.id = over.run_id join lab_campaigns c on c.id = r.campaign_id`,
        [BATCH],
      );
      for (const each of expired) {
        const reason = each.overdue ? 'took longer than its limit' : 'the bench was not heard of any more';
        await giveBack(store, each, { reason, linkLost: false }, within);
      }
      return expired.length;
    });
  }
  return all;
}

async function giveBack(
  store: LabStore,
  lease: Ended,
  { reason, linkLost }: Pick<Release, 'reason' | 'linkLost'>,
  within: Statements,
): Promise<void> {
  await within.query(
    `update lab_attempts set state = 'given-back', ended_at = lab_now(), reason = $2, link_lost = $3 where id = $1::uuid`,
    [lease.attempt_id, reason, linkLost],
  );
  await store.queue.giveBack(lease.requirement_id, lease.run_id, within);
  if (lease.tries < lease.allowed) {
    await within.query(`update lab_runs set state = 'queued', changed_at = lab_now() where id = $1::uuid`, [
      lease.run_id,
    ]);
    return;
  }
  const [given] = await within.query<{ words: string }>(
    `select ${GIVEN_BACK_IN_WORDS} as words from lab_attempts where run_id = $1::uuid and state = 'given-back'`,
    [lease.run_id],
  );
  const words = `no bench finished it in ${counted(lease.tries, 'attempt')}: ${given?.words ?? ''}`;
  await endWithoutBench(within, [lease.run_id], 'error', words);
}

/** Why the attempts of a run were given back, each with its bench. */
export const GIVEN_BACK_IN_WORDS =
  "string_agg('attempt ' || number || ' on ' || bench || ': ' || reason, '; ' order by number)";

/** Gives a lease back that its bench does not want any more. @throws {LabRefusal} `attempt-over` */
export function releaseLease(store: LabStore, attempt: string, released: Release): Promise<void> {
  return store.sql.transaction(async (within) => {
    const [lease] = await within.query<Ended>(
      `with over as (delete from lab_leases where attempt_id = $1::uuid and bench = $2 returning attempt_id, run_id)
       select over.attempt_id::text, over.run_id::text, r.requirement_id, r.attempts as tries, c.attempts as allowed
       from over join lab_runs r on r.id = over.run_id join lab_campaigns c on c.id = r.campaign_id`,
      [attempt, released.bench],
    );
    if (lease === undefined) throw new LabRefusal('attempt-over');
    await giveBack(store, lease, released, within);
  });
}

/** Writes the verdict of runs that no bench judged. */
export async function endWithoutBench(
  within: Statements,
  runs: readonly string[],
  verdict: 'error' | 'cancelled',
  reason: string,
): Promise<void> {
  const ids = JSON.stringify(runs);
  await within.query(
    `insert into lab_results (run_id, verdict, reason, recorded_at)
     select value::uuid, $2, $3, lab_now() from json_array_elements_text($1::json)`,
    [ids, verdict, reason],
  );
  await within.query(
    `update lab_runs set state = $2, reason = $3, ended_at = lab_now(), changed_at = lab_now()
     where id = any (array(select value::uuid from json_array_elements_text($1::json)))`,
    [ids, verdict, reason],
  );
}
