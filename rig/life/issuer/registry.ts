import type { Affiliation, Beneficiary, KeyedNir } from '../../../src/applet/vitale/index.ts';
import type { Statements } from '../../store/sql.ts';
import type { IdentityClaims } from '../identity/claims.ts';
import { audit } from './audit.ts';
import { birthPlaceOf, type Family, foldedName } from './family.ts';
import type { IssuerStore } from './store.ts';

/** What is written on a card and into its credential: the same object for both. */
export interface CardClaims {
  readonly insured: KeyedNir;
  readonly affiliation: Affiliation;
  readonly beneficiaries: readonly Beneficiary[];
}

/** Column `family`. */
type StoredFamily = Pick<CardClaims, 'affiliation' | 'beneficiaries'>;

/**
 * Adds families whose NIR is not registered yet.
 * @returns places in the list of those whose NIR is: they were left as they are
 */
export async function insertFamilies(
  statements: Statements,
  families: readonly Family[],
  now: number,
): Promise<readonly number[]> {
  const first = new Map<string, number>();
  families.forEach(({ insured }, place) => {
    if (!first.has(insured.nir)) first.set(insured.nir, place);
  });
  const rows = [...first.values()].map((place) => {
    const { insured, department, affiliation, beneficiaries } = families[place] as Family;
    return {
      ...{ place, nir: insured.nir, nir_key: insured.key, department },
      birth_date: beneficiaries[0]?.birthDate,
      birth_place: birthPlaceOf(insured.nir),
      family: { affiliation, beneficiaries } satisfies StoredFamily,
    };
  });
  const added = await statements.query<{ nir: string }>(
    `insert into insured (nir, nir_key, department, birth_date, birth_place, family, registered_at)
     select nir, nir_key, department, birth_date, birth_place, family, $2::int8
     from json_to_recordset($1::json) as given (place int, nir text, nir_key text, department text, birth_date text,
       birth_place text, family json)
     order by place on conflict do nothing returning nir`,
    [JSON.stringify(rows), now],
  );
  const fresh = new Set(added.map(({ nir }) => nir));
  return families.flatMap(({ insured }, place) =>
    fresh.has(insured.nir) && first.get(insured.nir) === place ? [] : [place],
  );
}

/**
 * Adds families in one transaction, those that are not registered yet.
 * @returns how many were added
 */
export async function addFamilies(
  store: IssuerStore,
  { families, now }: { readonly families: readonly Family[]; readonly now: number },
): Promise<number> {
  return store.sql.transaction(async (statements) => {
    const known = await insertFamilies(statements, families, now);
    const count = families.length - known.length;
    if (count > 0) await audit(statements, now, 'families-imported', { count });
    return count;
  });
}

export interface FoundPerson {
  readonly insuredId: number;
  readonly department: string;
  /** The pending activation that was begun with the same proof. */
  readonly begun: string | null;
}

/** The one insured person whose names, birth date and birth place these are; null when there is none, or more than one. */
export async function findPerson(statements: Statements, identity: IdentityClaims): Promise<FoundPerson | null> {
  const rows = await statements.query<{ id: number; department: string; family: string }>(
    'select id, department, family from insured where birth_date = $1 and birth_place = $2',
    [identity.birthDate.replaceAll('-', ''), identity.birthPlaceCode],
  );
  const [family, given] = [foldedName(identity.familyName), foldedName(identity.givenName)];
  const found = rows.filter((row) => {
    const [insured] = (JSON.parse(row.family) as StoredFamily).beneficiaries;
    if (insured === undefined || given === '' || foldedName(insured.firstName) !== given) return false;
    return [insured.usualName, insured.birthName].some((name) => name !== null && foldedName(name) === family);
  });
  const [only] = found;
  return only === undefined || found.length > 1
    ? null
    : { insuredId: only.id, department: only.department, begun: null };
}

/** @returns null: there is no such insured */
export async function claimsOfInsured(statements: Statements, insuredId: number): Promise<CardClaims | null> {
  const [row] = await statements.query<{ nir: string; nir_key: string; family: string }>(
    'select nir, nir_key, family from insured where id = $1',
    [insuredId],
  );
  if (row === undefined) return null;
  const { affiliation, beneficiaries } = JSON.parse(row.family) as StoredFamily;
  return { insured: { nir: row.nir, key: row.nir_key }, affiliation, beneficiaries };
}

/** What the card and the credential of an activation say. @returns null: there is no such activation */
export async function cardClaimsOf(store: IssuerStore, activationId: string): Promise<CardClaims | null> {
  const [row] = await store.sql.query<{ insured_id: number }>('select insured_id from activations where id = $1', [
    activationId,
  ]);
  return row === undefined ? null : claimsOfInsured(store.sql, row.insured_id);
}
