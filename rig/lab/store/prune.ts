import type { Prune, Pruned, PrunePlace } from '../api/upkeep.ts';
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
export async function pruneFiles(store: LabStore, { olderThanDays, dryRun, after }: Prune): Promise<Pruned> {
  const end = performance.now() + LONGEST_MS;
  const [row] = await store.sql.query<{ before: number }>('select lab_now() - $1::int8 as before', [
    olderThanDays * DAY_MS,
  ]);
  const before = row?.before ?? 0;
  if (dryRun) return countOld(store, before);
  const dropped = { files: 0, bytes: 0 };
  for (let from = after; ; ) {
    const looked = await dropBatch(store, before, from ?? { storedAt: -1, sha256: '' });
    for (const { bytes } of looked.filter((each) => !each.needed)) {
      dropped.files++;
      dropped.bytes += bytes;
    }
    const last = looked.at(-1);
    if (looked.length < BATCH || last === undefined) return { ...dropped, after: null };
    from = { storedAt: last.stored_at, sha256: last.sha256 };
    if (performance.now() > end) return { ...dropped, after: from };
  }
}

/** Whether a file `b` is needed by a run that ended after a time or has not ended. */
function needed(time: string): string {
  return `(
    exists (
      select 1 from lab_blob_uses u join lab_runs r on r.id = u.run_id
      where u.sha256 = b.sha256 and (r.ended_at is null or r.ended_at >= ${time}))
    or exists (
      select 1 from lab_inputs i join lab_campaigns c on c.id = i.campaign_id
      where i.sha256 = b.sha256 and (c.ended_at is null or c.ended_at >= ${time})))`;
}

async function countOld(store: LabStore, before: number): Promise<Pruned> {
  const [row] = await store.sql.query<{ files: number; bytes: number }>(
    `select count(*) as files, coalesce(sum(bytes), 0)::int8 as bytes from lab_blobs b
     where stored_at <= $1 and not ${needed('$1')}`,
    [before],
  );
  return { ...(row ?? { files: 0, bytes: 0 }), after: null };
}

/** @returns the files that were looked at; those that are not needed are not in the tables any more, nor on the disk */
function dropBatch(store: LabStore, before: number, from: PrunePlace): Promise<readonly Looked[]> {
  return store.sql.transaction(async (within) => {
    const locked = await within.query<{ sha256: string }>(
      `select sha256 from lab_blobs where stored_at <= $1 and (stored_at, sha256) > ($2, $3)
       order by stored_at, sha256 limit $4 for update`,
      [before, from.storedAt, from.sha256, BATCH],
    );
    // An array, which indexes are asked for; of a join the database may think that it is large, and read the whole table.
    const these = 'sha256 = any (array(select json_array_elements_text($1::json)))';
    const hashes = (all: readonly { sha256: string }[]): string => JSON.stringify(all.map(({ sha256 }) => sha256));
    // Asked when the rows are locked: what was recorded or submitted while this waited for them is seen.
    const looked = await within.query<Looked>(
      `select sha256, stored_at, bytes, ${needed('$2')} as needed from lab_blobs b where ${these}
       order by stored_at, sha256`,
      [hashes(locked), before],
    );
    const old = looked.filter((each) => !each.needed);
    await within.query(`delete from lab_blob_uses where ${these}`, [hashes(old)]);
    await within.query(`delete from lab_blobs where ${these}`, [hashes(old)]);
    // Before the commit: whoever uploads one of them again waits for its row, and then finds no file.
    for (const { sha256 } of old) removeBlob(store, sha256);
    return looked;
  });
}
