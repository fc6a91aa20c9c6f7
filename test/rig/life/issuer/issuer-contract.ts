import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { statusAt } from '../../../../rig/life/credential/status-list.ts';
import { activationFacts, activationState, commitActivation } from '../../../../rig/life/issuer/activation.ts';
import {
  applicationState,
  apply,
  decideApplication,
  waitingApplications,
} from '../../../../rig/life/issuer/application.ts';
import {
  type ApplicationFile,
  applicationFile,
  sweepApplications,
} from '../../../../rig/life/issuer/application-files.ts';
import { verifyAudit } from '../../../../rig/life/issuer/audit.ts';
import { claimByCard, claimByContext, claimByOfflineQr, claimsFor } from '../../../../rig/life/issuer/claim.ts';
import { destroyContext, renewContext } from '../../../../rig/life/issuer/context.ts';
import { delegate, delegationsOf, revokeDelegation } from '../../../../rig/life/issuer/delegation.ts';
import { abandonActivation, enrol } from '../../../../rig/life/issuer/enrolment.ts';
import { acknowledgeWipe, reportLoss, revoke } from '../../../../rig/life/issuer/loss.ts';
import { mintPresence, type Resolved, resolvePresence } from '../../../../rig/life/issuer/presence.ts';
import type { RefusalCode } from '../../../../rig/life/issuer/refusals.ts';
import { addFamilies, cardClaimsOf } from '../../../../rig/life/issuer/registry.ts';
import { changeRollout, EVERYWHERE, openDepartments } from '../../../../rig/life/issuer/rollout.ts';
import { registryStatuses } from '../../../../rig/life/issuer/status-list.ts';
import { type IssuerStore, openIssuerStore } from '../../../../rig/life/issuer/store.ts';
import type { Sql, Statements } from '../../../../rig/store/sql.ts';
import {
  ADRUN,
  CLAIM,
  COUNTER,
  DAY,
  deviceKey,
  HOUR,
  holderKey,
  INVOICE,
  LEA,
  MINUTE,
  NAMESAKE,
  NOW,
  OTHER_COUNTER,
  request,
  SECOND,
  serial,
  ZOE,
} from './people.ts';

const [A, B, C] = [deviceKey('phone-A'), deviceKey('phone-B'), deviceKey('phone-C')];

/** Every table of the issuer, for a store that is emptied between tests and for pictures of all that it holds. */
const TABLES = [
  ...[
    'insured',
    'departments',
    'activations',
    'device_keys',
    'wipes',
    'delegations',
    'presences',
    'contexts',
    'claims',
  ],
  ...['offline_uses', 'applications', 'audit_log', 'audit_head'],
];

/** What the issuer does, on whatever database. */
export function issuerContract(name: string, location: () => string): void {
  describe(name, () => {
    let folder: string;
    let store: IssuerStore;
    let at: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'vitap-issuer-'));
      at = location();
      store = await openIssuerStore({ location: at, files: join(folder, 'applications'), now: NOW });
    }, 120_000);
    afterAll(async () => {
      await store?.sql.close();
      rmSync(folder, { recursive: true, force: true });
    });
    beforeEach(async () => {
      await store.sql.query(`truncate ${TABLES.join(', ')} restart identity cascade`);
      await store.sql.query(`insert into audit_head (sequence, hash) values (0, decode(repeat('00', 32), 'hex'))`);
      for (const each of readdirSync(store.files)) rmSync(join(store.files, each), { recursive: true });
      await addFamilies(store, { families: [ADRUN, NAMESAKE], now: NOW });
      await changeRollout(store, { departments: [EVERYWHERE], open: true, now: NOW });
    });

    async function activate(key: string, identity = ZOE, number = 1, now = NOW): Promise<string> {
      const { activationId } = await enrol(store, { deviceKey: key, identity, now });
      await commitActivation(store, commitOf(activationId, key, number, now));
      return activationId;
    }

    function commitOf(activationId: string, key: string, number = 1, now = NOW) {
      const cardSecurity = Uint8Array.of(0x30, number);
      return {
        activationId,
        deviceKey: key,
        holderKey: holderKey(number),
        cardSerial: serial(number),
        cardSecurity,
        now,
      };
    }

    const present = async (agreed = ['insured'], now = NOW): Promise<string> =>
      (await mintPresence(store, { deviceKey: A, agreed, now })).presence;
    const resolve = (presence: string, now = NOW, requestId = request('r1'), signer = COUNTER): Promise<Resolved> =>
      resolvePresence(store, { presence, signer, requestId, now });
    const refuses = async (promise: Promise<unknown>, code: RefusalCode): Promise<void> => {
      await expect(promise).rejects.toMatchObject({ name: 'IssuerRefusal', code });
    };
    const lastLine = async (): Promise<{ kind: string; details: Record<string, unknown> }> => {
      const [row] = await store.sql.query<{ line: string }>(
        'select line from audit_log order by sequence desc limit 1',
      );
      return JSON.parse(row?.line as string);
    };
    /** All that the database holds. */
    const picture = async (of: Sql = store.sql): Promise<string> => {
      const rows: unknown[] = [];
      for (const table of TABLES)
        rows.push(table, await of.query(`select ${table}::text as row from ${table} order by 1`));
      return JSON.stringify(rows);
    };

    describe('families', () => {
      it('are added once', async () => {
        const another = { ...NAMESAKE, insured: { nir: '2751263220751', key: '72' } };
        expect(await addFamilies(store, { families: [ADRUN, another, another, NAMESAKE], now: NOW })).toBe(1);
        expect(await addFamilies(store, { families: [another], now: NOW })).toBe(0);
        expect(await store.sql.query('select count(*) as n from insured')).toEqual([{ n: 3 }]);
      });

      it('are what the card and the credential say', async () => {
        const activationId = await activate(A);
        const { insured, affiliation, beneficiaries } = ADRUN;
        expect(await cardClaimsOf(store, activationId)).toEqual({ insured, affiliation, beneficiaries });
        expect(await cardClaimsOf(store, 'act_none')).toBeNull();
      });
    });

    describe('who somebody is', () => {
      it.each([
        ['as it is registered', ZOE],
        ['in other letters', { ...ZOE, familyName: 'ADRUN', givenName: 'zoe' }],
      ])('is found %s', async (_, identity) => {
        expect((await enrol(store, { identity, now: NOW })).claims.insured).toEqual(ADRUN.insured);
      });

      it('tells two apart who were born the same day in the same place', async () => {
        expect((await enrol(store, { identity: LEA, now: NOW })).claims.insured).toEqual(NAMESAKE.insured);
      });

      it.each([
        ['another family name', { ...ZOE, familyName: 'Nessi' }],
        ['no given name', { ...ZOE, givenName: '-' }],
        ['another day', { ...ZOE, birthDate: '1975-12-30' }],
        ['another place', { ...ZOE, birthPlaceCode: '63221' }],
        [
          'a child of the family',
          { familyName: 'NESSI', givenName: 'MICHELANGELO', birthDate: '2010-08-07', birthPlaceCode: '63220' },
        ],
      ])('is nobody with %s', async (_, identity) => {
        await refuses(enrol(store, { identity, now: NOW }), 'unknown-person');
      });

      it('is nobody when two have the same names', async () => {
        const [zoe] = ADRUN.beneficiaries;
        const twin = { ...ADRUN, insured: { nir: '2751263220751', key: '72' }, beneficiaries: [zoe!] };
        await addFamilies(store, { families: [twin], now: NOW });
        await refuses(enrol(store, { identity: ZOE, now: NOW }), 'unknown-person');
      });
    });

    describe('the roll-out', () => {
      it('refuses whoever lives where it is not open', async () => {
        await changeRollout(store, { departments: [EVERYWHERE], open: false, now: NOW });
        expect(await changeRollout(store, { departments: ['2A', '2A'], open: true, now: NOW })).toEqual(['2A']);
        await refuses(enrol(store, { identity: ZOE, now: NOW }), 'department-closed');
        expect((await enrol(store, { identity: LEA, now: NOW })).number).toBe(1);
        expect(await openDepartments(store)).toEqual([{ department: '2A', openedAt: NOW }]);
        expect(await changeRollout(store, { departments: ['2A', '75'], open: false, now: NOW })).toEqual(['2A']);
      });
    });

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
        expect(await store.sql.query(`select count(*) as n from activations where state = 'active'`)).toEqual([
          { n: 1 },
        ]);
      });
    });

    describe('a lost phone', () => {
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
        await refuses(
          claimByContext(store, { ...order, claim: { ...CLAIM, amo: 1800, patient: 300 } }),
          'request-used',
        );
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
        await refuses(
          claimByContext(store, { ...order, claim: { ...CLAIM, beneficiaryIndex: 4 } }),
          'claim-beneficiary',
        );
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

    describe('an application without a digital identity', () => {
      const files = new Map<ApplicationFile, Uint8Array>([
        ['document-front', Uint8Array.of(1, 2, 3)],
        ['video', Uint8Array.of(4, 5, 6)],
      ]);
      const sent = () => apply(store, { identity: ZOE, files, now: NOW });
      const onDisk = () =>
        readdirSync(store.files, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).length;

      it('is looked at by an operator; its files are gone when that is done', async () => {
        const { id, ticket } = await sent();
        expect([...readFileSync(applicationFile(store, id, 'video'))]).toEqual([4, 5, 6]);
        expect(await waitingApplications(store, NOW)).toEqual([
          { id, insuredId: 1, receivedAt: NOW, destroyBy: NOW + 96 * HOUR },
        ]);
        await refuses(enrol(store, { application: { id, ticket }, now: NOW }), 'application-waiting');
        await decideApplication(store, { id, refuse: null, now: NOW + HOUR });
        expect(onDisk()).toBe(0);
        expect(await applicationState(store, { id, ticket, now: NOW + HOUR })).toEqual({
          state: 'accepted',
          reason: null,
          filesDestroyed: true,
        });
        const { activationId } = await enrol(store, { deviceKey: A, application: { id, ticket }, now: NOW + HOUR });
        // Interrupted: the phone asks again, before and after its key is known.
        expect((await enrol(store, { application: { id, ticket }, now: NOW + HOUR })).activationId).toBe(activationId);
        await commitActivation(store, commitOf(activationId, A));
        await refuses(enrol(store, { deviceKey: B, application: { id, ticket }, now: NOW }), 'application-used');
      });

      it('that was refused tells the reason', async () => {
        const { id, ticket } = await sent();
        await decideApplication(store, { id, refuse: 'unreadable', now: NOW });
        expect(onDisk()).toBe(0);
        expect(await applicationState(store, { id, ticket, now: NOW })).toMatchObject({
          state: 'refused',
          reason: 'unreadable',
        });
        await refuses(enrol(store, { application: { id, ticket }, now: NOW }), 'application-refused');
        await refuses(decideApplication(store, { id, refuse: null, now: NOW }), 'application-decided');
      });

      it('loses its files after 96 hours, whatever happens', async () => {
        const { id, ticket } = await sent();
        await sweepApplications(store, NOW + 96 * HOUR - 1);
        expect(onDisk()).toBe(2);
        await sweepApplications(store, NOW + 96 * HOUR);
        expect(onDisk()).toBe(0);
        expect(existsSync(join(store.files, id))).toBe(false);
        expect(await applicationState(store, { id, ticket, now: NOW + 97 * HOUR })).toMatchObject({
          state: 'expired',
          filesDestroyed: true,
        });
        await refuses(decideApplication(store, { id, refuse: null, now: NOW + 97 * HOUR }), 'application-expired');
        await refuses(enrol(store, { application: { id, ticket }, now: NOW + 97 * HOUR }), 'application-expired');
      });

      it('loses its files at the next verb when the issuer was killed after the decision', async () => {
        const { id } = await sent();
        await store.sql.query(`update applications set state = 'accepted' where id = $1`, [id]);
        await waitingApplications(store, NOW + MINUTE);
        expect(onDisk()).toBe(0);
      });

      it('of which only a part arrived is destroyed within the hour', async () => {
        const { id } = await sent();
        await store.sql.query(`update applications set state = 'receiving' where id = $1`, [id]);
        expect(await waitingApplications(store, NOW + HOUR - 1)).toEqual([]);
        expect(onDisk()).toBe(2);
        await sweepApplications(store, NOW + HOUR);
        expect(onDisk()).toBe(0);
      });

      it('of which nothing is known is destroyed', async () => {
        const stray = join(store.files, 'app_stray');
        mkdirSync(stray);
        writeFileSync(join(stray, 'video'), 'x');
        utimesSync(join(stray, 'video'), 0, 0);
        await sweepApplications(store, NOW);
        expect(existsSync(stray)).toBe(false);
      });

      it('is not read with another ticket', async () => {
        const { id, ticket } = await sent();
        for (const wrong of ['', `${ticket.slice(0, -1)}x`]) {
          await refuses(applicationState(store, { id, ticket: wrong, now: NOW }), 'application-unknown');
          await refuses(enrol(store, { application: { id, ticket: wrong }, now: NOW }), 'application-unknown');
        }
      });

      it.each([
        ['without a video', [['document-front', 3]]],
        [
          'with an empty file',
          [
            ['document-front', 3],
            ['video', 0],
          ],
        ],
        [
          'with a file of another name',
          [
            ['document-front', 3],
            ['video', 3],
            ['../../escape', 3],
          ],
        ],
        [
          'with a file of 20 MB and one byte',
          [
            ['document-front', 3],
            ['video', 20 * 1024 * 1024 + 1],
          ],
        ],
      ] as [string, [ApplicationFile, number][]][])('%s is refused', async (_, lengths) => {
        const wrong = new Map(lengths.map(([file, length]) => [file, new Uint8Array(length)]));
        await refuses(apply(store, { identity: ZOE, files: wrong, now: NOW }), 'application-malformed');
        expect(onDisk()).toBe(0);
      });

      it('of somebody who is not insured here, or whose department is closed, stores nothing', async () => {
        await refuses(apply(store, { identity: { ...ZOE, givenName: 'Eve' }, files, now: NOW }), 'unknown-person');
        await changeRollout(store, { departments: [EVERYWHERE], open: false, now: NOW });
        await refuses(sent(), 'department-closed');
        expect(onDisk()).toBe(0);
      });
    });

    describe('a delegation', () => {
      let id: string;
      beforeEach(async () => {
        await activate(A, ZOE, 1);
        await activate(B, LEA, 2);
        ({ id } = await delegate(store, {
          deviceKey: A,
          delegateKey: B,
          beneficiaryIndex: 2,
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
        ['delegation-malformed', { until: NOW }],
        ['delegation-malformed', { until: NOW + 31 * DAY }],
        ['delegation-malformed', { delegateKey: A }],
        ['device-unknown', { delegateKey: C }],
        ['claim-beneficiary', { beneficiaryIndex: 9 }],
      ] as const)('is refused: %s', async (code, change) => {
        const order = { deviceKey: A, delegateKey: B, beneficiaryIndex: 2, until: NOW + DAY, now: NOW };
        await refuses(delegate(store, { ...order, ...change }), code);
      });
    });

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

    describe('a power cut in the middle of any statement', () => {
      /** Each verb, and what has to hold before it. */
      const VERBS: Readonly<Record<string, () => Promise<(cut: IssuerStore) => Promise<unknown>>>> = {
        enrol: async () => (cut) => enrol(cut, { deviceKey: A, identity: ZOE, now: NOW }),
        'commit of a second phone': async () => {
          await activate(A);
          const { activationId } = await enrol(store, { deviceKey: B, identity: ZOE, now: NOW });
          return (cut) => commitActivation(cut, commitOf(activationId, B, 2));
        },
        abandon: async () => {
          const { activationId } = await enrol(store, { deviceKey: A, identity: ZOE, now: NOW });
          return (cut) => abandonActivation(cut, { activationId, now: NOW });
        },
        loss: async () => {
          const activationId = await activate(A);
          return (cut) => reportLoss(cut, { activationId, now: NOW });
        },
        mint: async () => {
          await activate(A);
          return (cut) => mintPresence(cut, { deviceKey: A, agreed: ['insured'], now: NOW });
        },
        resolve: async () => {
          await activate(A);
          const presence = await present();
          return (cut) => resolvePresence(cut, { presence, signer: COUNTER, requestId: request('r1'), now: NOW });
        },
        'offline claim': async () => {
          await activate(A);
          const order = { signer: COUNTER, requestId: request('o1'), claim: CLAIM, now: NOW };
          return (cut) => claimByOfflineQr(cut, { ...order, cti: 'AB'.repeat(16), statusIndex: 0, madeAt: NOW });
        },
        delegate: async () => {
          await activate(A, ZOE, 1);
          await activate(B, LEA, 2);
          return (cut) =>
            delegate(cut, { deviceKey: A, delegateKey: B, beneficiaryIndex: 2, until: NOW + DAY, now: NOW });
        },
      };

      it.each(Object.keys(VERBS))(
        'of %s leaves all as it was, and the next try succeeds',
        { timeout: 120_000 },
        async (verb) => {
          const run = await (VERBS[verb] as (typeof VERBS)[string])();
          const before = await picture();
          for (let statement = 1; ; statement++) {
            const cut = { ...store, sql: cutAfter(store.sql, statement) };
            const failed = await run(cut).then(
              () => null,
              (error: unknown) => error,
            );
            if (failed === null) {
              expect(statement).toBeGreaterThan(2);
              break;
            }
            expect(failed).toMatchObject({ message: 'power cut' });
            // Identities may be drawn and lost; nothing else.
            expect(await picture()).toBe(before);
          }
          expect(await picture()).not.toBe(before);
          expect((await verifyAudit(store.sql)).fault).toBeNull();
          expect(
            await store.sql.query(
              `select count(*) as n from activations where state = 'active' group by insured_id having count(*) > 1`,
            ),
          ).toEqual([]);
        },
      );
    });

    it('refuses what the tables themselves forbid: two active, two pending, a total that is none', async () => {
      await activate(A);
      const insert = (state: string, number: number) =>
        store.sql.query(
          `insert into activations (id, insured_id, number, state, device_key, begun_at, activated_at)
           values ('act_x', 1, $1, $2, 'k', 0, 0)`,
          [number, state],
        );
      await expect(insert('active', 2)).rejects.toMatchObject({ kind: 'conflict', constraint: 'activations_active' });
      await enrol(store, { deviceKey: B, identity: ZOE, now: NOW });
      await expect(insert('pending', 2)).rejects.toMatchObject({ constraint: 'activations_pending' });
      const claim = store.sql.query(
        `insert into claims (insured_id, activation_id, origin, signer, request_id, received_at, number, date, beneficiary_index,
           professional_id, professional_name, total, amo, amc, patient, third_party, status)
         select 1, id, 'card', 'S', 'R', 0, '000000001', '20250101', 1, '000000001', 'N', 10, 5, 4, 0, true, 'sent' from activations limit 1`,
      );
      await expect(claim).rejects.toMatchObject({ kind: 'conflict' });
    });
  });
}

/** A database on which the nth statement of a transaction does its work, and then the power fails. */
function cutAfter(sql: Sql, statement: number): Sql {
  return {
    ...{ kind: sql.kind, location: sql.location },
    query: (text, parameters) => sql.query(text, parameters),
    transaction: (work) =>
      sql.transaction((statements) => {
        let left = statement;
        const cutting: Statements = {
          async query(text, parameters) {
            const rows = await statements.query(text, parameters);
            if (--left === 0) throw new Error('power cut');
            return rows as never;
          },
        };
        return work(cutting);
      }),
    script: (statements) => sql.script(statements),
    close: () => sql.close(),
  };
}
