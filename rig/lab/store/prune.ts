import type { Pruned } from '../api/upkeep.ts';
import { removeBlob } from './blobs.ts';
import type { LabStore } from './store.ts';

const DAY_MS = 86_400_000;

/**
 * Drops files that no younger run needs: traces and reports of runs that ended so long ago, and inputs of none but those.
 * Verdicts, cases, figures and signed results stay.
 */
export async function pruneFiles(store: LabStore, olderThanDays: number, dryRun: boolean): Promise<Pruned> {
  const dropped = await store.sql.transaction(async (within) => {
    const rows = await within.query<{ sha256: string; bytes: number }>(
      `with kept_runs as (
         select id, inputs from lab_runs where ended_at is null or ended_at >= lab_now() - $1::int8)
       select sha256, bytes from lab_blobs b
       where stored_at <= lab_now() - $1::int8
         and not exists (select 1 from lab_blob_uses u join kept_runs k on k.id = u.run_id where u.sha256 = b.sha256)
         and not exists (
           select 1 from kept_runs k, json_array_elements(k.inputs) i where i->>'sha256' = b.sha256)
       for update`,
      [olderThanDays * DAY_MS],
    );
    if (dryRun || rows.length === 0) return rows;
    const hashes = JSON.stringify(rows.map(({ sha256 }) => sha256));
    const these = 'sha256 in (select json_array_elements_text($1::json))';
    await within.query(`delete from lab_blob_uses where ${these}`, [hashes]);
    await within.query(`delete from lab_blobs where ${these}`, [hashes]);
    return rows;
  });
  if (!dryRun) for (const { sha256 } of dropped) removeBlob(store, sha256);
  return { files: dropped.length, bytes: dropped.reduce((sum, { bytes }) => sum + bytes, 0) };
}
