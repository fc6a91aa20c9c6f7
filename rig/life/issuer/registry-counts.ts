import type { RevocationReason } from './activation.ts';
import type { IssuerStore } from './store.ts';

/** How much of what is in the registry. */
export interface RegistryCounts {
  readonly insured: number;
  readonly activations: {
    readonly pending: number;
    readonly active: number;
    readonly revoked: number;
    readonly abandoned: number;
  };
  /** Phones that were told to wipe themselves and have not said that they did. */
  readonly wipesQueued: number;
  /** Contexts that are open now: of a card that is active, and of a delegation that holds. */
  readonly contexts: number;
  readonly claims: number;
  readonly applicationsWaiting: number;
  readonly auditLines: number;
}

export async function registryCounts(store: IssuerStore, now: number): Promise<RegistryCounts> {
  const [row] = await store.sql.query<Record<keyof Omit<RegistryCounts, 'activations'>, number>>(
    `select (select count(*) from insured) as insured,
       (select count(*) from wipes where done_at is null) as "wipesQueued",
       (select count(*) from contexts c join activations a on a.id = c.activation_id
          left join delegations d on d.id = c.delegation_id
        where c.ended_at is null and c.expires_at > $1 and a.state = 'active'
          and (d.id is null or (d.revoked_at is null and d.until_at > $1))) as contexts,
       (select count(*) from claims) as claims,
       (select count(*) from applications where state = 'waiting') as "applicationsWaiting",
       (select sequence from audit_head) as "auditLines"`,
    [now],
  );
  const states = await store.sql.query<{ state: string; n: number }>(
    'select state, count(*) as n from activations group by state',
  );
  const of = (state: string): number => states.find((each) => each.state === state)?.n ?? 0;
  const activations = {
    pending: of('pending'),
    active: of('active'),
    revoked: of('revoked'),
    abandoned: of('abandoned'),
  };
  return { ...(row as NonNullable<typeof row>), activations };
}

/** One activation, as an operator looks at it. */
export interface ListedActivation {
  readonly id: string;
  readonly number: number;
  readonly state: 'pending' | 'active' | 'revoked' | 'abandoned';
  readonly statusIndex: number;
  readonly since: number;
  readonly reason: RevocationReason | null;
  readonly wipe: 'queued' | 'done' | null;
  readonly nir: string;
  readonly nirKey: string;
  readonly name: string;
}

/**
 * Activations, the newest first.
 * @param nir of the insured, 13 characters; null: of everybody
 */
export async function listActivations(
  store: IssuerStore,
  { nir, most }: { readonly nir: string | null; readonly most: number },
): Promise<readonly ListedActivation[]> {
  const rows = await store.sql.query<
    Omit<ListedActivation, 'statusIndex' | 'nirKey'> & { status_index: number; nir_key: string }
  >(
    `select a.id, a.number, a.state, a.status_index, coalesce(a.ended_at, a.activated_at, a.begun_at) as since, a.reason,
       case when w.activation_id is null then null when w.done_at is null then 'queued' else 'done' end as wipe,
       i.nir, i.nir_key, (i.family->'beneficiaries'->0->>'usualName') || ' ' || (i.family->'beneficiaries'->0->>'firstName') as name
     from activations a join insured i on i.id = a.insured_id left join wipes w on w.activation_id = a.id
     where $1::text is null or i.nir = $1 order by a.status_index desc limit $2`,
    [nir, most],
  );
  return rows.map(({ status_index: statusIndex, nir_key: nirKey, ...rest }) => ({ ...rest, statusIndex, nirKey }));
}
