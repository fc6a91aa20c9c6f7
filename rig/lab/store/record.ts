import { type CompactJWSHeaderParameters, compactVerify, importJWK } from 'jose';
import type { Statements } from '../../store/sql.ts';
import { StoreError } from '../../store/store-error.ts';
import { isStorable } from '../../web/storable-text.ts';
import type { BenchKey } from '../api/bench.ts';
import { RESULT_STATEMENT, RESULT_TYPE, type ResultStatement } from '../api/result.ts';
import { isOnDisk } from './blobs.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

type AttemptRow = {
  readonly run: string;
  readonly bench: string;
  readonly device: string;
  readonly key: string;
};

/**
 * Writes the result of an attempt: verdict, cases and files, and the end of its lease, in one transaction. The same result
 * sent again gets the same answer. One whose lease is gone is kept as late, and does not count.
 * @param jws compact (RFC 7515), signed by the bench's key
 * @returns when it was written, milliseconds since 1970
 * @throws {LabRefusal}
 */
export async function recordResult(store: LabStore, attempt: string, jws: string): Promise<number> {
  const there = await attemptRow(store, attempt);
  const statement = await readSigned(jws, JSON.parse(there.key) as BenchKey);
  const { run, bench, device } = there;
  if (statement.attempt !== attempt || statement.run !== run || statement.bench !== bench) {
    throw new LabRefusal('result-for-another');
  }
  if (statement.device !== device) throw new LabRefusal('result-for-another');
  if (!statement.blobs.every(({ sha256 }) => isOnDisk(store, sha256))) throw new LabRefusal('blob-missing');
  const recordedAt = await store.sql.transaction(async (within) => {
    const ended = await within.query('delete from lab_leases where attempt_id = $1::uuid returning run_id', [attempt]);
    return ended.length === 1 ? write(store, within, statement, jws) : late(within, attempt, jws);
  });
  if (recordedAt === null) throw new LabRefusal('attempt-over');
  return recordedAt;
}

async function attemptRow(store: LabStore, attempt: string): Promise<AttemptRow> {
  const [row] = await store.sql.query<AttemptRow>(
    `select a.run_id::text as run, a.bench, a.device, b.public_key as key
     from lab_attempts a join lab_benches b on b.name = a.bench where a.id = $1::uuid`,
    [attempt],
  );
  if (row === undefined) throw new LabRefusal('attempt-unknown');
  return row;
}

const ALGORITHMS = { OKP: 'EdDSA', EC: 'ES256' } as const;

/** @throws {LabRefusal} not signed by that key, or not a statement */
export async function readSigned(jws: string, key: BenchKey): Promise<ResultStatement> {
  const algorithm = ALGORITHMS[key.kty];
  let header: CompactJWSHeaderParameters;
  let payload: Uint8Array;
  try {
    const verified = await compactVerify(jws, await importJWK({ ...key }, algorithm), { algorithms: [algorithm] });
    header = verified.protectedHeader;
    payload = verified.payload;
  } catch {
    throw new LabRefusal('result-unsigned');
  }
  if (header.typ !== RESULT_TYPE) throw new LabRefusal('result-unsigned');
  return readStatement(payload);
}

function readStatement(payload: Uint8Array): ResultStatement {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    throw new LabRefusal('result-malformed');
  }
  const read = RESULT_STATEMENT.safeParse(json);
  if (!read.success || !isStorable(read.data)) throw new LabRefusal('result-malformed');
  return read.data;
}

/** What a result says that was checked when it was written. */
export function statementOf(jws: string): ResultStatement {
  return readStatement(Buffer.from(jws.split('.')[1] ?? '', 'base64url'));
}

async function write(
  store: LabStore,
  within: Statements,
  { run, attempt, verdict, reason, backend, figures, cases, blobs }: ResultStatement,
  jws: string,
): Promise<number> {
  const [row] = await within.query<{ recorded_at: number }>(
    `insert into lab_results (run_id, attempt_id, verdict, reason, jws, figures, recorded_at)
     values ($1::uuid, $2::uuid, $3, $4, $5, $6::json, lab_now()) returning recorded_at`,
    [run, attempt, verdict, reason, jws, JSON.stringify(figures)],
  );
  const [judged] = await within.query<{ requirement: number }>(
    `with tried as (update lab_attempts set state = 'finished', ended_at = lab_now() where id = $2::uuid)
     update lab_runs set state = $3, reason = $4, backend = $5, ended_at = lab_now(), changed_at = lab_now()
     where id = $1::uuid returning requirement_id as requirement`,
    [run, attempt, verdict, reason, backend],
  );
  if (cases.length > 0) {
    await within.query(
      `insert into lab_cases (run_id, place, id, verdict, reason)
       select $1::uuid, place, value->>'id', value->>'verdict', value->>'reason'
       from json_array_elements($2::json) with ordinality as c(value, place)`,
      [run, JSON.stringify(cases)],
    );
  }
  if (blobs.length > 0) await noteUses(within, run, blobs);
  await store.queue.complete((judged as { requirement: number }).requirement, run, within);
  return (row as { recorded_at: number }).recorded_at;
}

/** @throws {LabRefusal} `blob-missing`: a file was dropped between its upload and this */
async function noteUses(within: Statements, run: string, blobs: ResultStatement['blobs']): Promise<void> {
  try {
    await within.query(
      `insert into lab_blob_uses (sha256, run_id, role, name, media_type)
       select value->>'sha256', $1::uuid, value->>'role', value->>'name', value->>'mediaType'
       from json_array_elements($2::json)`,
      [run, JSON.stringify(blobs)],
    );
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === 'conflict')) throw error;
    throw new LabRefusal(error.constraint === 'lab_blob_uses_pkey' ? 'result-malformed' : 'blob-missing');
  }
}

/** @returns when this result was written before; null: it comes too late, and is kept beside the run */
async function late(within: Statements, attempt: string, jws: string): Promise<number | null> {
  const [written] = await within.query<{ recorded_at: number }>(
    'select recorded_at from lab_results where attempt_id = $1::uuid and jws = $2',
    [attempt, jws],
  );
  if (written !== undefined) return written.recorded_at;
  await within.query(
    `update lab_attempts set state = 'late', late_jws = $2 where id = $1::uuid and state in ('given-back', 'cancelled')`,
    [attempt, jws],
  );
  return null;
}
