import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { type LabStore, openLabStore } from '../../rig/lab/store/store.ts';
import { eventsContract } from '../rig/lab/server/events-contract.ts';
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

  describe('two servers on one database', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-two-'));
    let stores: LabStore[] = [];
    afterAll(async () => {
      for (const store of stores) await store.close();
      rmSync(folder, { recursive: true, force: true });
    });

    eventsContract('what is heard at one of what comes to the other', async () => {
      const url = server.database('two');
      const open = (): Promise<LabStore> => openLabStore({ folder, url, now: Date.now(), fault: () => {} });
      stores = [await open(), await open()];
      const [heardAt, changedAt] = stores as [LabStore, LabStore];
      return { heardAt, changedAt };
    });
  });
});
