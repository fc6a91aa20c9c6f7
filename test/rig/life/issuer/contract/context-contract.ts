import { beforeEach, describe, expect, it } from 'vitest';
import { claimByContext } from '../../../../../rig/life/issuer/claim.ts';
import { destroyContext, renewContext } from '../../../../../rig/life/issuer/context.ts';
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

    it('is over when the card is revoked', async () => {
      await activate(B, ZOE, 2, NOW + SECOND);
      await refuses(renewContext(store, { ...proof, now: NOW + SECOND }), 'card-revoked');
    });
  });
}
