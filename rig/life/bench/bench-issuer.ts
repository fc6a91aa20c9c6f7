import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { machine } from '../../measure/figures.ts';
import { dropTables, refuseTables } from '../../store/own-database.ts';
import { type IssuerStore, openIssuerStore } from '../issuer/store.ts';
import { syntheticFamilies } from '../issuer/synthetic-family.ts';
import { type GrowthFigures, growthFigures } from './growth-figures.ts';
import { type ListFigures, listFigures } from './list-figures.ts';
import { measureQrCodes, type QrFigures } from './qr-figures.ts';
import { NOW, type RegistryFigures, registryFigures } from './registry-figures.ts';
import { issuerReport } from './report.ts';

export interface BenchIssuerOptions {
  /** Operations of each kind. */
  readonly count: number;
  /** Insured, in ascending order. */
  readonly sizes: readonly number[];
  /** Activations of status lists. */
  readonly lists: readonly number[];
  /** URL of an empty PostgreSQL database to be measured beside PGlite; null: PGlite alone. */
  readonly store: string | null;
}

/** What must hold. */
export interface IssuerTarget {
  readonly id: 'resolve-ratio' | 'growth' | 'replays';
  readonly store: string;
  readonly value: number;
  readonly limit: number;
  readonly verdict: 'pass' | 'fail';
}

/** Resolving a presence by the rate of its statements alone. */
const LEAST_RATIO = 0.7;
const QR_SEED = 'bench issuer';
/** So many that one has four people. */
const QR_FAMILIES = 50;
/** A lookup in the largest registry by one in the smallest. */
const MOST_GROWTH = 1.2;

export interface IssuerFigures {
  readonly registries: readonly RegistryFigures[];
  readonly growth: readonly { readonly store: string; readonly sizes: readonly GrowthFigures[] }[];
  readonly lists: readonly ListFigures[];
  readonly qr: QrFigures;
  readonly targets: readonly IssuerTarget[];
}

/** `vitap bench issuer`: what the registry does in a second, how it grows, and what status lists weigh. */
export async function benchIssuer(options: BenchIssuerOptions, io: CommandIo): Promise<ExitCode> {
  const { count, sizes, store } = options;
  const registries: RegistryFigures[] = [];
  const growth: { store: string; sizes: readonly GrowthFigures[] }[] = [];
  for (const place of store === null ? [null] : [null, store]) {
    await inEmptyStore(place, async (opened) => void registries.push(await registryFigures(opened, count, io.signal)));
    if (sizes.length === 0) continue;
    await inEmptyStore(place, async (opened) => {
      growth.push({ store: opened.sql.kind, sizes: await growthFigures(opened, sizes, count, io.signal) });
    });
  }
  const lists = options.lists.map((activations) => {
    io.signal.throwIfAborted();
    return listFigures(activations);
  });
  const qr = await offlineQr(count, io.signal);
  const targets = targetsOf(registries, growth);
  const verdict = targets.every((target) => target.verdict === 'pass') ? 'pass' : 'fail';
  const figures = { registries, growth, lists, qr, targets };
  if (io.json) writeJson(io, { id: 'bench-issuer', verdict, ...machine(), ...figures });
  else io.stdout(issuerReport(machine(), figures));
  return verdict === 'pass' ? EXIT.pass : EXIT.fail;
}

/** The offline QR code of a family of four people. */
async function offlineQr(count: number, signal: AbortSignal): Promise<QrFigures> {
  const families = [...syntheticFamilies(QR_SEED, QR_FAMILIES)];
  const { affiliation, beneficiaries } = families.find((family) => family.beneficiaries.length >= 4) ?? families[0]!;
  const people = beneficiaries.slice(0, 4);
  return measureQrCodes({ activation: 1, affiliation, people }, count, {
    crypto: nobleCrypto(),
    now: NOW / 1000,
    signal,
  });
}

function targetsOf(registries: readonly RegistryFigures[], growth: IssuerFigures['growth']): readonly IssuerTarget[] {
  const judged = (
    id: IssuerTarget['id'],
    store: string,
    value: number,
    limit: number,
    holds: boolean,
  ): IssuerTarget => ({
    ...{ id, store, value, limit },
    verdict: holds ? 'pass' : 'fail',
  });
  return [
    ...registries.map(({ store, resolveRatio }) =>
      judged('resolve-ratio', store, resolveRatio, LEAST_RATIO, resolveRatio >= LEAST_RATIO),
    ),
    ...registries.map(({ store, replays: { n, refused } }) => judged('replays', store, refused, n, refused === n)),
    ...growth.flatMap(({ store, sizes }) => {
      const [first, last] = [sizes[0], sizes.at(-1)];
      if (first === undefined || last === undefined || first === last) return [];
      const grown = Math.max(
        last.relative.byIdentity / first.relative.byIdentity,
        last.relative.byDeviceKey / first.relative.byDeviceKey,
      );
      return [judged('growth', store, grown, MOST_GROWTH, grown <= MOST_GROWTH)];
    }),
  ];
}

/** @param place URL of a database that must be empty, and is empty again afterwards; null: PGlite in a temporary folder */
async function inEmptyStore(place: string | null, work: (store: IssuerStore) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-bench-issuer-'));
  try {
    if (place !== null) await refuseTables(place);
    const location = place ?? join(folder, 'store');
    const store = await openIssuerStore({ location, files: join(folder, 'applications'), now: NOW });
    try {
      await work(store);
    } finally {
      if (place !== null) await dropTables(store.sql);
      await store.sql.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
