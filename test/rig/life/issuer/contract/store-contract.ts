import { describe, expect, it } from 'vitest';
import { commitActivation } from '../../../../../rig/life/issuer/activation.ts';
import { verifyAudit } from '../../../../../rig/life/issuer/audit.ts';
import { claimByOfflineQr } from '../../../../../rig/life/issuer/claim.ts';
import { delegate } from '../../../../../rig/life/issuer/delegation.ts';
import { abandonActivation, enrol } from '../../../../../rig/life/issuer/enrolment.ts';
import { reportLoss } from '../../../../../rig/life/issuer/loss.ts';
import { mintPresence, resolvePresence } from '../../../../../rig/life/issuer/presence.ts';
import type { IssuerStore } from '../../../../../rig/life/issuer/store.ts';
import type { Sql, Statements } from '../../../../../rig/store/sql.ts';
import { CLAIM, COUNTER, DAY, LEA, NOW, request, ZOE } from '../people.ts';
import { A, B, type IssuerInStore } from './issuer-in-store.ts';

/** What the database has to keep, whatever happens. */
export function storeContract({ store, activate, commitOf, present, picture }: IssuerInStore): void {
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
          delegate(cut, {
            deviceKey: A,
            delegateKey: B,
            beneficiaryIndex: 2,
            agreed: ['insured'],
            until: NOW + DAY,
            now: NOW,
          });
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
