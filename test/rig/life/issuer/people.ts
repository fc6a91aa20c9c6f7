import type { Claim } from '../../../../rig/life/credential/claim.ts';
import type { Family } from '../../../../rig/life/issuer/family.ts';
import type { Invoice } from '../../../../src/applet/vitale/index.ts';

/** A moment of the tests: 25 November 2025, 14:00 UTC. */
export const NOW: number = Date.UTC(2025, 10, 25, 14);
export const SECOND = 1000;
export const MINUTE: number = 60 * SECOND;
export const HOUR: number = 60 * MINUTE;
export const DAY: number = 24 * HOUR;

/** The published test identity, with two children. */
export const ADRUN: Family = {
  department: '75',
  insured: { nir: '2751263220749', key: '74' },
  affiliation: { regime: '01', caisse: '999', centre: '0001', codeGestion: '10' },
  beneficiaries: [
    person(1, 0, '19751231', 'ADRUN', 'ZOÉ', { nir: '2751263220749', key: '74' }),
    person(2, 6, '20090714', 'ECETINSI', 'PIERRE-ALAIN', { nir: '1090763220834', key: '89' }),
    person(3, 6, '20100807', 'NESSI', 'MICHELANGELO', { nir: '1100863220830', key: '60' }),
  ],
};

/** Born the same day in the same place. */
export const NAMESAKE: Family = {
  department: '2A',
  insured: { nir: '2751263220750', key: '73' },
  affiliation: ADRUN.affiliation,
  beneficiaries: [person(1, 0, '19751231', 'D’ŒUVRÉ', 'LÉA', { nir: '2751263220750', key: '73' })],
};

function person(
  index: number,
  quality: number,
  birthDate: string,
  usualName: string,
  firstName: string,
  certifiedNir: { nir: string; key: string },
): Family['beneficiaries'][number] {
  const rights = [{ start: '20240101', end: null }];
  return { index, quality, birthRank: 1, birthDate, usualName, birthName: null, firstName, certifiedNir, rights };
}

export const ZOE = { familyName: 'Adrun', givenName: 'Zoé', birthDate: '1975-12-31', birthPlaceCode: '63220' };
export const LEA = { familyName: "d'Oeuvre", givenName: 'Lea', birthDate: '1975-12-31', birthPlaceCode: '63220' };

/** A thumbprint of 43 characters. */
export const deviceKey = (name: string): string => name.padEnd(43, '-');
/** A point on no curve: the registry stores it and no more. */
export const holderKey = (fill: number): Uint8Array => Uint8Array.of(4, ...new Uint8Array(64).fill(fill));
export const serial = (number: number): Uint8Array => Uint8Array.of(0x99, 0x90, 0, 0, 0, number);

export const COUNTER = 'FRVITAPATCNT01';
export const OTHER_COUNTER = 'FRVITAPATCNT02';
export const request = (name: string): string => name.padEnd(16, '_');

export const CLAIM: Claim = {
  number: '000000108',
  date: '20251125',
  beneficiaryIndex: 2,
  professionalId: '999000018',
  professionalName: 'CABINET DES TILLEULS',
  total: 3000,
  amo: 1900,
  amc: 900,
  patient: 200,
  thirdParty: true,
};
export const INVOICE: Invoice = { ...CLAIM, status: 'recorded' };
