import { describe, expect, it } from 'vitest';
import { isMedical } from '../../../../rig/card/profile/medical.ts';
import { broken, faults } from './small-profile.ts';

describe('keys that smell of medical data', () => {
  it.each(
    (
      'ald codeALD code_ald exoneration exonérations prescriber prescripteur speciality specialty specialities ' +
      'spécialité act acts actes codeActe pathology pathologies maternity maternité accident workAccident ' +
      'situation codeSituation diagnosis diagnostic blood bloodGroup groupeSanguin groupe_sanguin groupesanguin allergy allergies ' +
      'treatment traitements photo photograph medecinTraitant médecin-traitant medecin traitant maladie ' +
      'vaccinations ordonnance handicap pregnancy illnesses diseases'
    ).split(' '),
  )('%s', (key) => expect(isMedical(key)).toBe(true));

  it.each([
    'access',
    'activate',
    'deactivate',
    'contact',
    'contactless',
    'capacity',
    'card',
    'actual',
    'quality',
    'holder',
    'professionalName',
    'thirdParty',
    'organism',
    'caisse',
    'regime',
    'description',
    'birthRank',
    'bold',
    'alder',
  ])('not %s', (key) => expect(isMedical(key)).toBe(false));
});

describe('a profile with medical data', () => {
  it.each([
    ['at the top', ['profile: small', 'profile: small\n«allergies: [pollen]'], 'allergies'],
    ['in the data', ['  affiliation:', '  «medecinTraitant: { nom: X }\n  affiliation:'], 'medecinTraitant'],
    ['beside a person', ['      firstName: ZOE', '      firstName: ZOE\n      «bloodGroup: O'], 'bloodGroup'],
    ['in an invoice', ['      total: 30.00', '      «actes: [G]\n      total: 30.00'], 'actes'],
    ['in a file', ['      name: IDENT', '      «photo: 00\n      name: IDENT'], 'photo'],
    [
      'in a key deep inside another',
      ['  affiliation:', '  «situation: { maternite: yes }\n  affiliation:'],
      'situation',
    ],
  ] as const)('%s', (_, change, key) => {
    const { text, places } = broken(change);
    expect(faults(text)).toEqual([
      { file: 'profiles/x.yaml', ...places[0], message: `\`${key}\`: medical data have no place on this card` },
    ]);
  });
});
