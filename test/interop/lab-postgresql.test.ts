import { afterAll, beforeAll } from 'vitest';
import { labContract } from '../rig/lab/store/lab-contract.ts';
import { plansContract } from '../rig/lab/store/plans-contract.ts';
import { type PostgresqlServer, startPostgresql } from './postgresql.ts';
import { describeNeeds } from './real-parts.ts';

describeNeeds(['postgresql'], 'PostgreSQL 15', () => {
  let server: PostgresqlServer;
  beforeAll(async () => {
    server = await startPostgresql();
  });
  afterAll(() => server?.stop());

  labContract('the lab on PostgreSQL', () => server.database('lab'));
  plansContract('plans of the lab on PostgreSQL', () => server.database('plans'));
});
