import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MeasurementPlan } from '../../../../rig/board/measurement.ts';
import { phasesOf } from '../../../../rig/board/phases/index.ts';
import { FIGURES, figureUnit } from '../../../../rig/lab/api/figure.ts';

/** What a bring-up can measure as a number: words have no unit, and a yes or no is told as a case. */
const MEASURED: readonly MeasurementPlan[] = (['pn532', 'firmware'] as const)
  .flatMap((target) => phasesOf(target))
  .flatMap(({ measurements }) => measurements)
  .filter(({ unit, limits, words }) => {
    if (words === true) return unit !== '';
    return limits === null || !('equals' in limits) || typeof limits.equals === 'number';
  });

const BENCH = new URL('../../../../rig/lab/', import.meta.url).pathname;
const JUDGES = ['bench', 'pool'].flatMap((folder) =>
  readdirSync(join(BENCH, folder)).map((name) => readFileSync(join(BENCH, folder, name), 'utf8')),
);

describe('the units of figures', () => {
  // The plan of a count of bytes says so in its words.
  it.each(MEASURED.map(({ id, unit, what }) => [id, unit === '' && what.startsWith('Bytes ') ? 'bytes' : unit]))(
    'of a bring-up: %s in “%s”',
    (id, unit) => {
      expect(FIGURES).toContain(id);
      expect(figureUnit(id)).toBe(unit);
    },
  );

  it('are as the names say that have their unit', () => {
    const named = FIGURES.flatMap((name) => {
      const [, unit] = /\.(ns|us|µs|ms|s)$/.exec(name) ?? [];
      return unit === undefined ? [] : [[name, unit]];
    });
    expect(named.length).toBeGreaterThan(3);
    expect(named.map(([name = '']) => [name, figureUnit(name)])).toEqual(named);
  });

  it('list no figure that nothing reports', () => {
    const said = JUDGES.join('\n');
    const measured = new Set(MEASURED.map(({ id }) => id));
    // As a property of a literal: quoted where a name has a dot.
    const isReported = (name: string): boolean =>
      said.includes(`'${name}':`) || (/^\w+$/.test(name) && new RegExp(`[{ ]${name}[:, ]`).test(said));
    expect(FIGURES.filter((name) => !measured.has(name) && !isReported(name))).toEqual([]);
  });

  it('are empty for what a bench of another version may name', () => {
    for (const name of ['tap.p75', 'constructor', '__proto__', '']) expect(figureUnit(name)).toBe('');
  });
});
