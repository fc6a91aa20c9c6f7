import { beforeEach, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../../../../rig/life/issuer/audit.ts';
import { A, type IssuerInStore } from './issuer-in-store.ts';

/** The chain of audit lines. */
export function auditContract({ store, activate, present, resolve }: IssuerInStore): void {
  describe('the audit log', () => {
    beforeEach(async () => {
      await activate(A);
      await resolve(await present());
    });

    it('is whole, and holds no number, name or secret', async () => {
      const { fault, lines } = await verifyAudit(store.sql);
      expect({ fault, lines }).toEqual({ fault: null, lines: 6 });
      const [row] = await store.sql.query<{ text: string }>(`select string_agg(line, ' ') as text from audit_log`);
      for (const secret of ['2751263220749', 'ADRUN', 'ZO', '1975', A]) expect(row?.text).not.toContain(secret);
    });

    it.each([
      [
        'a line was changed',
        `update audit_log set line = replace(line, '"number":1', '"number":2') where sequence = 4`,
        4,
        'not the one that was written',
      ],
      ['a line was removed', 'delete from audit_log where sequence = 3', 3, 'missing'],
      ['the last line was removed', 'delete from audit_log where sequence = 6', 6, 'missing'],
      [
        'the end was moved back',
        'update audit_head set sequence = 5 where one',
        6,
        'the end of the chain is not what was written',
      ],
    ])('tells where %s', async (_, statement, sequence, reason) => {
      await store.sql.query(statement);
      expect((await verifyAudit(store.sql)).fault).toEqual({ sequence, reason: expect.stringContaining(reason) });
    });

    it('that was made anew as a whole is not the one whose end somebody noted', async () => {
      const { lines, head } = await verifyAudit(store.sql);
      expect((await verifyAudit(store.sql, new Map([[lines, head]]))).fault).toBeNull();
      await store.sql.query('delete from audit_log where sequence > 5');
      await store.sql.query(
        'update audit_head set sequence = 5, hash = (select hash from audit_log where sequence = 5)',
      );
      expect((await verifyAudit(store.sql)).fault).toBeNull();
      expect((await verifyAudit(store.sql, new Map([[lines, head]]))).fault).toMatchObject({
        reason: 'a line that was noted is missing',
      });
    });
  });
}
