import type { MigrationOwner } from '../../store/migrate.ts';

/**
 * The tables of the issuer. Times are milliseconds since 1970. Strings that open something (presences, tokens of
 * contexts, tickets) are stored as their SHA-256. Claims have a column for each field of an invoice's summary and none
 * besides.
 */
export const ISSUER_TABLES: MigrationOwner = {
  name: 'issuer',
  migrations: [
    {
      number: 1,
      name: 'registry, activations, presences, contexts, claims, audit log',
      statements: [
        `create table insured (
          id int8 generated always as identity primary key,
          nir text not null constraint insured_nir unique, nir_key text not null,
          department text not null,
          birth_date text not null, birth_place text not null,
          family json not null,
          registered_at int8 not null,
          check (nir ~ '^[12][0-9]{4}[0-9][0-9AB][0-9]{6}$' and nir_key ~ '^[0-9]{2}$' and department ~ '^[0-9][0-9AB][0-9]?$'))`,
        'create index insured_identity on insured (birth_date, birth_place)',
        `create table departments (code text primary key, opened_at int8 not null,
          check (code ~ '^([0-9][0-9AB][0-9]?|[*])$'))`,
        `create table activations (
          id text primary key,
          insured_id int8 not null references insured,
          number int not null check (number > 0),
          status_index int8 generated always as identity (minvalue 0 start with 0) constraint activations_status unique,
          state text not null check (state in ('pending', 'active', 'revoked', 'abandoned')),
          device_key text,
          holder_key bytea, card_serial bytea, card_security bytea,
          begun_at int8 not null, activated_at int8, ended_at int8,
          reason text check (reason in ('replaced', 'lost', 'operator')),
          check (state not in ('active', 'revoked') or (activated_at is not null and device_key is not null)),
          check ((state = 'revoked') = (reason is not null)))`,
        // The rules that the whole issue stands on: the database itself keeps them, whatever a program does.
        "create unique index activations_active on activations (insured_id) where state = 'active'",
        "create unique index activations_pending on activations (insured_id) where state = 'pending'",
        "create unique index activations_number on activations (insured_id, number) where state in ('active', 'revoked')",
        "create unique index activations_serial on activations (card_serial) where state = 'active'",
        "create index activations_revoked on activations (status_index) where state in ('revoked', 'abandoned')",
        // A key that was seen once belongs to its activation for ever, also when the activation took another one.
        `create table device_keys (thumbprint text primary key, activation_id text not null references activations,
          seen_at int8 not null)`,
        'create index activations_device_key on activations (device_key)',
        `create table wipes (activation_id text primary key references activations, queued_at int8 not null, done_at int8)`,
        `create table delegations (
          id text primary key,
          activation_id text not null references activations,
          beneficiary_index int not null,
          delegate_key text not null,
          made_at int8 not null, until_at int8 not null, revoked_at int8)`,
        'create index delegations_given on delegations (activation_id)',
        'create index delegations_received on delegations (delegate_key)',
        `create table presences (
          id int8 generated always as identity primary key,
          token_hash bytea not null constraint presences_token unique,
          activation_id text not null references activations,
          delegation_id text references delegations,
          agreed json not null,
          minted_at int8 not null, expires_at int8 not null,
          resolved_at int8, signer text, request_id text, context_id text,
          check ((resolved_at is null) = (context_id is null)))`,
        'create unique index presences_request on presences (signer, request_id) where request_id is not null',
        `create table contexts (
          id text primary key,
          presence_id int8 not null references presences,
          activation_id text not null references activations,
          delegation_id text references delegations,
          signer text not null,
          token_hash bytea not null,
          opened_at int8 not null, expires_at int8 not null, ended_at int8)`,
        `create table claims (
          id int8 generated always as identity primary key,
          insured_id int8 not null references insured,
          activation_id text not null references activations,
          origin text not null check (origin in ('context', 'offline', 'card')),
          signer text not null, request_id text not null, received_at int8 not null,
          number text not null check (number ~ '^[0-9]{9}$'),
          date text not null check (date ~ '^[0-9]{8}$'),
          beneficiary_index int not null check (beneficiary_index between 1 and 255),
          professional_id text not null check (professional_id ~ '^[0-9]{9}$'),
          professional_name text not null check (length(professional_name) <= 112),
          total int8 not null check (total >= 0), amo int8 not null check (amo >= 0), amc int8 not null check (amc >= 0),
          patient int8 not null check (patient >= 0),
          third_party bool not null,
          status text not null check (status in ('recorded', 'sent', 'paid', 'rejected')),
          check (total = amo + amc + patient),
          constraint claims_request unique (signer, request_id),
          constraint claims_number unique (professional_id, number))`,
        'create index claims_insured on claims (insured_id, id desc)',
        `create table offline_uses (cti text primary key, claim_id int8 not null references claims, used_at int8 not null)`,
        `create table applications (
          id text primary key,
          ticket_hash bytea not null,
          insured_id int8 not null references insured,
          state text not null check (state in ('receiving', 'waiting', 'accepted', 'refused', 'expired', 'used')),
          received_at int8 not null, destroy_by int8 not null,
          decided_at int8, reason text, files_destroyed_at int8,
          activation_id text references activations)`,
        'create index applications_files on applications (destroy_by) where files_destroyed_at is null',
        `create table audit_log (sequence int8 primary key, line text not null, hash bytea not null)`,
        `create table audit_head (one bool primary key default true check (one), sequence int8 not null, hash bytea not null)`,
        `insert into audit_head (sequence, hash) values (0, decode(repeat('00', 32), 'hex'))`,
      ],
    },
    {
      number: 2,
      name: 'what a delegation lets the other phone disclose; what has expired is found by its time',
      statements: [
        `alter table delegations add column agreed json not null
           default '["insured","affiliation","beneficiaries","rights"]'`,
        'create index presences_expired on presences (expires_at)',
        'create index contexts_expired on contexts (expires_at)',
        'create index contexts_presence on contexts (presence_id)',
      ],
    },
  ],
};
