import type { SqlRow, Statements } from '../../store/sql.ts';
import { audit } from './audit.ts';
import { decided, Refused } from './decided.ts';
import { checkDeviceKey } from './identifiers.ts';
import { IssuerRefusal } from './refusals.ts';
import type { IssuerStore } from './store.ts';

/** Why an activation is over: a new phone, a report of loss, a decision of the issuer. */
export const REVOCATION_REASONS = ['replaced', 'lost', 'operator'] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

export type ActivationStatus = 'pending' | 'active' | 'revoked' | 'abandoned';

/** A column for each, as in the table. */
export interface ActivationRow extends SqlRow {
  readonly id: string;
  readonly insured_id: number;
  readonly number: number;
  readonly status_index: number;
  readonly state: ActivationStatus;
  readonly device_key: string | null;
  readonly activated_at: number | null;
  readonly ended_at: number | null;
  readonly reason: RevocationReason | null;
}

export const ACTIVATION_COLUMNS =
  'id, insured_id, number, status_index, state, device_key, activated_at, ended_at, reason';

export interface Commit {
  readonly activationId: string;
  readonly deviceKey: string;
  /** Point `04XY` on P-256. */
  readonly holderKey: Uint8Array;
  readonly cardSerial: Uint8Array;
  /** EF.CardSecurity as it was signed for the card. */
  readonly cardSecurity: Uint8Array;
  readonly now: number;
}

/**
 * Makes a pending activation the active one. In the same transaction the one before is revoked and its wipe is queued:
 * there are never two, and never none where one was. Repeated with the same values it answers the same.
 * @throws {IssuerRefusal} `activation-unknown`, `activation-ended`, `activation-malformed`
 */
export async function commitActivation(store: IssuerStore, order: Commit): Promise<{ number: number; since: number }> {
  const { activationId: activation, deviceKey, holderKey, cardSerial, cardSecurity, now } = order;
  checkDeviceKey(deviceKey);
  if (holderKey.length !== 65 || holderKey[0] !== 4 || cardSerial.length === 0 || cardSerial.length > 16) {
    throw new IssuerRefusal('activation-malformed');
  }
  return decided(store, { verb: 'commit', now, activation }, async (statements) => {
    const found = await lockedActivation(statements, activation);
    if (found === null) return new Refused('activation-unknown');
    const { insured_id: insured, number } = found;
    if (found.state === 'active') {
      if (found.device_key !== deviceKey) return new Refused('activation-ended', { insured });
      const [same] = await statements.query(
        'select id from activations where id = $1 and holder_key = $2 and card_serial = $3 and card_security = $4',
        [activation, holderKey, cardSerial, cardSecurity],
      );
      return same === undefined
        ? new Refused('activation-ended', { insured })
        : { number, since: found.activated_at as number };
    }
    if (found.state !== 'pending') return new Refused('activation-ended', { insured });
    const bound = await bindIn(statements, found, deviceKey, now);
    if (bound instanceof Refused) return bound;
    const [serial] = await statements.query<{ insured_id: number }>(
      `select insured_id from activations where card_serial = $1 and state = 'active'`,
      [cardSerial],
    );
    // The same card may be activated anew for the same person; it is never the card of two.
    if (serial !== undefined && serial.insured_id !== insured) return new Refused('card-used', { insured });
    const active = await statements.query<{ id: string }>(
      `select id from activations where insured_id = $1 and state = 'active'`,
      [insured],
    );
    for (const { id } of active) await revokeIn(statements, { activation: id, insured, why: 'replaced', now });
    await statements.query(
      `update activations set state = 'active', activated_at = $2, holder_key = $3, card_serial = $4, card_security = $5
       where id = $1`,
      [activation, now, holderKey, cardSerial, cardSecurity],
    );
    await audit(statements, now, 'activation-committed', { activation, insured, number });
    return { number, since: now };
  });
}

async function bindIn(
  statements: Statements,
  { id, device_key, insured_id: insured }: ActivationRow,
  deviceKey: string,
  now: number,
): Promise<null | Refused> {
  if (device_key === deviceKey) return null;
  if (!(await takeDeviceKey(statements, id, deviceKey, now))) return new Refused('device-key-used', { insured });
  await statements.query('update activations set device_key = $2 where id = $1', [id, deviceKey]);
  return null;
}

/** @returns false: it belongs to another activation */
export async function takeDeviceKey(
  statements: Statements,
  activation: string,
  deviceKey: string,
  now: number,
): Promise<boolean> {
  await statements.query(
    'insert into device_keys (thumbprint, activation_id, seen_at) values ($1, $2, $3) on conflict do nothing',
    [deviceKey, activation, now],
  );
  const [row] = await statements.query<{ activation_id: string }>(
    'select activation_id from device_keys where thumbprint = $1',
    [deviceKey],
  );
  return row?.activation_id === activation;
}

/** One activation, for whoever issues credentials and personalises. */
export interface ActivationFacts {
  readonly state: ActivationStatus;
  readonly number: number;
  readonly statusIndex: number;
  readonly deviceKey: string | null;
  /** Point `04XY`; null until it is committed. */
  readonly holderKey: Uint8Array | null;
}

/** @returns null: there is none */
export async function activationFacts(store: IssuerStore, activationId: string): Promise<ActivationFacts | null> {
  const [row] = await store.sql.query<ActivationRow & { readonly holder_key: Uint8Array | null }>(
    `select ${ACTIVATION_COLUMNS}, holder_key from activations where id = $1`,
    [activationId],
  );
  if (row === undefined) return null;
  const { state, number, status_index: statusIndex, device_key: deviceKey, holder_key: holderKey } = row;
  return { state, number, statusIndex, deviceKey, holderKey };
}

export type ActivationState =
  | { readonly state: 'unknown' }
  | { readonly state: 'pending'; readonly activationId: string; readonly number: number; readonly statusIndex: number }
  | {
      readonly state: 'active';
      readonly activationId: string;
      readonly number: number;
      readonly statusIndex: number;
      readonly since: number;
    }
  | {
      readonly state: 'revoked';
      readonly activationId: string;
      readonly number: number;
      readonly since: number;
      readonly why: RevocationReason;
      /** What the phone has to do, or has done. */
      readonly wipe: 'queued' | 'done';
    }
  | { readonly state: 'abandoned'; readonly activationId: string };

/** What a phone asks at each start: "am I the active one?". */
export async function activationState(
  store: IssuerStore,
  { deviceKey }: { readonly deviceKey: string },
): Promise<ActivationState> {
  checkDeviceKey(deviceKey);
  const [row] = await store.sql.query<ActivationRow & { readonly done_at: number | null }>(
    `select ${ACTIVATION_COLUMNS}, done_at from activations left join wipes on activation_id = id where device_key = $1`,
    [deviceKey],
  );
  if (row === undefined) return { state: 'unknown' };
  const { id: activationId, number, status_index: statusIndex } = row;
  if (row.state === 'pending') return { state: 'pending', activationId, number, statusIndex };
  if (row.state === 'abandoned') return { state: 'abandoned', activationId };
  if (row.state === 'active') {
    return { state: 'active', activationId, number, statusIndex, since: row.activated_at as number };
  }
  const wipe = row.done_at === null ? 'queued' : 'done';
  const { ended_at: since, reason: why } = row as { ended_at: number; reason: RevocationReason };
  return { state: 'revoked', activationId, number, since, why, wipe };
}

/** The activation, and nobody else changes one of its insured until the transaction ends; null when there is none. */
export async function lockedActivation(statements: Statements, activation: string): Promise<ActivationRow | null> {
  const [owner] = await statements.query<{ insured_id: number }>('select insured_id from activations where id = $1', [
    activation,
  ]);
  if (owner === undefined) return null;
  await statements.query('select id from insured where id = $1 for update', [owner.insured_id]);
  const [row] = await statements.query<ActivationRow>(`select ${ACTIVATION_COLUMNS} from activations where id = $1`, [
    activation,
  ]);
  return row ?? null;
}

/** Revokes an active activation and queues the wipe of its phone. */
export async function revokeIn(
  statements: Statements,
  order: {
    readonly activation: string;
    readonly insured: number;
    readonly why: RevocationReason;
    readonly now: number;
  },
): Promise<void> {
  const { activation, insured, why, now } = order;
  await statements.query(`update activations set state = 'revoked', ended_at = $2, reason = $3 where id = $1`, [
    activation,
    now,
    why,
  ]);
  await statements.query('insert into wipes (activation_id, queued_at) values ($1, $2)', [activation, now]);
  await audit(statements, now, 'activation-revoked', { activation, insured, reason: why });
}
