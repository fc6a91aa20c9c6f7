import { type ActivationRow, lockedActivation, type RevocationReason, revokeIn } from './activation.ts';
import { audit } from './audit.ts';
import { decided, Refused } from './decided.ts';
import { lockedPerson, type Proof } from './enrolment.ts';
import { checkDeviceKey } from './identifiers.ts';
import type { IssuerStore } from './store.ts';

/**
 * Revokes the active activation and queues the wipe of its phone. Harmless when it is revoked already.
 * @throws {IssuerRefusal} `activation-unknown`; `activation-ended`: it was never active
 */
export async function revoke(
  store: IssuerStore,
  order: { readonly activationId: string; readonly why: RevocationReason; readonly now: number },
): Promise<{ readonly since: number; readonly why: RevocationReason }> {
  const { activationId: activation, why, now } = order;
  return decided(store, { verb: 'revoke', now, activation }, async (statements) => {
    const found = await lockedActivation(statements, activation);
    if (found === null) return new Refused('activation-unknown');
    const { state, insured_id: insured } = found;
    if (state === 'revoked') return { since: found.ended_at as number, why: found.reason as RevocationReason };
    if (state !== 'active') return new Refused('activation-ended', { insured });
    await revokeIn(statements, { activation, insured, why, now });
    return { since: now, why };
  });
}

/** The phone itself, or an operator, says that it is lost; there is no new one yet. @throws as {@link revoke} */
export async function reportLoss(
  store: IssuerStore,
  { activationId, now }: { readonly activationId: string; readonly now: number },
): Promise<{ readonly since: number; readonly why: RevocationReason }> {
  return revoke(store, { activationId, why: 'lost', now });
}

/**
 * The person says that the phone is lost, from anywhere: whatever card is active for them ends. One that has ended
 * already is answered with when and why.
 * @throws {IssuerRefusal} `unknown-person`, `application-…`; `nothing-active`: there never was one
 */
export async function reportLossOf(
  store: IssuerStore,
  { now, ...proof }: Proof & { readonly now: number },
): Promise<{ readonly since: number; readonly why: RevocationReason }> {
  return decided(store, { verb: 'loss', now }, async (statements) => {
    const person = await lockedPerson(statements, proof);
    if (person instanceof Refused) return person;
    const { insuredId: insured } = person;
    const [newest] = await statements.query<Pick<ActivationRow, 'id' | 'state' | 'ended_at' | 'reason'>>(
      `select id, state, ended_at, reason from activations
       where insured_id = $1 and state in ('active', 'revoked') order by number desc limit 1`,
      [insured],
    );
    if (newest === undefined) return new Refused('nothing-active', { insured });
    const { id: activation, state, ended_at: since, reason } = newest;
    if (state === 'revoked') return { since: since as number, why: reason as RevocationReason };
    await revokeIn(statements, { activation, insured, why: 'lost', now });
    return { since: now, why: 'lost' };
  });
}

/** The phone says that it has wiped itself. Harmless the second time. @throws {IssuerRefusal} `activation-unknown`, `activation-ended` */
export async function acknowledgeWipe(
  store: IssuerStore,
  { deviceKey, now }: { readonly deviceKey: string; readonly now: number },
): Promise<void> {
  checkDeviceKey(deviceKey);
  await decided(store, { verb: 'wiped', now }, async (statements) => {
    const [row] = await statements.query<Pick<ActivationRow, 'id' | 'state'>>(
      'select id, state from activations where device_key = $1',
      [deviceKey],
    );
    if (row === undefined) return new Refused('activation-unknown');
    if (row.state !== 'revoked') return new Refused('activation-ended', { activation: row.id });
    const done = await statements.query(
      'update wipes set done_at = $2 where activation_id = $1 and done_at is null returning activation_id',
      [row.id, now],
    );
    if (done.length > 0) await audit(statements, now, 'wipe-acknowledged', { activation: row.id });
    return null;
  });
}
