import type { Pruned } from '../api/upkeep.ts';
import { removeBlob } from './blobs.ts';
import type { LabStore } from './store.ts';

const DAY_MS = 86_400_000;
/** Files that are looked at in one transaction: none is long, and a bench that records a result does not wait for it. */
const BATCH = 1000;
/** After so long it answers, and goes on when it is asked again. */
const LONGEST_MS = 20_000;

type Looked = { readonly sha256: string; readonly stored_at: number; readonly bytes: number; readonly needed: boolean };

/**
 * Drops files that no younger run needs: traces and reports of runs that ended so long ago, and inputs of campaigns whose last
 * run ended so long ago. Verdicts, cases, figures and signed results stay. It goes from the oldest file on, in batches.
 */
export async function pruneFiles(store: LabStore, olderThanDays: number, dryRun: boolean): Promise<Pruned> {
  const end = performance.now() + LONGEST_MS;
  const [row] = await store.sql.query<{ before: number }>('select lab_now() - $1::int8 as before', [
    olderThanDays * DAY_MS,
  ]);
  const before = row?.before ?? 0;
  if (dryRun) return countOld(store, before);
  const dropped = { files: 0, bytes: 0 };
  let from = { storedAt: -1, sha256: '' };
  for (;;) {
    const looked = await dropBatch(store, before, from);
    for (const { bytes } of looked.filter(({ needed }) => !needed)) {
      dropped.files++;
      dropped.bytes += bytes;
    }
    const last = looked.at(-1);
    if (looked.length < BATCH || last === undefined) return { ...dropped, more: false };
    if (performance.now() > end) return { ...dropped, more: true };
    from = { storedAt: last.stored_at, sha256: last.sha256 };
  }
}

/** Whether a file `b` is needed by a run that ended after `$1` or has not ended. */
const NEEDED = `(
  exists (
    select 1 from lab_blob_uses u join lab_runs r on r.id = u.run_id
    where u.sha256 = b.sha256 and (r.ended_at is null or r.ended_at >= $1))
  or exists (
    select 1 from lab_inputs i join lab_campaigns c on c.id = i.campaign_id
    where i.sha256 = b.sha256 and (c.ended_at is null or c.ended_at >= $1)))`;

async function countOld(store: LabStore, before: number): Promise<Pruned> {
  const [row] = await store.sql.query<{ files: number; bytes: number }>(
    `select count(*) as files, coalesce(sum(bytes), 0)::int8 as bytes from lab_blobs b
     where stored_at <= $1 and not ${NEEDED}`,
    [before],
  );
  return { ...(row ?? { files: 0, bytes: 0 }), more: false };
}

/** @returns the files that were looked at; those that are not needed are not in the tables any more */
function dropBatch(
  store: LabStore,
  before: number,
  from: { readonly storedAt: number; readonly sha256: string },
): Promise<readonly Looked[]> {
  return store.sql.transaction(async (within) => {
    // Waits for uploads, results and campaigns under way with these files, and is waited for by the next ones.
    await within.query(
      `select sha256 from lab_blobs where stored_at <= $1 and (stored_at, sha256) > ($2, $3)
       order by stored_at, sha256 limit $4 for update`,
      [before, from.storedAt, from.sha256, BATCH],
    );
    // A statement of its own: it sees what was written until the wait was over.
    const looked = await within.query<Looked>(
      `select sha256, stored_at, bytes, ${NEEDED} as needed from (
         select * from lab_blobs where stored_at <= $1 and (stored_at, sha256) > ($2, $3)
         order by stored_at, sha256 limit $4 for update) b
       order by stored_at, sha256`,
      [before, from.storedAt, from.sha256, BATCH],
    );
    const old = looked.filter(({ needed }) => !needed);
    const hashes = JSON.stringify(old.map(({ sha256 }) => sha256));
    const these = 'sha256 in (select json_array_elements_text($1::json))';
    await within.query(`delete from lab_blob_uses where ${these}`, [hashes]);
    await within.query(`delete from lab_blobs where ${these}`, [hashes]);
    // Before the end: an upload of the same file waits for its row, and then puts it there anew.
    for (const { sha256 } of old) removeBlob(store, sha256);
    return looked;
  });
}
