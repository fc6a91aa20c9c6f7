import { createHash } from 'node:crypto';
import { pairedTimes } from '../../figures/paired-times.ts';
import { ascending, quantile } from '../../figures/quantile.ts';
import type { Statements } from '../../store/sql.ts';
import { activationState } from '../issuer/activation.ts';
import type { Family } from '../issuer/family.ts';
import { addFamilies, findPerson } from '../issuer/registry.ts';
import type { IssuerStore } from '../issuer/store.ts';
import { syntheticFamilies } from '../issuer/synthetic-family.ts';
import { identityOf, NOW } from './registry-figures.ts';
import { type Timings, timingsOf } from './timings.ts';

const SEED = 'growth';
const BATCH = 1000;
/** Rounds before the first that counts: plans and caches. */
const WARM_UP = 200;

/** Lookups in a registry of this size. */
export interface GrowthFigures {
  readonly insured: number;
  /** Seconds that it took to add the insured since the size before. */
  readonly filledInS: number;
  /** The insured by names, birth date and place. */
  readonly byIdentity: Timings;
  /** The activation by its device key. */
  readonly byDeviceKey: Timings;
  /**
   * The same by a neighbouring statement on a table that does not grow, as a median of pairs: minutes lie between two sizes,
   * in which the machine may have got more or less to do.
   */
  readonly relative: { readonly byIdentity: number; readonly byDeviceKey: number };
}

/**
 * Fills a registry to each size in turn, every insured with an active card, and looks up people at random in it.
 * @param sizes in ascending order
 */
export async function growthFigures(
  store: IssuerStore,
  sizes: readonly number[],
  lookups: number,
  signal: AbortSignal,
): Promise<readonly GrowthFigures[]> {
  const figures: GrowthFigures[] = [];
  const families = syntheticFamilies(SEED, sizes.at(-1) ?? 0);
  /** So many of them, spread over all, to be looked up. */
  let known: { readonly family: Family; readonly place: number }[] = [];
  let filled = 0;
  for (const insured of sizes) {
    const from = performance.now();
    const keepEach = Math.max(Math.floor(insured / lookups), 1);
    while (filled < insured) {
      signal.throwIfAborted();
      const batch: Family[] = [];
      while (batch.length < BATCH && filled < insured) {
        const family = families.next().value as Family;
        if (filled % keepEach === 0) known.push({ family, place: filled });
        batch.push(family);
        filled++;
      }
      await addFamilies(store, { families: batch, now: NOW });
    }
    await activateAll(store.sql);
    const filledInS = (performance.now() - from) / 1000;
    known = shuffled(known).slice(0, Math.max(lookups, 1));
    const at = (i: number) => known[i % known.length] as (typeof known)[number];
    const control = (): Promise<unknown> => store.sql.query('select code from departments where code = $1', ['75']);
    const byIdentity = await lookedUp(lookups, signal, control, async (i) => {
      if ((await findPerson(store.sql, identityOf(at(i).family))) === null) throw new Error('nobody was found');
    });
    const byDeviceKey = await lookedUp(lookups, signal, control, async (i) => {
      const { state } = await activationState(store, { deviceKey: keyOf(at(i).family.insured.nir) });
      if (state !== 'active') throw new Error('no activation was found');
    });
    const relative = { byIdentity: byIdentity.relative, byDeviceKey: byDeviceKey.relative };
    figures.push({ insured, filledInS, byIdentity: byIdentity.timings, byDeviceKey: byDeviceKey.timings, relative });
  }
  return figures;
}

async function lookedUp(
  count: number,
  signal: AbortSignal,
  control: () => Promise<unknown>,
  look: (i: number) => Promise<void>,
): Promise<{ readonly timings: Timings; readonly relative: number }> {
  const asked = { pairs: count, warmUp: Math.min(WARM_UP, count), signal };
  const { a: times, b: controls } = await pairedTimes(asked, look, control);
  const pairs = times.map((time, i) => time / (controls[i] as number));
  return { timings: timingsOf(times), relative: quantile(ascending(pairs), 0.5) };
}

/** Rows as they are after an activation, without its work: filling a registry is not what is measured. */
async function activateAll(statements: Statements): Promise<void> {
  await statements.query(
    `insert into activations (id, insured_id, number, state, device_key, holder_key, card_serial, card_security, begun_at,
       activated_at)
     select 'act_' || md5(i.id::text), i.id, 1, 'active', substr(encode(sha256(convert_to(i.nir, 'UTF8')), 'hex'), 1, 43),
       sha256(convert_to(i.nir, 'UTF8')), decode(md5(i.nir), 'hex'), sha256(convert_to(i.nir, 'UTF8')), $1::int8, $1::int8
     from insured i where not exists (select 1 from activations a where a.insured_id = i.id)`,
    [NOW],
  );
  await statements.query('analyze');
}

function keyOf(nir: string): string {
  return createHash('sha256').update(nir).digest('hex').slice(0, 43);
}

/** In an order that has nothing to do with where the rows lie, and is the same each time. */
function shuffled<T extends { readonly place: number }>(items: readonly T[]): T[] {
  const order = ({ place }: T): string => createHash('sha256').update(`${place}`).digest('hex');
  return items
    .map((item) => [order(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);
}
