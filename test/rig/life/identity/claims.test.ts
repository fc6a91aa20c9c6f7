import { expect, it } from 'vitest';
import { readIdentityClaims } from '../../../../rig/life/identity/claims.ts';

const CLAIMS = { family_name: 'ADRUN', given_name: 'ZOE', birthdate: '1975-12-31', birth_place_code: '63220' };

it('reads the four claims, and nothing else', () => {
  expect(readIdentityClaims({ ...CLAIMS, sex: 2 })).toEqual({
    familyName: 'ADRUN',
    givenName: 'ZOE',
    birthDate: '1975-12-31',
    birthPlaceCode: '63220',
  });
});

it.each(['2A004', '2B033', '97105', '99109'])('knows %s as a place of birth', (code) => {
  expect(readIdentityClaims({ ...CLAIMS, birth_place_code: code })?.birthPlaceCode).toBe(code);
});

it.each(['1950-30-00', '1950-99-12', '2000-02-29'])('knows %s as a date of birth', (birthdate) => {
  expect(readIdentityClaims({ ...CLAIMS, birthdate })?.birthDate).toBe(birthdate);
});

it.each<[string, Record<string, unknown>]>([
  ['a missing name', { family_name: undefined }],
  ['an empty name', { given_name: '' }],
  ['a name without end', { given_name: 'A'.repeat(101) }],
  ['a name that is no text', { given_name: ['ZOE'] }],
  ['a day that does not exist', { birthdate: '1975-02-29' }],
  ['a day above 31', { birthdate: '1950-30-32' }],
  ['a day 0 of a month', { birthdate: '1975-12-00' }],
  ['a date with a time', { birthdate: '1975-12-31T00:00:00Z' }],
  ['a place of four characters', { birth_place_code: '6322' }],
  ['a place with other letters', { birth_place_code: '2C004' }],
])('takes no identity with %s', (_, change) => {
  expect(readIdentityClaims({ ...CLAIMS, ...change })).toBeNull();
});
