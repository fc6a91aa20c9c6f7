import { createHash } from 'node:crypto';
import type { Statements } from '../../store/sql.ts';
import type { Submission, Submitted } from '../api/campaign.ts';
import type { Requirement } from '../api/capability.ts';
import { fits } from '../campaign/fits.ts';
import { listBenches } from './benches.ts';
import { missingBlobs } from './blobs.ts';
import { LabRefusal } from './refusals.ts';
import { runIds } from './run-id.ts';
import type { LabStore } from './store.ts';

/** Runs in one statement. */
const BATCH = 1000;

/**
 * Makes a campaign and its runs, all of them or none. With a key that came before it answers what it answered then.
 * @param now milliseconds since 1970, for identifiers
 * @throws {LabRefusal} `campaign-differs`
 */
export async function submitCampaign(store: LabStore, submission: Submission, now: number): Promise<Submitted> {
  const { runs, dryRun } = submission;
  const files = runs.flatMap(({ inputs }) => inputs.map(({ sha256 }) => sha256));
  const unfit = await unfitRuns(store, submission);
  const missing = await missingBlobs(store, files);
  const answer = { runs: runs.length, unfit, missing };
  if (dryRun || missing.length > 0) return { campaign: null, ...answer };
  return store.sql.transaction(async (within) => {
    const dropped = await missingBlobs(store, files, within);
    if (dropped.length > 0) return { campaign: null, ...answer, missing: dropped };
    const made = await makeCampaign(within, submission);
    if (made.isNew) await makeRuns(store, within, made.id, submission, now);
    return { campaign: made.id, ...answer };
  });
}

async function unfitRuns(store: LabStore, { runs }: Submission): Promise<number[]> {
  const devices = (await listBenches(store)).flatMap(({ name, devices }) =>
    devices.map((capability) => ({ bench: name, capability })),
  );
  const known = new Map<string, boolean>();
  return runs.flatMap(({ requirement }, place) => {
    const text = canonical(requirement);
    const takes = known.get(text) ?? devices.some((device) => fits(requirement, device));
    known.set(text, takes);
    return takes ? [] : [place];
  });
}

function canonical(requirement: Requirement): string {
  return JSON.stringify(Object.fromEntries(Object.entries(requirement).sort(([a], [b]) => (a < b ? -1 : 1))));
}

async function makeCampaign(
  within: Statements,
  { key, name, source, attempts, runs }: Submission,
): Promise<{ id: number; isNew: boolean }> {
  const content = sha256(JSON.stringify([name, source, attempts, runs]));
  const [made] = await within.query<{ id: number }>(
    `insert into lab_campaigns (key, content_hash, name, source, attempts, submitted_at)
     values ($1, $2, $3, $4, $5, lab_now()) on conflict (key) do nothing returning id`,
    [key, content, name, source, attempts],
  );
  if (made !== undefined) return { id: made.id, isNew: true };
  const [there] = await within.query<{ id: number }>(
    'select id from lab_campaigns where key = $1 and content_hash = $2',
    [key, content],
  );
  if (there === undefined) throw new LabRefusal('campaign-differs');
  return { id: there.id, isNew: false };
}

async function makeRuns(
  store: LabStore,
  within: Statements,
  campaign: number,
  { runs, attempts }: Submission,
  now: number,
): Promise<void> {
  const ids = runIds(runs.length, now);
  const requirements = await requirementIds(
    store,
    within,
    runs.map(({ requirement }) => requirement),
  );
  for (let at = 0; at < runs.length; at += BATCH) {
    const rows = runs.slice(at, at + BATCH).map((run, place) => ({
      ...{ id: ids[at + place] as string, number: at + place + 1, requirement_id: requirements[at + place] as number },
      ...{ subject: run.subject, suite: run.suite, repetition: run.repetition, limit_seconds: run.limitSeconds },
      ...{ work: run.work, inputs: run.inputs },
    }));
    await within.query(
      `insert into lab_runs (id, campaign_id, number, subject, suite, repetition, requirement_id, work, inputs,
         limit_seconds, changed_at)
       select id, $1, number, subject, suite, repetition, requirement_id, work, inputs, limit_seconds, lab_now()
       from json_to_recordset($2::json) as r(id uuid, number int, subject text, suite text, repetition int,
         requirement_id int8, work json, inputs json, limit_seconds int)`,
      [campaign, JSON.stringify(rows)],
    );
    await store.queue.send(
      rows.map(({ id, requirement_id }) => ({ run: id, requirement: requirement_id })),
      attempts,
      within,
    );
  }
  const inputs = [...new Set(runs.flatMap((run) => run.inputs.map(({ sha256: hash }) => hash)))];
  await within.query(
    `insert into lab_inputs (campaign_id, sha256) select $1::int8, json_array_elements_text($2::json)`,
    [campaign, JSON.stringify(inputs)],
  );
  if (runs.length < BATCH) return;
  // Without fresh statistics the oldest queued run is found by reading them all; PGlite never takes them by itself.
  await within.query('analyze lab_runs', []);
  await store.queue.analyze(requirements, within);
}

/** @returns one for each, in their order */
async function requirementIds(
  store: LabStore,
  within: Statements,
  requirements: readonly Requirement[],
): Promise<readonly number[]> {
  const known = new Map<string, number>();
  for (const text of new Set(requirements.map(canonical))) {
    const hash = sha256(text);
    await within.query(
      'insert into lab_requirements (hash, body) values ($1, $2::json) on conflict (hash) do nothing',
      [...[hash, text]],
    );
    const [row] = await within.query<{ id: number }>('select id from lab_requirements where hash = $1', [hash]);
    const id = (row as { id: number }).id;
    await store.queue.prepare(id, within);
    known.set(text, id);
  }
  return requirements.map((requirement) => known.get(canonical(requirement)) as number);
}

function sha256(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest());
}
