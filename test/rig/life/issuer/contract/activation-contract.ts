import { describe, expect, it } from 'vitest';
import { statusAt } from '../../../../../rig/life/credential/status-list.ts';
import { activationFacts, activationState, commitActivation } from '../../../../../rig/life/issuer/activation.ts';
import { abandonActivation, enrol } from '../../../../../rig/life/issuer/enrolment.ts';
import { acknowledgeWipe, reportLoss, reportLossOf, revoke } from '../../../../../rig/life/issuer/loss.ts';
import { mintPresence } from '../../../../../rig/life/issuer/presence.ts';
import { changeRollout, EVERYWHERE } from '../../../../../rig/life/issuer/rollout.ts';
import { registryStatuses } from '../../../../../rig/life/issuer/status-list.ts';
import { DAY, HOUR, holderKey, LEA, MINUTE, NOW, ZOE } from '../people.ts';
import { A, B, C, type IssuerInStore } from './issuer-in-store.ts';

/** A card on a phone, from the begin to its end. */
export function activationContract({ store, activate, commitOf, refuses }: IssuerInStore): void {
  describe('an activation', () => {
    it('is pending until it is committed, and nothing is active meanwhile', async () => {
      const { activationId, number, statusIndex } = await enrol(store, { deviceKey: A, identity: ZOE, now: NOW });
      expect({ number, statusIndex }).toEqual({ number: 1, statusIndex: 0 });
      expect(await activationState(store, { deviceKey: A })).toEqual({
        state: 'pending',
        activationId,
        number,
        statusIndex,
      });
      await refuses(mintPresence(store, { deviceKey: A, agreed: ['insured'], now: NOW }), 'device-unknown');
      expect(await commitActivation(store, commitOf(activationId, A))).toEqual({ number: 1, since: NOW });
      expect(await activationState(store, { deviceKey: A })).toMatchObject({ state: 'active', since: NOW });
      expect(await activationFacts(store, activationId)).toMatchObject({
        state: 'active',
        deviceKey: A,
        holderKey: holderKey(1),
      });
    });

    it('goes on after an interruption, and answers a repeated commit', async () => {
      const first = await enrol(store, { deviceKey: A, identity: ZOE, now: NOW });
      expect(await enrol(store, { deviceKey: A, identity: ZOE, now: NOW + MINUTE })).toEqual(first);
      await commitActivation(store, commitOf(first.activationId, A, 1, NOW));
      expect(await commitActivation(store, commitOf(first.activationId, A, 1, NOW + MINUTE))).toEqual({
        number: 1,
        since: NOW,
      });
      await refuses(commitActivation(store, commitOf(first.activationId, A, 2)), 'activation-ended');
      await refuses(commitActivation(store, commitOf(first.activationId, B)), 'activation-ended');
      await refuses(enrol(store, { deviceKey: A, identity: ZOE, now: NOW }), 'device-key-used');
    });

    it('takes the key that the card has made at the commit', async () => {
      const { activationId } = await enrol(store, { identity: ZOE, now: NOW });
      await commitActivation(store, commitOf(activationId, B));
      expect(await activationState(store, { deviceKey: B })).toMatchObject({ state: 'active', activationId });
    });

    it('never takes a device key of another activation, also of one that was replaced or abandoned', async () => {
      const { activationId } = await enrol(store, { deviceKey: A, identity: ZOE, now: NOW });
      const other = await enrol(store, { identity: LEA, now: NOW });
      await refuses(enrol(store, { deviceKey: A, identity: LEA, now: NOW }), 'device-key-used');
      await refuses(commitActivation(store, commitOf(other.activationId, A)), 'device-key-used');
      await abandonActivation(store, { activationId, now: NOW });
      await refuses(enrol(store, { deviceKey: A, identity: ZOE, now: NOW }), 'device-key-used');
      expect(await activationState(store, { deviceKey: A })).toEqual({ state: 'abandoned', activationId });
    });

    it('ends the one before in the same moment, and queues the wipe of its phone', async () => {
      const before = await activate(A);
      const next = await enrol(store, { deviceKey: B, identity: ZOE, now: NOW + HOUR });
      expect(next.number).toBe(2);
      expect(await activationState(store, { deviceKey: A })).toMatchObject({ state: 'active' });
      await commitActivation(store, commitOf(next.activationId, B, 2, NOW + HOUR));
      expect(await activationState(store, { deviceKey: A })).toEqual({
        ...{ state: 'revoked', activationId: before, number: 1, since: NOW + HOUR, why: 'replaced', wipe: 'queued' },
      });
      await acknowledgeWipe(store, { deviceKey: A, now: NOW + DAY });
      await acknowledgeWipe(store, { deviceKey: A, now: NOW + DAY });
      expect(await activationState(store, { deviceKey: A })).toMatchObject({ wipe: 'done' });
      await refuses(acknowledgeWipe(store, { deviceKey: B, now: NOW }), 'activation-ended');
    });

    it('that another phone begins ends a pending one, whose number goes to it', async () => {
      const first = await enrol(store, { deviceKey: A, identity: ZOE, now: NOW });
      const second = await enrol(store, { deviceKey: B, identity: ZOE, now: NOW });
      expect([second.number, second.statusIndex]).toEqual([1, 1]);
      await refuses(commitActivation(store, commitOf(first.activationId, A)), 'activation-ended');
      expect(await activationState(store, { deviceKey: A })).toMatchObject({ state: 'abandoned' });
      await commitActivation(store, commitOf(second.activationId, B));
      const { bits, bytes, activations, invalid } = await registryStatuses(store);
      expect([0, 1].map((index) => statusAt({ bits, bytes }, index))).toEqual([1, 0]);
      expect({ activations, invalid }).toEqual({ activations: 2, invalid: 1 });
    });

    it('is not of a card that is active for somebody else', async () => {
      await activate(A, ZOE, 1);
      const { activationId } = await enrol(store, { deviceKey: B, identity: LEA, now: NOW });
      await refuses(commitActivation(store, commitOf(activationId, B, 1)), 'card-used');
    });

    it.each([
      ['a key of another form', { holderKey: new Uint8Array(33) }],
      ['no serial number', { cardSerial: new Uint8Array(0) }],
    ])('is refused with %s', async (_, change) => {
      const { activationId } = await enrol(store, { deviceKey: A, identity: ZOE, now: NOW });
      await refuses(commitActivation(store, { ...commitOf(activationId, A), ...change }), 'activation-malformed');
    });

    it('that is racing with others leaves one active', async () => {
      const orders = [];
      for (const [place, key] of [A, B, C].entries()) {
        const { activationId } = await enrol(store, { deviceKey: key, identity: ZOE, now: NOW });
        orders.push(commitOf(activationId, key, place + 1));
      }
      const outcomes = await Promise.allSettled(
        orders.flatMap((order) => [order, order]).map((order) => commitActivation(store, order)),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      expect(await store.sql.query(`select count(*) as n from activations where state = 'active'`)).toEqual([{ n: 1 }]);
    });
  });

  describe('a lost phone', () => {
    it('ends by the word of its person, from anywhere, once', async () => {
      await refuses(reportLossOf(store, { identity: ZOE, now: NOW }), 'nothing-active');
      await refuses(reportLossOf(store, { identity: { ...ZOE, givenName: 'Eve' }, now: NOW }), 'unknown-person');
      await activate(A, ZOE, 1);
      await activate(B, LEA, 2);
      // The department has closed since: a card can be ended all the same.
      await changeRollout(store, { departments: [EVERYWHERE], open: false, now: NOW });
      const lost = { since: NOW + HOUR, why: 'lost' };
      expect(await reportLossOf(store, { identity: ZOE, now: NOW + HOUR })).toEqual(lost);
      expect(await reportLossOf(store, { identity: ZOE, now: NOW + DAY })).toEqual(lost);
      expect(await activationState(store, { deviceKey: A })).toMatchObject({ state: 'revoked', wipe: 'queued' });
      expect(await activationState(store, { deviceKey: B })).toMatchObject({ state: 'active' });
    });

    it('is revoked, and the status list says so', async () => {
      await activate(A, ZOE, 1);
      const activationId = await activate(B, LEA, 2);
      expect(await reportLoss(store, { activationId, now: NOW + HOUR })).toEqual({ since: NOW + HOUR, why: 'lost' });
      expect(await revoke(store, { activationId, why: 'operator', now: NOW + DAY })).toEqual({
        since: NOW + HOUR,
        why: 'lost',
      });
      const list = await registryStatuses(store);
      expect([0, 1].map((index) => statusAt(list, index))).toEqual([0, 1]);
      await refuses(mintPresence(store, { deviceKey: B, agreed: ['insured'], now: NOW }), 'card-revoked');
      await refuses(revoke(store, { activationId: 'act_none', why: 'lost', now: NOW }), 'activation-unknown');
    });
  });
}
