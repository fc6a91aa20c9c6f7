import type { MigrationOwner } from '../../../store/migrate.ts';

/** What the HTTP interface keeps by itself, beside the registry and in its database. */
export const HTTP_TABLES: MigrationOwner = {
  name: 'issuer-http',
  migrations: [
    {
      number: 1,
      name: 'requests seen, terminals revoked, blank cards',
      statements: [
        `create table seen_requests (
          signer text not null, request_id text not null, content_hash bytea not null, expires_at int8 not null,
          primary key (signer, request_id))`,
        'create index seen_requests_expiry on seen_requests (expires_at)',
        'create table revoked_terminals (holder text primary key, revoked_at int8 not null)',
        `create table blank_cards (
          activation_id text primary key, can text not null, serial bytea not null,
          holder_key bytea, card_security bytea, begun_at int8 not null)`,
      ],
    },
  ],
};
