import type { SqlRow, Statements } from '../../store/sql.ts';
import { audit } from './audit.ts';
import { decided, Refused } from './decided.ts';
import { type Disclosure, readDisclosures } from './disclosure.ts';
import { checkDeviceKey, newIdentifier } from './identifiers.ts';
import { IssuerRefusal } from './refusals.ts';
import { type CardClaims, claimsOfInsured } from './registry.ts';
import type { IssuerStore } from './store.ts';

/** How long a delegation may last. */
export const LONGEST_DELEGATION_MS: number = 30 * 24 * 60 * 60_000;

/**
 * A permission for another phone to present for one beneficiary, until a time. That the real card has such a thing is an
 * assumption.
 */
export interface Delegation {
  readonly id: string;
  readonly beneficiaryIndex: number;
  /** What the other phone may disclose. */
  readonly agreed: readonly Disclosure[];
  readonly until: number;
  readonly madeAt: number;
  /** Null: it is not revoked. */
  readonly revokedAt: number | null;
}

/**
 * Gives another phone the permission.
 * @param deviceKey of the active phone that gives it
 * @param delegateKey device key of the active phone that gets it
 * @param agreed what the person agrees that it may disclose
 * @throws {IssuerRefusal} `nothing-agreed`, `device-unknown`, `delegation-malformed`
 */
export async function delegate(
  store: IssuerStore,
  order: {
    readonly deviceKey: string;
    readonly delegateKey: string;
    readonly beneficiaryIndex: number;
    readonly agreed: readonly string[];
    readonly until: number;
    readonly now: number;
  },
): Promise<Delegation> {
  const { deviceKey, delegateKey, beneficiaryIndex, until, now } = order;
  checkDeviceKey(deviceKey);
  checkDeviceKey(delegateKey);
  const agreed = readDisclosures(order.agreed);
  if (agreed === null) throw new IssuerRefusal('nothing-agreed');
  return decided(store, { verb: 'delegate', now }, async (statements) => {
    const own = await activeDevice(statements, deviceKey);
    if (own === null) return new Refused('device-unknown');
    const about = { activation: own.id, insured: own.insured_id };
    const inTime = until > now && until <= now + LONGEST_DELEGATION_MS;
    if (!inTime || delegateKey === deviceKey) return new Refused('delegation-malformed', about);
    if ((await activeDevice(statements, delegateKey)) === null) return new Refused('device-unknown', about);
    const { beneficiaries } = (await claimsOfInsured(statements, own.insured_id)) as CardClaims;
    if (beneficiaries.every(({ index }) => index !== beneficiaryIndex))
      return new Refused('delegation-malformed', about);
    const id = newIdentifier('del');
    await statements.query(
      `insert into delegations (id, activation_id, beneficiary_index, delegate_key, agreed, made_at, until_at)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [id, own.id, beneficiaryIndex, delegateKey, JSON.stringify(agreed), now, until],
    );
    await audit(statements, now, 'delegation-made', { ...about, delegation: id });
    return { id, beneficiaryIndex, agreed, until, madeAt: now, revokedAt: null };
  });
}

/** Ends a delegation, its presences and its contexts at once. Harmless the second time. @throws {IssuerRefusal} `delegation-unknown` */
export async function revokeDelegation(
  store: IssuerStore,
  order: { readonly deviceKey: string; readonly id: string; readonly now: number },
): Promise<void> {
  const { deviceKey, id, now } = order;
  checkDeviceKey(deviceKey);
  await decided(store, { verb: 'revoke-delegation', now }, async (statements) => {
    const [row] = await statements.query<{ activation_id: string; revoked_at: number | null }>(
      `select activation_id, revoked_at from delegations join activations a on a.id = activation_id
       where delegations.id = $1 and a.device_key = $2`,
      [id, deviceKey],
    );
    if (row === undefined) return new Refused('delegation-unknown');
    if (row.revoked_at !== null) return null;
    await statements.query('update delegations set revoked_at = $2 where id = $1', [id, now]);
    await audit(statements, now, 'delegation-revoked', { delegation: id, activation: row.activation_id });
    return null;
  });
}

/** Those that a phone gave and those that it was given, the newest first. */
export async function delegationsOf(
  store: IssuerStore,
  { deviceKey }: { readonly deviceKey: string },
): Promise<{ readonly given: readonly Delegation[]; readonly received: readonly Delegation[] }> {
  checkDeviceKey(deviceKey);
  const columns = 'delegations.id, beneficiary_index, agreed, until_at, made_at, revoked_at';
  const given = await store.sql.query<DelegationRow>(
    `select ${columns} from delegations join activations a on a.id = activation_id where a.device_key = $1
     order by made_at desc, delegations.id`,
    [deviceKey],
  );
  const received = await store.sql.query<DelegationRow>(
    `select ${columns} from delegations where delegate_key = $1 order by made_at desc, id`,
    [deviceKey],
  );
  return { given: given.map(delegationOf), received: received.map(delegationOf) };
}

interface DelegationRow extends SqlRow {
  readonly id: string;
  readonly beneficiary_index: number;
  readonly agreed: string;
  readonly until_at: number;
  readonly made_at: number;
  readonly revoked_at: number | null;
}

function delegationOf({ id, beneficiary_index, agreed, until_at, made_at, revoked_at }: DelegationRow): Delegation {
  return {
    id,
    beneficiaryIndex: beneficiary_index,
    agreed: JSON.parse(agreed) as Disclosure[],
    until: until_at,
    madeAt: made_at,
    revokedAt: revoked_at,
  };
}

/** The activation that a delegation lets this phone present for, if it may disclose all of `agreed`. */
export async function delegationFor(
  statements: Statements,
  order: {
    readonly delegation: string;
    readonly deviceKey: string;
    readonly agreed: readonly Disclosure[];
    readonly now: number;
  },
): Promise<{ readonly activation: string } | Refused> {
  const { delegation, deviceKey, agreed, now } = order;
  const [row] = await statements.query<{
    activation_id: string;
    agreed: string;
    state: string;
    until_at: number;
    revoked_at: number | null;
  }>(
    `select activation_id, agreed, a.state, until_at, revoked_at from delegations join activations a on a.id = activation_id
     where delegations.id = $1 and delegate_key = $2`,
    [delegation, deviceKey],
  );
  if (row === undefined) return new Refused('delegation-unknown');
  const about = { delegation, activation: row.activation_id };
  if (row.revoked_at !== null || row.until_at <= now) return new Refused('delegation-ended', about);
  if (row.state !== 'active') return new Refused('card-revoked', about);
  const allowed = JSON.parse(row.agreed) as Disclosure[];
  if (agreed.some((each) => !allowed.includes(each))) return new Refused('delegation-narrower', about);
  return { activation: row.activation_id };
}

async function activeDevice(
  statements: Statements,
  deviceKey: string,
): Promise<{ readonly id: string; readonly insured_id: number } | null> {
  const [row] = await statements.query<{ id: string; insured_id: number }>(
    `select id, insured_id from activations where device_key = $1 and state = 'active'`,
    [deviceKey],
  );
  return row ?? null;
}
