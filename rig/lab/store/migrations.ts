import type { MigrationOwner } from '../../store/migrate.ts';
import { countedRuns } from './counted-runs.ts';

/**
 * The tables of the lab. Times are milliseconds since 1970 by the database's clock. Tokens are stored as their SHA-256.
 * The rules that nothing may be lost or doubled stand here, so that the database keeps them whatever a program does: a run
 * has at most one result (its primary key), a run and a device are in at most one lease.
 */
export const LAB_TABLES: MigrationOwner = {
  name: 'lab',
  migrations: [
    {
      number: 1,
      name: 'campaigns, runs, attempts, leases, results, benches, tokens, blobs',
      statements: [
        `create function lab_now() returns int8 language sql volatile as $$
          select floor(extract(epoch from clock_timestamp()) * 1000)::int8 $$`,
        `create table lab_tokens (
          id int8 generated always as identity primary key,
          name text not null, role text not null check (role in ('viewer', 'operator', 'bench')),
          hash bytea not null unique, made_at int8 not null, revoked_at int8)`,
        `create table lab_benches (
          name text primary key, public_key text not null, version text not null,
          enrolled_at int8 not null, seen_at int8, skew_ms int8 not null default 0, spooled int not null default 0,
          quarantined text, quarantined_at int8, released_at int8,
          devices json not null default '[]')`,
        `create table lab_requirements (
          id int8 generated always as identity primary key, hash bytea not null unique, body json not null)`,
        `create table lab_campaigns (
          id int8 generated always as identity primary key,
          key text not null unique, content_hash bytea not null,
          name text not null, source text not null, attempts int not null,
          submitted_at int8 not null, cancelled_at int8, ended_at int8, counts json)`,
        `create table lab_runs (
          id uuid primary key, campaign_id int8 not null references lab_campaigns, number int not null,
          subject text not null, suite text not null, repetition int not null,
          requirement_id int8 not null references lab_requirements,
          work json not null, inputs json not null, limit_seconds int not null,
          state text not null default 'queued'
            check (state in ('queued', 'running', 'passed', 'failed', 'error', 'cancelled')),
          attempts int not null default 0, changed_at int8 not null,
          bench text, device text, backend text, reason text not null default '', ended_at int8,
          unique (campaign_id, number))`,
        'create index lab_runs_matrix on lab_runs (campaign_id, subject, suite, state) include (attempts)',
        "create index lab_runs_queued on lab_runs (requirement_id, campaign_id, number) where state = 'queued'",
        "create index lab_runs_open on lab_runs (campaign_id) where state in ('queued', 'running')",
        'create index lab_runs_changed on lab_runs (changed_at)',
        'create index lab_runs_ended on lab_runs (bench, ended_at)',
        `create table lab_attempts (
          id uuid primary key, run_id uuid not null references lab_runs, number int not null,
          bench text not null references lab_benches, device text not null,
          state text not null check (state in ('running', 'finished', 'given-back', 'late', 'cancelled')),
          started_at int8 not null, ended_at int8, reason text not null default '', late_jws text,
          unique (run_id, number))`,
        `create table lab_leases (
          attempt_id uuid primary key references lab_attempts,
          run_id uuid not null constraint lab_leases_run unique references lab_runs,
          bench text not null references lab_benches, device text not null,
          expires_at int8 not null, overdue_at int8 not null,
          done int not null default 0, total int not null default 0, note text not null default '',
          constraint lab_leases_device unique (bench, device))`,
        'create index lab_leases_expiry on lab_leases (expires_at)',
        `create table lab_results (
          run_id uuid primary key references lab_runs,
          attempt_id uuid unique references lab_attempts,
          verdict text not null check (verdict in ('passed', 'failed', 'error', 'cancelled')),
          reason text not null, jws text, figures json, recorded_at int8 not null)`,
        `create table lab_cases (
          run_id uuid not null references lab_results, place int not null,
          id text not null, verdict text not null, reason text not null,
          primary key (run_id, place))`,
        'create table lab_blobs (sha256 text primary key, bytes int8 not null, stored_at int8 not null)',
        `create table lab_blob_uses (
          sha256 text not null references lab_blobs, run_id uuid not null references lab_runs,
          role text not null, name text not null, media_type text not null,
          primary key (run_id, role, name))`,
        'create index lab_blob_uses_blob on lab_blob_uses (sha256)',
      ],
    },
    {
      number: 2,
      name: 'counts for each cell of the matrix, inputs of campaigns, indexes for a million runs',
      statements: [
        // Nobody changes a run between the first count and the triggers.
        'lock table lab_runs in share row exclusive mode',
        // A volatile function is asked for each row, and no index helps; the clock of one statement is enough.
        'alter function lab_now() stable',
        ...countedRuns(),
        'create index lab_runs_cell on lab_runs (campaign_id, subject, suite, number)',
        'drop index lab_runs_matrix',
        'create index lab_runs_state on lab_runs (campaign_id, state, number)',
        'drop index lab_runs_open',
        'drop index lab_runs_changed',
        "create index lab_runs_changed on lab_runs (changed_at) where state = 'queued'",
        "create index lab_runs_reason on lab_runs (campaign_id, number) where reason <> ''",
        'alter table lab_campaigns drop column counts',
        'create index lab_campaigns_open on lab_campaigns (id) where ended_at is null',
        `create table lab_inputs (
          campaign_id int8 not null references lab_campaigns, sha256 text not null,
          primary key (sha256, campaign_id))`,
        `insert into lab_inputs (campaign_id, sha256)
         select distinct campaign_id, i->>'sha256' from lab_runs, json_array_elements(inputs) i`,
        'create index lab_blobs_stored on lab_blobs (stored_at, sha256)',
      ],
    },
    {
      number: 3,
      name: 'runs by their last change',
      statements: ['drop index lab_runs_changed', 'create index lab_runs_changed on lab_runs (changed_at, id)'],
    },
    {
      number: 4,
      name: 'the time as an expression',
      statements: [
        // A stable function whose body is volatile is called, and planned, for each use: this one stands in its place.
        `create or replace function lab_now() returns int8 language sql stable as $$
          select floor(extract(epoch from statement_timestamp()) * 1000)::int8 $$`,
      ],
    },
    {
      number: 5,
      name: 'attempts whose link died',
      statements: [
        'alter table lab_attempts add column link_lost boolean not null default false',
        'create index lab_attempts_lost on lab_attempts (bench, ended_at) where link_lost',
      ],
    },
    {
      number: 6,
      name: 'runs of a case, benches that said good-bye',
      statements: [
        // Of the cases that failed or were inconclusive alone: what passes costs nothing.
        "create index lab_cases_bad on lab_cases (id, run_id) where verdict in ('fail', 'inconclusive')",
        'alter table lab_benches add column left_at int8',
      ],
    },
  ],
};
