import { beforeEach, describe, expect, it } from 'vitest';
import { renewContext } from '../../../../../rig/life/issuer/context.ts';
import { mintPresence } from '../../../../../rig/life/issuer/presence.ts';
import { ADRUN, COUNTER, MINUTE, NOW, OTHER_COUNTER, request, SECOND, ZOE } from '../people.ts';
import { A, B, C, type IssuerInStore } from './issuer-in-store.ts';

/** What a phone has minted, and a counter resolves. */
export function presenceContract({
  store,
  activate,
  present,
  resolve,
  refuses,
  lastLine,
  picture,
}: IssuerInStore): void {
  describe('a presence', () => {
    beforeEach(() => activate(A));

    it('opens a context and the data agreed to, and nothing else', async () => {
      const presence = await present(['affiliation', 'insured']);
      expect(presence).toMatch(/^[A-Z2-7]{32}$/);
      const { context, data } = await resolve(presence);
      expect(context).toEqual({
        id: expect.stringMatching(/^ctx_[0-9a-f]{32}$/),
        token: expect.stringMatching(/^[\w-]{43}$/),
        expiresAt: NOW + 15 * MINUTE,
      });
      const { insured, affiliation } = ADRUN;
      expect(data).toEqual({ insured, affiliation, beneficiaries: null, invoices: null });
    });

    it('says rights only when they were agreed to', async () => {
      const without = await resolve(await present(['beneficiaries']));
      expect(without.data.beneficiaries).toEqual(ADRUN.beneficiaries.map((each) => ({ ...each, rights: [] })));
      const withRights = await resolve(await present(['rights']), NOW, request('r2'));
      expect(withRights.data.beneficiaries).toEqual(ADRUN.beneficiaries);
    });

    it('is given the same answer when the same signer repeats the same request', async () => {
      const presence = await present();
      const first = await resolve(presence);
      expect(await resolve(presence, NOW + 5 * MINUTE)).toEqual(first);
      expect(await lastLine()).toMatchObject({
        kind: 'presence-answered-again',
        details: { context: first.context.id },
      });
    });

    it.each([
      ['another request of the same signer', request('r2'), COUNTER],
      ['the same request of another signer', request('r1'), OTHER_COUNTER],
    ])('is refused to %s, with a line in the audit log', async (_, requestId, signer) => {
      const presence = await present();
      const { context } = await resolve(presence);
      await refuses(resolve(presence, NOW, requestId, signer), 'presence-used');
      expect(await lastLine()).toMatchObject({
        kind: 'refused',
        details: { verb: 'resolve', signer, code: 'presence-used' },
      });
      // The context of the first one lives on.
      await renewContext(store, { contextId: context.id, token: context.token, signer: COUNTER, now: NOW + SECOND });
    });

    it.each([
      [59_999, null],
      [60_000, 'presence-expired'],
    ] as const)('after %i ms: %s', async (ms, code) => {
      const presence = await present();
      if (code === null) await resolve(presence, NOW + ms);
      else await refuses(resolve(presence, NOW + ms), code);
    });

    it('is refused when nobody was given it, and when it is none', async () => {
      await refuses(resolve('A'.repeat(32)), 'presence-unknown');
      expect(await lastLine()).toMatchObject({ kind: 'refused', details: { code: 'presence-unknown' } });
      const before = await picture();
      for (const none of ['', 'a'.repeat(32), 'A'.repeat(31), `${'A'.repeat(32)}\n`, "' or '1' = '1"]) {
        await refuses(resolve(none), 'presence-malformed');
      }
      expect(await picture()).toBe(before);
    });

    it('does not open a card that was revoked since', async () => {
      const [presence, used] = [await present(), await present()];
      await resolve(used);
      await activate(B, ZOE, 2, NOW + SECOND);
      await refuses(resolve(presence, NOW + 2 * SECOND, request('r2')), 'card-revoked');
      await refuses(resolve(used, NOW + 2 * SECOND), 'card-revoked');
    });

    it('is not stored, nor is the token of its context', async () => {
      const presence = await present();
      const { context } = await resolve(presence);
      const all = await picture();
      expect(all).toContain(context.id);
      for (const secret of [presence, context.token]) expect(all).not.toContain(secret);
    });

    it('needs its own request identifier', async () => {
      await resolve(await present());
      await refuses(resolve(await present()), 'request-used');
    });

    it.each([
      ['nothing-agreed', { agreed: [] }],
      ['nothing-agreed', { agreed: ['insured', 'diagnosis'] }],
      ['device-key-malformed', { deviceKey: 'A' }],
      ['device-unknown', { deviceKey: C }],
    ] as const)('is refused to the phone: %s', async (code, change) => {
      await refuses(mintPresence(store, { deviceKey: A, agreed: ['insured'], now: NOW, ...change }), code);
    });

    it.each([
      ['request-id-malformed', 'short', COUNTER],
      ['request-id-malformed', 'two words that are long', COUNTER],
      ['signer-malformed', request('r'), 'DROP TABLE'],
    ] as const)('is refused to the counter: %s', async (code, requestId, signer) => {
      await refuses(resolve(await present(), NOW, requestId, signer), code);
    });

    it('that many resolve at once opens for one', async () => {
      const presence = await present();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 24 }, (_, i) => resolve(presence, NOW, request(`race-${i}`))),
      );
      const won = outcomes.filter(({ status }) => status === 'fulfilled');
      expect(won).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'presence-used' });
      }
      expect(await store.sql.query('select count(*) as n from contexts')).toEqual([{ n: 1 }]);
      expect(await store.sql.query(`select count(*) as n from audit_log where line like '%presence-used%'`)).toEqual([
        { n: 23 },
      ]);
    });

    it('that one request resolves many times at once gives one context', async () => {
      const presence = await present();
      const answers = await Promise.all(Array.from({ length: 12 }, () => resolve(presence)));
      expect(new Set(answers.map(({ context }) => JSON.stringify(context))).size).toBe(1);
    });
  });
}
