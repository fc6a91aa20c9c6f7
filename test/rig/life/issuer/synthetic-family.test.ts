import { describe, expect, it } from 'vitest';
import { type Family, readFamily } from '../../../../rig/life/issuer/family.ts';
import { syntheticFamilies } from '../../../../rig/life/issuer/synthetic-family.ts';
import { nirKey, readNir } from '../../../../src/applet/vitale/index.ts';

describe('synthetic families', () => {
  const families = [...syntheticFamilies('lab-7', 4000)];
  const people = families.flatMap(({ beneficiaries }) => beneficiaries);

  it('are the same for the same seed, whatever their number, and others for another', () => {
    expect([...syntheticFamilies('lab-7', 20)]).toEqual(families.slice(0, 20));
    expect([...syntheticFamilies('lab-8', 20)]).not.toEqual(families.slice(0, 20));
  });

  it('are families as import takes them', () => {
    for (const family of families.slice(0, 500)) expect(readFamily(JSON.stringify(family))).toEqual(family);
  });

  it('have right numbers of every kind', () => {
    const kinds = new Map<string, number>();
    const count = (kind: string): void => void kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    for (const { certifiedNir, birthDate } of people) {
      const nir = readNir(certifiedNir?.nir ?? '');
      if (nir.kind !== 'nir') throw new Error(nir.kind);
      expect(certifiedNir?.key).toBe(nirKey(nir.text));
      expect(nir.year).toBe(birthDate.slice(2, 4));
      count(nir.sex);
      if (nir.month > '12') count('month above 12');
      else expect(nir.month).toBe(birthDate.slice(4, 6));
      if (['2A', '2B', '20', '99'].includes(nir.department)) count(nir.department);
      if (['2A', '2B'].includes(nir.department)) expect(Number(birthDate.slice(0, 4))).toBeGreaterThanOrEqual(1976);
      if (nir.department === '20') expect(Number(birthDate.slice(0, 4))).toBeLessThan(1976);
      if (/^9[78]/.test(nir.department)) count(nir.department.slice(0, 2));
    }
    for (const kind of ['male', 'female', 'month above 12', '2A', '2B', '20', '97', '98', '99']) {
      expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(20);
    }
  });

  it('have twins, with one birthday and place, and ranks 1 and 2', () => {
    const pairs = families.flatMap(({ beneficiaries }) =>
      beneficiaries
        .filter(({ birthRank }) => birthRank === 2)
        .map((second) => {
          const place = beneficiaries.indexOf(second);
          return [beneficiaries[place - 1] as (typeof people)[number], second] as const;
        }),
    );
    expect(pairs.length).toBeGreaterThan(50);
    for (const [first, second] of pairs) {
      expect(first.birthRank).toBe(1);
      expect(second.birthDate).toBe(first.birthDate);
      expect(second.certifiedNir?.nir.slice(1, 10)).toBe(first.certifiedNir?.nir.slice(1, 10));
      expect(second.certifiedNir?.nir).not.toBe(first.certifiedNir?.nir);
    }
  });

  it('have children with two insured parents', () => {
    const parents = new Map<string, Set<string>>();
    for (const { insured, beneficiaries } of families) {
      for (const { quality, certifiedNir } of beneficiaries) {
        const child = certifiedNir?.nir as string;
        if (quality === 6) parents.set(child, (parents.get(child) ?? new Set()).add(insured.nir));
      }
    }
    const sizes = [...parents.values()].map(({ size }) => size);
    expect(Math.max(...sizes)).toBe(2);
    expect(sizes.filter((size) => size === 2).length).toBeGreaterThan(500);
  });

  it('are only of the test organism', () => {
    expect(new Set(families.map(({ affiliation }) => `${affiliation.regime}${affiliation.caisse}`))).toEqual(
      new Set(['01999']),
    );
  });

  it('give no number twice, also where households own the same communes and orders again', { timeout: 120_000 }, () => {
    const owners = new Map<string, string>();
    let household = 0;
    let before: Family | null = null;
    for (const family of syntheticFamilies('many', 60_000)) {
      // The second parent of a household follows the first, and shares its children.
      if (before === null || !isPartner(before, family)) household++;
      before = family;
      for (const { certifiedNir } of family.beneficiaries) {
        const nir = certifiedNir?.nir as string;
        const owner = owners.get(nir);
        if (owner !== undefined && owner !== `${household}`) throw new Error(`twice: ${owner} and ${household}`);
        owners.set(nir, `${household}`);
      }
    }
    expect(household).toBeGreaterThan(4 * 11_160);
  });
});

function isPartner(first: Family, second: Family): boolean {
  const [a, b] = [first.beneficiaries[0], second.beneficiaries[0]];
  return b?.birthName !== null && a?.usualName === b?.usualName && first.department === second.department;
}
