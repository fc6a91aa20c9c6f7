import type { Statements } from '../../store/sql.ts';
import type { IdentityClaims } from '../identity/claims.ts';
import { ACTIVATION_COLUMNS, type ActivationRow, lockedActivation, takeDeviceKey } from './activation.ts';
import { personOfApplication } from './application.ts';
import { audit } from './audit.ts';
import { decided, Refused } from './decided.ts';
import { checkDeviceKey, newIdentifier } from './identifiers.ts';
import { type CardClaims, claimsOfInsured, type FoundPerson, findPerson } from './registry.ts';
import { isOpen } from './rollout.ts';
import type { IssuerStore } from './store.ts';

export interface Enrolment {
  readonly activationId: string;
  /** 1, 2, … for each insured. */
  readonly number: number;
  /** Place in the status list. */
  readonly statusIndex: number;
  readonly claims: CardClaims;
}

/** Who the person is: said by a digital identity, or by an application that an operator accepted. */
export type Proof =
  | { readonly identity: IdentityClaims }
  | { readonly application: { readonly id: string; readonly ticket: string } };

/** Whom a proof speaks of. Who activates the same person at the same time waits here. */
export async function lockedPerson(statements: Statements, proof: Proof): Promise<FoundPerson | Refused> {
  const person =
    'identity' in proof
      ? await findPerson(statements, proof.identity)
      : await personOfApplication(statements, proof.application);
  if (person instanceof Refused) return person;
  if (person === null) return new Refused('unknown-person');
  await statements.query('select id from insured where id = $1 for update', [person.insuredId]);
  return person;
}

/**
 * Begins an activation. A pending one of the same person is abandoned, unless it goes on: with the same device key, or
 * with the same application.
 * @param deviceKey JWK thumbprint, when the card has its key already; it serves one activation and never another
 * @throws {IssuerRefusal} `unknown-person`, `department-closed`, `device-key-used`, `application-…`
 */
export async function enrol(
  store: IssuerStore,
  { deviceKey = null, now, ...proof }: { readonly deviceKey?: string | null; readonly now: number } & Proof,
): Promise<Enrolment> {
  if (deviceKey !== null) checkDeviceKey(deviceKey);
  return decided(store, { verb: 'enrol', now }, async (statements) => {
    const person = await lockedPerson(statements, proof);
    if (person instanceof Refused) return person;
    const { insuredId: insured } = person;
    if (!(await isOpen(statements, person.department))) return new Refused('department-closed', { insured });
    const claims = (await claimsOfInsured(statements, insured)) as CardClaims;
    const resumed = await resumedActivation(statements, deviceKey, person.begun);
    if (resumed !== null) {
      const isMeant = resumed.state === 'pending' && resumed.insured_id === insured;
      const isSameDevice = deviceKey === null || resumed.device_key === null || resumed.device_key === deviceKey;
      if (!isMeant || !isSameDevice) return new Refused('device-key-used', { insured });
      if (deviceKey !== null && !(await takeDeviceKey(statements, resumed.id, deviceKey, now))) {
        return new Refused('device-key-used', { insured });
      }
      return { activationId: resumed.id, number: resumed.number, statusIndex: resumed.status_index, claims };
    }
    const activationId = newIdentifier('act');
    if (deviceKey !== null && (await ownerOfKey(statements, deviceKey)) !== null) {
      return new Refused('device-key-used', { insured });
    }
    await abandonPending(statements, insured, now);
    const number = (await lastNumber(statements, insured)) + 1;
    const [made] = await statements.query<{ status_index: number }>(
      `insert into activations (id, insured_id, number, state, device_key, begun_at)
       values ($1, $2, $3, 'pending', $4, $5) returning status_index`,
      [activationId, insured, number, deviceKey, now],
    );
    if (deviceKey !== null) {
      await statements.query('insert into device_keys (thumbprint, activation_id, seen_at) values ($1, $2, $3)', [
        deviceKey,
        activationId,
        now,
      ]);
    }
    if ('application' in proof) {
      await statements.query(`update applications set state = 'used', activation_id = $2 where id = $1`, [
        proof.application.id,
        activationId,
      ]);
    }
    await audit(statements, now, 'activation-begun', { activation: activationId, insured, number });
    return { activationId, number, statusIndex: made?.status_index as number, claims };
  });
}

/**
 * Refuses somebody of a department that is closed, before what proves the person is spent: it may open tomorrow.
 * @throws {IssuerRefusal} `department-closed`
 */
export async function refuseClosed(
  store: IssuerStore,
  { identity, now }: { readonly identity: IdentityClaims; readonly now: number },
): Promise<void> {
  await decided(store, { verb: 'enrol', now }, async (statements) => {
    const person = await findPerson(statements, identity);
    if (person === null || (await isOpen(statements, person.department))) return null;
    return new Refused('department-closed', { insured: person.insuredId });
  });
}

/** Ends a pending activation; its device key stays used. Harmless when it was abandoned before. @throws {IssuerRefusal} */
export async function abandonActivation(
  store: IssuerStore,
  { activationId: activation, now }: { readonly activationId: string; readonly now: number },
): Promise<void> {
  await decided(store, { verb: 'abandon', now, activation }, async (statements) => {
    const found = await lockedActivation(statements, activation);
    if (found === null) return new Refused('activation-unknown');
    if (found.state === 'abandoned') return null;
    if (found.state !== 'pending') return new Refused('activation-ended');
    await abandonPending(statements, found.insured_id, now);
    return null;
  });
}

async function abandonPending(statements: Statements, insured: number, now: number): Promise<void> {
  const rows = await statements.query<{ id: string }>(
    `update activations set state = 'abandoned', ended_at = $2 where insured_id = $1 and state = 'pending' returning id`,
    [insured, now],
  );
  for (const { id } of rows) await audit(statements, now, 'activation-abandoned', { activation: id, insured });
}

/** The pending activation that a device key or an application belongs to already. */
async function resumedActivation(
  statements: Statements,
  deviceKey: string | null,
  ofApplication: string | null,
): Promise<ActivationRow | null> {
  const id = ofApplication ?? (deviceKey === null ? null : await ownerOfKey(statements, deviceKey));
  if (id === null) return null;
  const [row] = await statements.query<ActivationRow>(`select ${ACTIVATION_COLUMNS} from activations where id = $1`, [
    id,
  ]);
  return row ?? null;
}

async function ownerOfKey(statements: Statements, deviceKey: string): Promise<string | null> {
  const [row] = await statements.query<{ activation_id: string }>(
    'select activation_id from device_keys where thumbprint = $1',
    [deviceKey],
  );
  return row?.activation_id ?? null;
}

async function lastNumber(statements: Statements, insured: number): Promise<number> {
  const [last] = await statements.query<{ number: number }>(
    `select coalesce(max(number), 0)::int as number from activations
     where insured_id = $1 and state in ('active', 'revoked')`,
    [insured],
  );
  return last?.number ?? 0;
}
