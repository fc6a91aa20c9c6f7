import { beforeEach, describe, expect, it } from 'vitest';
import { claimByContext, claimsFor } from '../../../../../rig/life/issuer/claim.ts';
import { renewContext } from '../../../../../rig/life/issuer/context.ts';
import { delegate, delegationsOf, revokeDelegation } from '../../../../../rig/life/issuer/delegation.ts';
import { mintPresence } from '../../../../../rig/life/issuer/presence.ts';
import { ADRUN, CLAIM, COUNTER, DAY, HOUR, LEA, NAMESAKE, NOW, request, SECOND, ZOE } from '../people.ts';
import { A, B, C, type IssuerInStore } from './issuer-in-store.ts';

/** A permission for another phone. */
export function delegationContract({ store, activate, resolve, refuses }: IssuerInStore): void {
  describe('a delegation', () => {
    let id: string;
    beforeEach(async () => {
      await activate(A, ZOE, 1);
      await activate(B, LEA, 2);
      ({ id } = await delegate(store, {
        deviceKey: A,
        delegateKey: B,
        beneficiaryIndex: 2,
        agreed: ['insured', 'beneficiaries', 'invoices'],
        until: NOW + DAY,
        now: NOW,
      }));
    });
    const shown = async (now = NOW) =>
      (
        await mintPresence(store, {
          deviceKey: B,
          agreed: ['insured', 'beneficiaries', 'invoices'],
          delegation: id,
          now,
        })
      ).presence;

    it('lets another phone present for one beneficiary, and claims are for nobody else', async () => {
      const { context, data } = await resolve(await shown());
      expect(data.insured).toEqual(ADRUN.insured);
      expect(data.beneficiaries?.map(({ index }) => index)).toEqual([2]);
      const order = { contextId: context.id, token: context.token, signer: COUNTER, now: NOW };
      const other = { ...order, requestId: request('d1'), claim: { ...CLAIM, beneficiaryIndex: 3 } };
      await refuses(claimByContext(store, other), 'claim-beneficiary');
      await claimByContext(store, { ...order, requestId: request('d2'), claim: CLAIM });
      expect(await claimsFor(store, { deviceKey: A })).toHaveLength(1);
      expect(await claimsFor(store, { deviceKey: B })).toEqual([]);
    });

    it('leaves the presences of every card for itself as they were', async () => {
      await shown();
      for (const deviceKey of [A, B]) {
        const { presence } = await mintPresence(store, { deviceKey, agreed: ['insured'], now: NOW });
        const { insured } = deviceKey === A ? ADRUN : NAMESAKE;
        expect((await resolve(presence, NOW, request(deviceKey))).data.insured).toEqual(insured);
      }
    });

    it('lets it disclose what was agreed to, and no more', async () => {
      const order = { deviceKey: B, delegation: id, now: NOW };
      for (const agreed of [['affiliation'], ['insured', 'rights']]) {
        await refuses(mintPresence(store, { ...order, agreed }), 'delegation-narrower');
      }
      await mintPresence(store, { ...order, agreed: ['insured'] });
      const { received } = await delegationsOf(store, { deviceKey: B });
      expect(received.map(({ agreed }) => agreed)).toEqual([['insured', 'beneficiaries', 'invoices']]);
    });

    it('ends at once when it is revoked: presences and contexts too', async () => {
      const [opened, waiting] = [await shown(), await shown()];
      const { context } = await resolve(opened);
      await revokeDelegation(store, { deviceKey: A, id, now: NOW + SECOND });
      await revokeDelegation(store, { deviceKey: A, id, now: NOW + SECOND });
      await refuses(shown(NOW + SECOND), 'delegation-ended');
      await refuses(resolve(waiting, NOW + SECOND, request('d1')), 'delegation-ended');
      await refuses(resolve(opened, NOW + SECOND), 'delegation-ended');
      const proof = { contextId: context.id, token: context.token, signer: COUNTER };
      await refuses(renewContext(store, { ...proof, now: NOW + SECOND }), 'delegation-ended');
      expect(await delegationsOf(store, { deviceKey: A })).toMatchObject({
        given: [{ id, revokedAt: NOW + SECOND }],
        received: [],
      });
      expect(await delegationsOf(store, { deviceKey: B })).toMatchObject({ given: [], received: [{ id }] });
    });

    it('ends in time, and with the card of the one who gave it', async () => {
      const late = await shown(NOW + DAY - SECOND);
      await refuses(resolve(late, NOW + DAY), 'delegation-ended');
      await refuses(shown(NOW + DAY), 'delegation-ended');
      await activate(C, ZOE, 3, NOW + HOUR);
      await refuses(shown(NOW + HOUR), 'card-revoked');
    });

    it('is of nobody else', async () => {
      await refuses(revokeDelegation(store, { deviceKey: B, id, now: NOW }), 'delegation-unknown');
      await refuses(
        mintPresence(store, { deviceKey: A, agreed: ['insured'], delegation: id, now: NOW }),
        'delegation-unknown',
      );
    });

    it.each([
      ['nothing-agreed', { agreed: [] }],
      ['nothing-agreed', { agreed: ['diagnosis'] }],
      ['delegation-malformed', { until: NOW }],
      ['delegation-malformed', { until: NOW + 31 * DAY }],
      ['delegation-malformed', { delegateKey: A }],
      ['device-unknown', { delegateKey: C }],
      ['delegation-malformed', { beneficiaryIndex: 9 }],
    ] as const)('is refused: %s', async (code, change) => {
      const order = {
        deviceKey: A,
        delegateKey: B,
        beneficiaryIndex: 2,
        agreed: ['insured'],
        until: NOW + DAY,
        now: NOW,
      };
      await refuses(delegate(store, { ...order, ...change }), code);
    });
  });
}
