import { describe, expect, it } from 'vitest';
import { enrol, refuseClosed } from '../../../../../rig/life/issuer/enrolment.ts';
import { addFamilies, cardClaimsOf } from '../../../../../rig/life/issuer/registry.ts';
import { changeRollout, EVERYWHERE, openDepartments } from '../../../../../rig/life/issuer/rollout.ts';
import { ADRUN, LEA, NAMESAKE, NOW, ZOE } from '../people.ts';
import { A, type IssuerInStore } from './issuer-in-store.ts';

/** Who is insured, who somebody is, and where it is open. */
export function registryContract({ store, activate, refuses }: IssuerInStore): void {
  describe('families', () => {
    it('are added once', async () => {
      const another = { ...NAMESAKE, insured: { nir: '2751263220751', key: '72' } };
      expect(await addFamilies(store, { families: [ADRUN, another, another, NAMESAKE], now: NOW })).toBe(1);
      expect(await addFamilies(store, { families: [another], now: NOW })).toBe(0);
      expect(await store.sql.query('select count(*) as n from insured')).toEqual([{ n: 3 }]);
    });

    it('are what the card and the credential say', async () => {
      const activationId = await activate(A);
      const { insured, affiliation, beneficiaries } = ADRUN;
      expect(await cardClaimsOf(store, activationId)).toEqual({ insured, affiliation, beneficiaries });
      expect(await cardClaimsOf(store, 'act_none')).toBeNull();
    });
  });

  describe('who somebody is', () => {
    it.each([
      ['as it is registered', ZOE],
      ['in other letters', { ...ZOE, familyName: 'ADRUN', givenName: 'zoe' }],
    ])('is found %s', async (_, identity) => {
      expect((await enrol(store, { identity, now: NOW })).claims.insured).toEqual(ADRUN.insured);
    });

    it('tells two apart who were born the same day in the same place', async () => {
      expect((await enrol(store, { identity: LEA, now: NOW })).claims.insured).toEqual(NAMESAKE.insured);
    });

    it.each([
      ['another family name', { ...ZOE, familyName: 'Nessi' }],
      ['no given name', { ...ZOE, givenName: '-' }],
      ['another day', { ...ZOE, birthDate: '1975-12-30' }],
      ['another place', { ...ZOE, birthPlaceCode: '63221' }],
      [
        'a child of the family',
        { familyName: 'NESSI', givenName: 'MICHELANGELO', birthDate: '2010-08-07', birthPlaceCode: '63220' },
      ],
    ])('is nobody with %s', async (_, identity) => {
      await refuses(enrol(store, { identity, now: NOW }), 'unknown-person');
    });

    it('is nobody when two have the same names', async () => {
      const [zoe] = ADRUN.beneficiaries;
      const twin = { ...ADRUN, insured: { nir: '2751263220751', key: '72' }, beneficiaries: [zoe!] };
      await addFamilies(store, { families: [twin], now: NOW });
      await refuses(enrol(store, { identity: ZOE, now: NOW }), 'unknown-person');
    });
  });

  describe('the roll-out', () => {
    it('refuses whoever lives where it is not open', async () => {
      await changeRollout(store, { departments: [EVERYWHERE], open: false, now: NOW });
      expect(await changeRollout(store, { departments: ['2A', '2A'], open: true, now: NOW })).toEqual(['2A']);
      await refuses(enrol(store, { identity: ZOE, now: NOW }), 'department-closed');
      // The same before a ticket is spent; somebody who is not known spends it.
      await refuses(refuseClosed(store, { identity: ZOE, now: NOW }), 'department-closed');
      await refuseClosed(store, { identity: LEA, now: NOW });
      await refuseClosed(store, { identity: { ...ZOE, givenName: 'Eve' }, now: NOW });
      expect((await enrol(store, { identity: LEA, now: NOW })).number).toBe(1);
      expect(await openDepartments(store)).toEqual([{ department: '2A', openedAt: NOW }]);
      expect(await changeRollout(store, { departments: ['2A', '75'], open: false, now: NOW })).toEqual(['2A']);
    });
  });
}
