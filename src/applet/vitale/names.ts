import type { Affiliation } from './card-data.ts';

const REGIMES: Readonly<Record<string, string>> = {
  '01': 'régime général',
  '02': 'régime agricole (MSA)',
  '03': 'régime des indépendants',
  '04': 'SNCF',
  '05': 'RATP',
  '06': 'marins (ENIM)',
  '07': 'régime minier',
  '08': 'militaires (CNMSS)',
  '09': 'Banque de France',
  '10': 'clercs et employés de notaires (CRPCEN)',
  '12': 'chambre de commerce et d’industrie de Paris',
  '14': 'Assemblée nationale',
  '15': 'Sénat',
  '16': 'port autonome de Bordeaux',
  '17': 'Français de l’étranger',
  '90': 'cultes (CAVIMAC)',
  '91': 'MGEN',
  '92': 'mutuelle générale (MG)',
  '93': 'mutuelle générale de la police (MGP)',
  '94': 'mutuelles de la fonction publique (MFP)',
  '95': 'mutuelle nationale des hospitaliers (MNH)',
  '96': 'mutuelle nationale de la marine',
  '99': 'section locale mutualiste',
};

const QUALITIES: readonly (string | null)[] = [
  'insured',
  'ascendant, descendant or collateral',
  'spouse',
  'divorced spouse',
  'cohabitant',
  'separated spouse',
  'child',
  null,
  'widowed spouse',
  'other dependant',
];

/** The scheme by its two-digit code, in French as it names itself, or null. */
export function regimeName(code: string): string | null {
  return Object.hasOwn(REGIMES, code) ? (REGIMES[code] as string) : null;
}

/** What a beneficiary is to the insured, by the SESAM-Vitale code, or null. */
export function qualityName(code: number): string | null {
  return QUALITIES[code] ?? null;
}

/**
 * The organism, where we know it by name, or null: only the test ones.
 *
 * Régime 01 with caisse 999 is the GIE SESAM-Vitale; caisse 349 or centre 0349 is a CNDA test card.
 */
export function organismName({ regime, caisse, centre }: Affiliation): string | null {
  if (regime === '01' && caisse === '999') return 'GIE SESAM-Vitale (test)';
  if (caisse === '349' || centre === '0349') return 'CNDA (test)';
  return null;
}
