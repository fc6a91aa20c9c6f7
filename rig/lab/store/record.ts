import { type CompactJWSHeaderParameters, compactVerify, importJWK } from 'jose';
import type { Statements } from '../../store/sql.ts';
import { StoreError } from '../../store/store-error.ts';
import { isStorable } from '../../web/storable-text.ts';
import type { BenchKey } from '../api/bench.ts';
import { RESULT_STATEMENT, RESULT_TYPE, type ResultStatement } from '../api/result.ts';
import { isOnDisk } from './blobs.ts';
import { GIVEN_BACK_IN_WORDS } from './leases.ts';
import { completing, queueName } from './queue.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

type AttemptRow = {
  readonly run: string;
  readonly bench: string;
  readonly device: string;
  readonly key: string;
  readonly requirement: number;
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
  const recordedAt =
    (await write(store, there.requirement, statement, jws)) ??
    (await store.sql.transaction((within) => late(within, attempt, jws)));
  if (recordedAt === null) throw new LabRefusal('attempt-over');
  return recordedAt;
}

async function attemptRow(store: LabStore, attempt: string): Promise<AttemptRow> {
  const [row] = await store.sql.query<AttemptRow>(
    `select a.run_id::text as run, a.bench, a.device, b.public_key as key, r.requirement_id as requirement
     from lab_attempts a join lab_benches b on b.name = a.bench join lab_runs r on r.id = a.run_id
     where a.id = $1::uuid`,
    [attempt],
  );
  if (row === undefined) throw new LabRefusal('attempt-unknown', attempt);
  return row;
}

const ALGORITHMS = { OKP: 'EdDSA', EC: 'ES256' } as const;

type ImportedKey = Awaited<ReturnType<typeof importJWK>>;

/** Keys by their text: a bench has one for ever, and sends many results. */
const imported = new Map<string, Promise<ImportedKey>>();
const MOST_IMPORTED = 1000;

function importedKey(key: BenchKey): Promise<ImportedKey> {
  const text = JSON.stringify(key);
  const known = imported.get(text);
  if (known !== undefined) return known;
  if (imported.size >= MOST_IMPORTED) imported.clear();
  const made = importJWK({ ...key }, ALGORITHMS[key.kty]);
  imported.set(text, made);
  return made;
}

/** @throws {LabRefusal} not signed by that key, or not a statement */
export async function readSigned(jws: string, key: BenchKey): Promise<ResultStatement> {
  const algorithm = ALGORITHMS[key.kty];
  let header: CompactJWSHeaderParameters;
  let payload: Uint8Array;
  try {
    const verified = await compactVerify(jws, await importedKey(key), { algorithms: [algorithm] });
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

/**
 * Lease, attempt, run, result, cases, files and job in one statement, which is one transaction: all the rest follows from
 * the lease that it ends. An error says too why the attempts before it were given back.
 * @returns when it was written; null: the lease is gone, and nothing was
 */
async function write(
  { sql }: LabStore,
  requirement: number,
  { attempt, verdict, reason, backend, figures, cases, blobs }: ResultStatement,
  jws: string,
): Promise<number | null> {
  const [written] = await telling(() =>
    sql.query<{ recorded_at: number }>(
      `with ended as (delete from lab_leases where attempt_id = $1::uuid returning attempt_id, run_id),
     why as (
       select $3 || case when $2 = 'error' then coalesce('; before it ' || (
         select ${GIVEN_BACK_IN_WORDS} from lab_attempts
         where run_id in (select run_id from ended) and state = 'given-back'), '') else '' end as reason),
     tried as (
       update lab_attempts set state = 'finished', ended_at = lab_now() where id in (select attempt_id from ended)),
     judged as (
       update lab_runs set state = $2, reason = (select reason from why), backend = $4, ended_at = lab_now(), changed_at = lab_now()
       where id in (select run_id from ended)),
     listed as (
       insert into lab_cases (run_id, place, id, verdict, reason)
       select run_id, place, value->>'id', value->>'verdict', value->>'reason'
       from ended cross join json_array_elements($7::json) with ordinality as c(value, place)),
     used as (
       insert into lab_blob_uses (sha256, run_id, role, name, media_type)
       select value->>'sha256', run_id, value->>'role', value->>'name', value->>'mediaType'
       from ended cross join json_array_elements($8::json)),
     completed as (${completing('$9', 'select run_id from ended')})
     insert into lab_results (run_id, attempt_id, verdict, reason, jws, figures, recorded_at)
     select run_id, attempt_id, $2, (select reason from why), $5, $6::json, lab_now() from ended returning recorded_at`,
      [
        ...[attempt, verdict, reason, backend, jws],
        ...[figures, cases, blobs].map((each) => JSON.stringify(each)),
        queueName(requirement),
      ],
    ),
  );
  return written?.recorded_at ?? null;
}

/** @throws {LabRefusal} a file was dropped between its upload and this, or is named twice */
async function telling<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const constraint = error instanceof StoreError ? error.constraint : null;
    if (constraint === 'lab_blob_uses_pkey') throw new LabRefusal('result-malformed');
    if (constraint === 'lab_blob_uses_sha256_fkey') throw new LabRefusal('blob-missing');
    throw error;
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
