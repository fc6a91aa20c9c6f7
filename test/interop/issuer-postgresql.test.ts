import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeIssuer, openIssuer } from '../../rig/life/issuer/issuer-folder.ts';
import { addFamilies } from '../../rig/life/issuer/registry.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { systemRandom } from '../../src/hal/system/random.ts';
import { issuerContract } from '../rig/life/issuer/issuer-contract.ts';
import { ADRUN } from '../rig/life/issuer/people.ts';
import { type PostgresqlServer, startPostgresql } from './postgresql.ts';
import { describeNeeds } from './real-parts.ts';

describeNeeds(['postgresql'], 'PostgreSQL 15', () => {
  let server: PostgresqlServer;
  beforeAll(async () => {
    server = await startPostgresql();
  });
  afterAll(() => server?.stop());

  issuerContract('the issuer on PostgreSQL', () => server.database('issuer'));

  it('no second issuer is made on the registry of another', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitap-issuer-'));
    try {
      const [now, store] = [Date.now(), server.database('shared')];
      const order = { origin: 'http://127.0.0.1:8620', store, departments: ['*'], now };
      const world = { crypto: nobleCrypto(), random: systemRandom };
      const [first, second] = [join(folder, 'first'), join(folder, 'second')];
      await makeIssuer({ ...order, folder: first }, world);
      const opened = await openIssuer(first, now);
      await addFamilies(opened.store, { families: [ADRUN], now });
      await opened.store.sql.close();
      await expect(makeIssuer({ ...order, folder: second }, world)).rejects.toThrow(
        `the database ${store} holds the registry of another issuer`,
      );
      expect(readdirSync(second)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
