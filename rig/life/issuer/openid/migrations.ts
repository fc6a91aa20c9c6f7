import type { MigrationOwner } from '../../../store/migrate.ts';

/**
 * Tables of the OpenID routes. Codes and tokens stand there as SHA-256: whoever reads the database can use none of them.
 * Times are milliseconds since 1970.
 */
export const OPENID_TABLES: MigrationOwner = {
  name: 'openid',
  migrations: [
    {
      number: 1,
      name: 'presentations, offers, tokens, nonces and keys of proofs',
      statements: [
        // `identity` is there between the answer and its use only.
        `create table openid_presentations (
          transaction_hash bytea primary key, state_hash bytea not null unique, nonce text not null,
          encryption_kid text not null unique, encryption_key bytea, return_to text, expires_at int8 not null,
          answered_at int8, refused boolean not null default false, response_code_hash bytea, identity text)`,
        'create index openid_presentations_expiry on openid_presentations (expires_at)',
        `create table openid_offers (
          code_hash bytea primary key, activation text not null, tx_code_mac bytea not null, tries_left int not null,
          expires_at int8 not null, used_at int8)`,
        'create index openid_offers_expiry on openid_offers (expires_at)',
        `create table openid_tokens (
          token_hash bytea primary key, kind text not null check (kind in ('access', 'refresh')),
          activation text not null, expires_at int8 not null, used_at int8)`,
        'create index openid_tokens_activation on openid_tokens (activation)',
        'create index openid_tokens_expiry on openid_tokens (expires_at)',
        'create table openid_used_nonces (nonce_hash bytea primary key, expires_at int8 not null)',
        'create index openid_used_nonces_expiry on openid_used_nonces (expires_at)',
        // One key, one activation, for ever: a key that was used once is never another card's.
        'create table openid_proof_keys (thumbprint text primary key, activation text not null unique)',
      ],
    },
    {
      number: 2,
      name: 'offers that phones have asked for',
      statements: [
        // One row for each activation that asked lately; `asked` counts until `day_ends`.
        `create table openid_offer_requests (
          activation text primary key, asked int not null default 0, day_ends int8 not null default 0,
          leave_until int8 not null default 0, expires_at int8 not null)`,
        'create index openid_offer_requests_expiry on openid_offer_requests (expires_at)',
      ],
    },
  ],
};
