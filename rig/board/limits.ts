import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Issues } from '../card/profile/issues.ts';
import { plain, readSource } from '../card/profile/source.ts';
import { readInputText } from '../console/input-file.ts';
import { stateFolder } from '../console/state-folder.ts';
import type { TestedBoard } from './board-under-test.ts';
import type { Limits, MeasurementPlan } from './measurement.ts';
import type { Phase } from './phase.ts';

/** In the station's state folder. */
const LIMITS_FILE = 'limits.yaml';

/** Units of which a machine that is late itself spoils the value. */
const TIMED_UNITS: readonly string[] = ['ms', 'B/s'];

type Range = { readonly min?: number; readonly max?: number };

/** Limits that a station has of its own; a measurement that is not in it keeps those of the program. */
export interface StationLimits {
  readonly file: string;
  readonly text: string;
  /** SHA-256 of the text, hex. */
  readonly sha256: string;
  /** By the id of the measurement. */
  readonly limits: ReadonlyMap<string, Range>;
}

/**
 * The limits of this station: of `--limits FILE`, else of `limits.yaml` in the state folder; null without either.
 * @throws {ProfileError} every fault with file, line and column
 */
export function stationLimits(
  named: string | null,
  env: Readonly<Record<string, string | undefined>>,
  phases: readonly Phase<TestedBoard>[],
): StationLimits | null {
  const file = named ?? join(stateFolder(env), LIMITS_FILE);
  if (named === null && !existsSync(file)) return null;
  return parseLimits(readInputText(file, 'a file of limits'), file, phases);
}

/** @param name what errors call the text */
export function parseLimits(text: string, name: string, phases: readonly Phase<TestedBoard>[]): StationLimits {
  const written = readSource(text, name);
  const issues = new Issues(written);
  const read = DOCUMENT.safeParse(plain(written), { reportInput: true });
  if (!read.success) {
    for (const issue of read.error.issues) issues.reportSchema(issue);
    issues.throwIfAny();
    throw read.error;
  }
  const plans = new Map(phases.flatMap(({ measurements }) => measurements).map((plan) => [plan.id, plan]));
  const limits = new Map<string, Range>();
  for (const [id, { min, max }] of Object.entries(read.data.limits)) {
    const at = ['limits', id];
    const plan = plans.get(id);
    const why = plan === undefined ? `there is no measurement ${id}` : notLimited(plan);
    if (plan === undefined || why !== null) {
      issues.report(at, why ?? '');
      continue;
    }
    const number = (key: 'min' | 'max', value: string | undefined): Range => {
      if (value === undefined) return {};
      const found = withUnit(value, plan.unit);
      if (typeof found === 'number') return { [key]: found };
      issues.report([...at, key], found);
      return {};
    };
    const range: Range = { ...number('min', min), ...number('max', max) };
    if (min === undefined && max === undefined) issues.report(at, `${id} needs a min, a max, or both`);
    if ((range.min ?? Number.NEGATIVE_INFINITY) > (range.max ?? Number.POSITIVE_INFINITY)) {
      issues.report(at, `of ${id} no value is within the limits: min is over max`);
    }
    limits.set(id, range);
  }
  issues.throwIfAny();
  return { file: name, text, sha256: createHash('sha256').update(text).digest('hex'), limits };
}

/** The same phases with the limits of a station. */
export function withLimits<B extends TestedBoard>(
  phases: readonly Phase<B>[],
  station: StationLimits | null,
): readonly Phase<B>[] {
  if (station === null) return phases;
  return phases.map((phase) => ({
    ...phase,
    measurements: phase.measurements.map((plan): MeasurementPlan => {
      const limits: Limits | undefined = station.limits.get(plan.id);
      if (limits === undefined) return plan;
      const timed = plan.timed === true || TIMED_UNITS.includes(plan.unit);
      return { ...plan, limits, limitsFrom: 'station', ...(timed ? { timed: true as const } : {}) };
    }),
  }));
}

const DOCUMENT = z.strictObject({
  limits: z.record(z.string(), z.strictObject({ min: z.string().optional(), max: z.string().optional() })),
});

/** Why a station has nothing to say about it; null when it has. */
function notLimited({ id, limits, format, words }: MeasurementPlan): string | null {
  if (words === true || format === 'hex') return `${id} is no number that has a smallest or largest value`;
  if (limits !== null && 'equals' in limits) return `${id} must be exactly ${limits.equals}, on every station`;
  return null;
}

/** `20 ms` in milliseconds. @returns the number, or what is wrong with it */
function withUnit(text: string, unit: string): number | string {
  const [, digits, given] = /^\s*(-?\d{1,12}(?:\.\d{1,12})?)\s*(\S*)\s*$/.exec(text) ?? [];
  if (digits === undefined) return `a limit is a number with its unit, as ${unit === '' ? '5' : `5 ${unit}`}`;
  if (given !== unit) {
    return unit === '' ? 'this is a count, without a unit' : `the unit here is ${unit}, as in ${digits} ${unit}`;
  }
  return Number(digits);
}
