import { beforeEach, describe, expect, it } from 'vitest';
import { claimByCard, claimByContext, claimByOfflineQr, claimsFor } from '../../../../../rig/life/issuer/claim.ts';
import { enrol } from '../../../../../rig/life/issuer/enrolment.ts';
import {
  CLAIM,
  COUNTER,
  DAY,
  HOUR,
  INVOICE,
  LEA,
  MINUTE,
  NOW,
  OTHER_COUNTER,
  request,
  SECOND,
  serial,
  ZOE,
} from '../people.ts';
import { A, B, C, type IssuerInStore } from './issuer-in-store.ts';

/** What a counter sends back. */
export function claimContract({ store, activate, present, resolve, refuses }: IssuerInStore): void {
  describe('a claim', () => {
    let proof: { contextId: string; token: string; signer: string };
    let order: Parameters<typeof claimByContext>[1];
    beforeEach(async () => {
      await activate(A);
      const { context } = await resolve(await present());
      proof = { contextId: context.id, token: context.token, signer: COUNTER };
      order = { ...proof, requestId: request('c1'), claim: CLAIM, now: NOW };
    });

    it('comes to the phone, field for field', async () => {
      const { id } = await claimByContext(store, order);
      expect(await claimsFor(store, { deviceKey: A })).toEqual([{ id, invoice: INVOICE }]);
    });

    it('is kept once when its answer was lost', async () => {
      const first = await claimByContext(store, order);
      expect(await claimByContext(store, { ...order, now: NOW + MINUTE })).toEqual(first);
      await refuses(claimByContext(store, { ...order, claim: { ...CLAIM, amo: 1800, patient: 300 } }), 'request-used');
      await refuses(claimByContext(store, { ...order, requestId: request('c2') }), 'claim-duplicate');
      const late = {
        ...order,
        requestId: request('c-late'),
        claim: { ...(order.claim as object), date: '20251127' },
      };
      await refuses(claimByContext(store, late), 'claim-future');
      expect(await claimsFor(store, { deviceKey: A })).toHaveLength(1);
    });

    it.each([
      ['an act code', { actCode: 'CS' }],
      ['a status', { status: 'paid' }],
      ['a sum that is none', { total: 3001 }],
      ['a name that fits no card', { professionalName: 'X'.repeat(60) }],
      ['a day that is none', { date: '20251131' }],
      ['a negative amount', { patient: -200, total: 2600 }],
    ])('with %s is refused, and its values are not repeated', async (_, change) => {
      const refused = claimByContext(store, { ...order, claim: { ...CLAIM, ...change } });
      await refuses(refused, 'claim-malformed');
      await expect(refused).rejects.not.toThrow(/3001|20251131|XXXX/);
      expect(await claimsFor(store, { deviceKey: A })).toEqual([]);
    });

    it('for nobody on the card is refused', async () => {
      await refuses(claimByContext(store, { ...order, claim: { ...CLAIM, beneficiaryIndex: 4 } }), 'claim-beneficiary');
    });

    it('is refused after its context has expired', async () => {
      await refuses(claimByContext(store, { ...order, now: NOW + 15 * MINUTE }), 'context-expired');
    });

    it('lists the newest twenty', async () => {
      for (let i = 1; i <= 22; i++) {
        const number = `${i}`.padStart(9, '0');
        await claimByContext(store, { ...order, requestId: request(`c${i}`), claim: { ...CLAIM, number } });
      }
      const numbers = (await claimsFor(store, { deviceKey: A })).map(({ invoice }) => Number(invoice.number));
      expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => 22 - i));
    });

    describe('after an offline code', () => {
      const code = (change: object = {}) => ({
        ...{ signer: COUNTER, requestId: request('o1'), claim: CLAIM, now: NOW + HOUR },
        ...{ cti: 'AB'.repeat(16), statusIndex: 0, madeAt: NOW, ...change },
      });

      it('counts once', async () => {
        const first = await claimByOfflineQr(store, code());
        expect(await claimByOfflineQr(store, code())).toEqual(first);
        const again = { requestId: request('o2'), claim: { ...CLAIM, number: '000000109' } };
        await refuses(claimByOfflineQr(store, code(again)), 'offline-used');
        await refuses(
          claimByOfflineQr(store, code({ ...again, cti: 'ab'.repeat(16), signer: OTHER_COUNTER })),
          'offline-used',
        );
        expect(await claimsFor(store, { deviceKey: A })).toHaveLength(1);
      });

      it('counts once when many counters send it at once', async () => {
        const sent = Array.from({ length: 10 }, (_, i) =>
          claimByOfflineQr(store, code({ requestId: request(`o${i}`), claim: { ...CLAIM, number: `00000020${i}` } })),
        );
        const outcomes = await Promise.allSettled(sent);
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'offline-used' });
        }
      });

      it.each([
        ['offline-unknown', { statusIndex: 7 }],
        ['offline-stale', { madeAt: NOW - 31 * DAY }],
        ['offline-stale', { madeAt: NOW + DAY }],
        ['claim-malformed', { cti: 'no hex' }],
      ] as const)('is refused: %s', async (refusal, change) => {
        await refuses(claimByOfflineQr(store, code(change)), refusal);
      });

      it.each([
        ['before', -SECOND, null],
        ['after', SECOND, 'card-revoked'],
      ] as const)('made %s the card was revoked', async (_, ms, refusal) => {
        await activate(B, ZOE, 2, NOW + MINUTE);
        const sent = claimByOfflineQr(store, code({ madeAt: NOW + MINUTE + ms }));
        if (refusal === null) await sent;
        else await refuses(sent, refusal);
      });

      it('does not count for an activation that never became active', async () => {
        const { statusIndex } = await enrol(store, { deviceKey: C, identity: LEA, now: NOW });
        await refuses(
          claimByOfflineQr(store, code({ statusIndex, claim: { ...CLAIM, beneficiaryIndex: 1 } })),
          'offline-unknown',
        );
      });
    });

    it('after a tap is of the card that is active', async () => {
      const tap = { signer: COUNTER, requestId: request('t1'), claim: CLAIM, cardSerial: serial(1), now: NOW };
      await claimByCard(store, tap);
      await refuses(claimByCard(store, { ...tap, requestId: request('t2'), cardSerial: serial(9) }), 'card-unknown');
      // The card took it from the terminal: its phone would write it a second time. The next card has it from here alone.
      expect(await claimsFor(store, { deviceKey: A })).toEqual([]);
      await activate(B, ZOE, 2, NOW + SECOND);
      expect(await claimsFor(store, { deviceKey: B })).toMatchObject([{ invoice: INVOICE }]);
    });
  });
}
