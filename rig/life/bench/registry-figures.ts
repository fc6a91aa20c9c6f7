import { createHash } from 'node:crypto';
import { median } from '../../figures/quantile.ts';
import type { IdentityClaims } from '../identity/claims.ts';
import { activationState, commitActivation } from '../issuer/activation.ts';
import { enrol } from '../issuer/enrolment.ts';
import { birthPlaceOf, type Family } from '../issuer/family.ts';
import { mintPresence, resolvePresence } from '../issuer/presence.ts';
import { addFamilies } from '../issuer/registry.ts';
import { changeRollout, EVERYWHERE } from '../issuer/rollout.ts';
import type { IssuerStore } from '../issuer/store.ts';
import { syntheticFamilies } from '../issuer/synthetic-family.ts';
import { bareAgainst } from './bare-transactions.ts';
import { type Timings, timings, timingsOf } from './timings.ts';

/** One moment for everything: presences do not expire while others are measured. */
export const NOW: number = Date.UTC(2026, 0, 1);
const SIGNER = 'FRVITAPATCNT01';
const SEED = 'bench';

/** What one registry does in a second. */
export interface RegistryFigures {
  readonly store: 'pglite' | 'postgresql';
  readonly version: string;
  /** Begun and committed. */
  readonly activations: Timings;
  readonly presencesMinted: Timings;
  readonly presencesResolved: Timings;
  /** The statements of resolving a presence, with the same values, and nothing around them. */
  readonly bareTransactions: Timings;
  /** Rate of resolving by the rate of bare transactions: the median of neighbouring runs, which share their disturbances. */
  readonly resolveRatio: number;
  /** A phone that asks whether it is the active one. */
  readonly statusChecks: Timings;
  /** Presences that were resolved a second time by another request: how many of how many were refused. */
  readonly replays: { readonly n: number; readonly refused: number };
}

/** @param count operations of each kind; the registry has so many insured at least */
export async function registryFigures(
  store: IssuerStore,
  count: number,
  signal: AbortSignal,
): Promise<RegistryFigures> {
  const families = [...syntheticFamilies(SEED, count)];
  await addFamilies(store, { families, now: NOW });
  await changeRollout(store, { departments: [EVERYWHERE], open: true, now: NOW });
  const activations = await timings(count, (i) => activate(store, families[i] as Family, i), signal);
  const minted: string[] = [];
  const mint = async (i: number): Promise<void> => {
    const order = { deviceKey: deviceKey(i % count), agreed: ['insured', 'beneficiaries', 'rights'], now: NOW };
    minted.push((await mintPresence(store, order)).presence);
  };
  const presencesMinted = await timings(2 * count, mint, signal);
  const orderOf = (place: number, round: string) => ({
    ...{ presence: minted[place] as string, signer: SIGNER, now: NOW },
    requestId: `${round}-${place}`.padStart(24, '0'),
  });
  const { real, bare } = await bareAgainst(
    store,
    count,
    {
      real: (within, i) => resolvePresence(within, orderOf(2 * i, 'resolve')),
      bare: (within, i) => resolvePresence(within, orderOf(2 * i + 1, 'resolve')),
    },
    signal,
  );
  let refused = 0;
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted();
    await resolvePresence(store, orderOf(2 * i, 'replay')).catch((error: { code?: string }) => {
      if (error.code === 'presence-used') refused++;
    });
  }
  const statusChecks = await timings(count, (i) => activationState(store, { deviceKey: deviceKey(i) }), signal);
  const [presencesResolved, bareTransactions] = [timingsOf(real), timingsOf(bare)];
  return {
    ...{ store: store.sql.kind, version: await versionOf(store), activations, presencesMinted, presencesResolved },
    ...{ bareTransactions, statusChecks, replays: { n: count, refused } },
    resolveRatio: median(real.map((ms, i) => (bare[i] as number) / ms)),
  };
}

async function activate(store: IssuerStore, family: Family, i: number): Promise<void> {
  const { activationId } = await enrol(store, { deviceKey: deviceKey(i), identity: identityOf(family), now: NOW });
  const bytes = createHash('sha512').update(`card ${i}`).digest();
  await commitActivation(store, {
    ...{ activationId, deviceKey: deviceKey(i), now: NOW },
    holderKey: Uint8Array.of(4, ...bytes),
    cardSerial: Uint8Array.from(bytes.subarray(0, 8)),
    cardSecurity: new Uint8Array(900),
  });
}

/** In the form of a thumbprint. */
function deviceKey(i: number): string {
  return createHash('sha256').update(`device ${i}`).digest('base64url');
}

export function identityOf({ insured, beneficiaries }: Family): IdentityClaims {
  const [person] = beneficiaries as [Family['beneficiaries'][number]];
  const { usualName: familyName, firstName: givenName, birthDate } = person;
  return {
    ...{ familyName, givenName, birthPlaceCode: birthPlaceOf(insured.nir) },
    birthDate: birthDate.replace(/^(....)(..)(..)$/, '$1-$2-$3'),
  };
}

async function versionOf({ sql }: IssuerStore): Promise<string> {
  const [row] = await sql.query<{ server_version: string }>('show server_version');
  return row?.server_version ?? '';
}
