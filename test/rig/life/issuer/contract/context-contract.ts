import { beforeEach, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../../../../rig/life/issuer/audit.ts';
import { claimByContext } from '../../../../../rig/life/issuer/claim.ts';
import { destroyContext, renewContext } from '../../../../../rig/life/issuer/context.ts';
import { purgeExpired } from '../../../../../rig/life/issuer/purge.ts';
import { registryCounts } from '../../../../../rig/life/issuer/registry-counts.ts';
import { CLAIM, COUNTER, HOUR, MINUTE, NOW, OTHER_COUNTER, request, SECOND, ZOE } from '../people.ts';
import { A, B, type IssuerInStore } from './issuer-in-store.ts';

/** What a resolved presence opens. */
export function contextContract({ store, activate, present, resolve, refuses }: IssuerInStore): void {
  describe('a context', () => {
    let proof: { contextId: string; token: string; signer: string };
    beforeEach(async () => {
      await activate(A);
      const { context } = await resolve(await present());
      proof = { contextId: context.id, token: context.token, signer: COUNTER };
    });

    it('lives fifteen minutes, and so long again when it is renewed, four hours in all', async () => {
      let now = NOW;
      for (let expiresAt = NOW + 15 * MINUTE; expiresAt < NOW + 4 * HOUR; ) {
        now = expiresAt - SECOND;
        ({ expiresAt } = await renewContext(store, { ...proof, now }));
        expect(expiresAt).toBe(Math.min(now + 15 * MINUTE, NOW + 4 * HOUR));
      }
      await refuses(renewContext(store, { ...proof, now: NOW + 4 * HOUR - SECOND }), 'context-limit');
      await refuses(renewContext(store, { ...proof, now: NOW + 4 * HOUR }), 'context-expired');
    });

    it('is unknown to another signer, to a wrong token, and when there is none', async () => {
      for (const change of [
        { signer: OTHER_COUNTER },
        { token: `${proof.token.slice(0, -1)}-` },
        { token: '' },
        { contextId: 'ctx_0' },
      ]) {
        await refuses(renewContext(store, { ...proof, ...change, now: NOW }), 'context-unknown');
        await refuses(destroyContext(store, { ...proof, ...change, now: NOW }), 'context-unknown');
      }
    });

    it('is over when it is destroyed', async () => {
      await destroyContext(store, { ...proof, now: NOW });
      await destroyContext(store, { ...proof, now: NOW });
      await refuses(renewContext(store, { ...proof, now: NOW }), 'context-ended');
      const order = { ...proof, requestId: request('c1'), claim: CLAIM, now: NOW };
      await refuses(claimByContext(store, order), 'context-ended');
    });

    it('is no open one any more when it is destroyed, has expired, or its card is revoked', async () => {
      const open = async (now: number) => (await registryCounts(store, now)).contexts;
      expect([await open(NOW), await open(NOW + 15 * MINUTE)]).toEqual([1, 0]);
      await activate(B, ZOE, 2, NOW + SECOND);
      expect(await open(NOW + SECOND)).toBe(0);
    });

    it('and its presence are removed four hours after they ended; the audit log stays', async () => {
      await present(['insured']);
      const rows = async () => [
        await store.sql.query('select count(*) as n from contexts'),
        await store.sql.query('select count(*) as n from presences'),
      ];
      const lines = (await verifyAudit(store.sql)).lines;
      // The presence that nobody resolved ended after a minute, the context after fifteen.
      expect(await purgeExpired(store, NOW + 4 * HOUR + MINUTE - 1)).toEqual({ presences: 0, contexts: 0 });
      expect((await verifyAudit(store.sql)).lines).toBe(lines);
      expect(await purgeExpired(store, NOW + 4 * HOUR + MINUTE)).toEqual({ presences: 1, contexts: 0 });
      await refuses(renewContext(store, { ...proof, now: NOW + 4 * HOUR + MINUTE }), 'context-expired');
      expect(await purgeExpired(store, NOW + 4 * HOUR + 15 * MINUTE)).toEqual({ presences: 1, contexts: 1 });
      expect(await rows()).toEqual([[{ n: 0 }], [{ n: 0 }]]);
      await refuses(renewContext(store, { ...proof, now: NOW + 5 * HOUR }), 'context-unknown');
      expect((await verifyAudit(store.sql)).fault).toBeNull();
      expect((await verifyAudit(store.sql)).lines).toBeGreaterThan(lines);
    });

    it('that was destroyed is removed four hours later, and one that lives stays', async () => {
      await destroyContext(store, { ...proof, now: NOW + MINUTE });
      const alive = await resolve(await present(['insured'], NOW + 4 * HOUR), NOW + 4 * HOUR, request('r2'));
      expect(await purgeExpired(store, NOW + 4 * HOUR + MINUTE)).toEqual({ presences: 1, contexts: 1 });
      const { id: contextId, token } = alive.context;
      await renewContext(store, { contextId, token, signer: COUNTER, now: NOW + 4 * HOUR + MINUTE });
    });

    it('is over when the card is revoked', async () => {
      await activate(B, ZOE, 2, NOW + SECOND);
      await refuses(renewContext(store, { ...proof, now: NOW + SECOND }), 'card-revoked');
    });
  });
}
