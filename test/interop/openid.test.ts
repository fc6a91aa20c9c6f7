import { afterAll, beforeAll } from 'vitest';
import { openSql } from '../../rig/store/open.ts';
import { openIdSuite } from '../rig/life/openid/openid-suite.ts';
import { type PostgresqlServer, startPostgresql } from './postgresql.ts';
import { describeNeeds } from './real-parts.ts';

describeNeeds(['postgresql'], 'OpenID on PostgreSQL 15', () => {
  let server: PostgresqlServer;
  beforeAll(async () => {
    server = await startPostgresql();
  });
  afterAll(() => server?.stop());

  openIdSuite('PostgreSQL', () => openSql(server.database('openid')));
});
