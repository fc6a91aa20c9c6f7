import { quantileOf, rankOf } from '../../figures/quantile.ts';
import { accountTap, addLayers, slowestPossible, type TapAccounting } from './account.ts';
import { floorOf } from './floor.ts';
import {
  type CommandFigures,
  type Distribution,
  type Figures,
  LAYERS,
  type LayerTimes,
  type LinkParameters,
  STAGES,
  type Stage,
  type TapDetail,
  type TapSample,
  type TapShape,
  type WhatIf,
  type WhatIfChange,
} from './result.ts';
import type { RecordedTap } from './run.ts';
import type { Accounting } from './source.ts';
import { distributionOf } from './statistics.ts';
import { type Shift, shiftOf, standardWhatIfs } from './what-if.ts';
import { whatIfLabel } from './what-if-option.ts';

/** Recorded taps with their accounts. */
export interface AccountedTaps {
  readonly link: LinkParameters;
  readonly shapes: readonly TapShape[];
  readonly samples: readonly TapSample[];
  /** In the order of `samples`. */
  readonly accounts: readonly TapAccounting[];
}

const NO_LAYERS: LayerTimes = { card: 0, air: 0, reader: 0, serial: 0, link: 0, host: 0 };
/** Outliers that are kept. */
const MOST_OUTLIERS = 5;
/** Outer fence: this many times the distance of the quartiles above the third. */
const FENCE = 3;

/** Says of each tap where its time went. */
export function accountAll(taps: readonly RecordedTap[], link: LinkParameters, accounting: Accounting): AccountedTaps {
  const known = link.air === null || accounting.residual === 'reader' ? link : withPossibleRate(link, taps);
  const shapes: TapShape[] = [];
  const places = new Map<string, number>();
  const samples: TapSample[] = [];
  const accounts: TapAccounting[] = [];
  for (const tap of taps) {
    const account = accountOne(tap, known, accounting);
    accounts.push(account);
    samples.push({
      index: tap.index,
      intendedNs: tap.intendedNs,
      startNs: tap.startNs,
      endNs: tap.endNs,
      stages: account.stages,
      layers: account.layers,
      shape: tap.failure === null ? placeOf(tap, shapes, places) : null,
      failure: tap.failure,
    });
  }
  return { link: known, shapes, samples, accounts };
}

/** A reader that keeps its bit rate to itself was at least as fast as its exchanges. */
function withPossibleRate(link: LinkParameters, taps: readonly RecordedTap[]): LinkParameters {
  if (link.air === null) return link;
  const seen = taps.filter(({ failure }) => failure === null).flatMap(({ exchanges }) => exchanges);
  return { ...link, air: slowestPossible(link.air, seen) };
}

function accountOne(tap: RecordedTap, link: LinkParameters, accounting: Accounting): TapAccounting {
  const { activatedNs, activation, exchanges, startNs, endNs } = tap;
  if (activatedNs === null) {
    // No card was found: all of it went into looking.
    const stages = { detect: endNs - startNs, activate: 0, exchanges: 0, between: 0 };
    return { stages, layers: { ...NO_LAYERS, [accounting.residual]: endNs - startNs }, exchanges: [] };
  }
  const account = accountTap({ startNs, activatedNs, activation, exchanges }, link, accounting);
  // An exchange that failed has no end of its own; its time is the link's.
  const lost = endNs - (exchanges.at(-1)?.endNs ?? activatedNs);
  if (lost <= 0) return account;
  const layers = addLayers(account.layers, { ...NO_LAYERS, [accounting.residual]: lost });
  return { ...account, layers, stages: { ...account.stages, exchanges: account.stages.exchanges + lost } };
}

function placeOf(tap: RecordedTap, shapes: TapShape[], places: Map<string, number>): number {
  const parts = tap.exchanges.map(
    (each) => `${each.header}${each.status},${each.sentBytes},${each.receivedBytes},${each.serialBytes}`,
  );
  const key = `${tap.activation.serialBytes};${parts.join(';')}`;
  const known = places.get(key);
  if (known !== undefined) return known;
  shapes.push({
    exchanges: tap.exchanges.map(({ command, header, status, sentBytes, receivedBytes, serialBytes }) => {
      return { command, header, status, sentBytes, receivedBytes, serialBytes };
    }),
    activationSerialBytes: tap.activation.serialBytes,
  });
  places.set(key, shapes.length - 1);
  return shapes.length - 1;
}

/** @returns the first tap with its account; the accounts of `taps` begin with its own where it is not one of them */
export function accountRun(
  taps: readonly RecordedTap[],
  first: RecordedTap | null,
  link: LinkParameters,
  accounting: Accounting,
): { readonly accounted: AccountedTaps; readonly first: TapDetail | null } {
  const apart = first !== null && first.index < 0;
  const all = accountAll(apart ? [first, ...taps] : taps, link, accounting);
  const detail = first === null ? null : detailOf(first, all, 0);
  if (!apart) return { accounted: all, first: detail };
  return { accounted: { ...all, samples: all.samples.slice(1), accounts: all.accounts.slice(1) }, first: detail };
}

/** Kinds of failure and how often each came, most frequent first. */
export function failuresOf(samples: readonly TapSample[]): { kind: string; message: string; count: number }[] {
  const counts = new Map<string, { kind: string; message: string; count: number }>();
  for (const { failure } of samples) {
    if (failure === null) continue;
    const key = `${failure.kind} ${failure.message}`;
    const entry = counts.get(key) ?? { kind: failure.kind, message: failure.message, count: 0 };
    entry.count++;
    counts.set(key, entry);
  }
  return [...counts.values()].sort((a, b) => b.count - a.count);
}

/** @param asked what-ifs of the command line. @returns null when every tap failed */
export function figuresOf(
  taps: readonly RecordedTap[],
  accounted: AccountedTaps,
  asked: readonly WhatIfChange[],
): Figures | null {
  const good = accounted.samples.flatMap((sample, place) => (sample.failure === null ? [{ sample, place }] : []));
  if (good.length === 0) return null;
  const samples = good.map(({ sample }) => sample);
  const over = (value: (sample: TapSample) => number): Distribution => distributionOf(samples.map(value));
  const byTime = [...good].sort((a, b) => totalNs(a.sample) - totalNs(b.sample));
  const detail = ({ place }: { place: number }): TapDetail => detailOf(taps[place]!, accounted, place);
  const medianTap = byTime[rankOf(byTime.length, 0.5) - 1]!;
  const { link, shapes } = accounted;
  return {
    total: over(totalNs),
    response: over((sample) => sample.endNs - (sample.intendedNs ?? sample.startNs)),
    stages: record(STAGES, (stage: Stage) => over((sample) => sample.stages[stage])),
    layers: record(LAYERS, (layer) => over((sample) => sample.layers[layer])),
    commands: commandFigures(good.map(({ place }) => [taps[place]!, accounted.accounts[place]!])),
    median: detail(medianTap),
    slowest: detail(byTime.at(-1)!),
    outliers: outliersOf(byTime).map(detail),
    floor: floorOf(shapes[medianTap.sample.shape!]!, link.air, link.baudRate !== null),
    whatIf: whatIfs(samples, medianTap.sample, accounted, asked),
  };
}

function totalNs({ startNs, endNs }: TapSample): number {
  return endNs - startNs;
}

function record<K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;
}

function detailOf(tap: RecordedTap, { samples, accounts }: AccountedTaps, place: number): TapDetail {
  const exchanges = tap.exchanges.map(({ metered: _, ...each }, i) => {
    return { ...each, layers: accounts[place]!.exchanges[i]! };
  });
  return { sample: samples[place]!, exchanges, trace: null };
}

/** @param byTime fastest first */
function outliersOf<T extends { readonly sample: TapSample }>(byTime: readonly T[]): T[] {
  const at = (share: number): number => totalNs(byTime[rankOf(byTime.length, share) - 1]!.sample);
  const fence = at(0.75) + FENCE * (at(0.75) - at(0.25));
  return byTime
    .filter(({ sample }) => totalNs(sample) > fence)
    .reverse()
    .slice(0, MOST_OUTLIERS);
}

function commandFigures(taps: readonly (readonly [RecordedTap, TapAccounting])[]): CommandFigures[] {
  interface Group {
    readonly command: string;
    readonly header: string;
    readonly sentBytes: number;
    receivedBytes: number;
    readonly times: number[];
    layers: LayerTimes;
  }
  const groups = new Map<string, Group>();
  for (const [tap, account] of taps) {
    for (const [i, { command, header, sentBytes, receivedBytes, startNs, endNs }] of tap.exchanges.entries()) {
      const key = `${command} ${header}`;
      const group = groups.get(key) ?? { command, header, sentBytes, receivedBytes, times: [], layers: NO_LAYERS };
      groups.set(key, group);
      group.times.push(endNs - startNs);
      group.receivedBytes = Math.max(group.receivedBytes, receivedBytes);
      group.layers = addLayers(group.layers, account.exchanges[i]!);
    }
  }
  return [...groups.values()].map(({ times, layers, ...group }) => {
    const sorted = Float64Array.from(times).sort();
    const at = (share: number): number => sorted[rankOf(sorted.length, share) - 1]!;
    const mean = record(LAYERS, (layer) => Math.round(layers[layer] / times.length));
    return { ...group, count: times.length, p50: at(0.5), p99: at(0.99), max: at(1), layers: mean };
  });
}

function whatIfs(
  samples: readonly TapSample[],
  medianSample: TapSample,
  { link, shapes }: AccountedTaps,
  asked: readonly WhatIfChange[],
): WhatIf[] {
  const rows = [...asked.map((change) => ({ change, asked: true })), ...standardRows(link, asked)];
  const nowP50 = quantileOf(samples.map(totalNs), 0.5);
  return rows.map(({ change, asked: wanted }) => {
    const shifts = shapes.map((shape) => shiftOf(shape, link, change));
    const of = (sample: TapSample): Shift => shifts[sample.shape!]!;
    const after = (sample: TapSample): number => totalNs(sample) + of(sample).air + of(sample).serial;
    const { layers } = medianSample;
    const { air, serial } = of(medianSample);
    return {
      change,
      label: whatIfLabel(change),
      asked: wanted,
      nowP50,
      predictedP50: quantileOf(samples.map(after), 0.5),
      layers: { ...layers, air: layers.air + air, serial: layers.serial + serial },
    };
  });
}

function standardRows(
  link: LinkParameters,
  asked: readonly WhatIfChange[],
): { change: WhatIfChange; asked: boolean }[] {
  const labels = new Set(asked.map(whatIfLabel));
  return standardWhatIfs(link)
    .filter((change) => !labels.has(whatIfLabel(change)))
    .map((change) => ({ change, asked: false }));
}
