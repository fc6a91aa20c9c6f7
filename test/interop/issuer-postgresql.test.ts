import { afterAll, beforeAll } from 'vitest';
import { issuerContract } from '../rig/life/issuer/issuer-contract.ts';
import { type PostgresqlServer, startPostgresql } from './postgresql.ts';
import { describeNeeds } from './real-parts.ts';

describeNeeds(['postgresql'], 'PostgreSQL 15', () => {
  let server: PostgresqlServer;
  beforeAll(async () => {
    server = await startPostgresql();
  });
  afterAll(() => server?.stop());

  issuerContract('the issuer on PostgreSQL', () => server.database('issuer'));
});
