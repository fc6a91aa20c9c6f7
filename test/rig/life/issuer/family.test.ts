import { describe, expect, it } from 'vitest';
import { birthPlaceOf, foldedName, readFamily } from '../../../../rig/life/issuer/family.ts';
import { ADRUN } from './people.ts';

const [first, second] = ADRUN.beneficiaries;

describe('a line with a family', () => {
  it('is read as it is', () => {
    expect(readFamily(JSON.stringify(ADRUN))).toEqual(ADRUN);
  });

  it.each([
    ['nothing', '', 'not JSON'],
    ['half a line', JSON.stringify(ADRUN).slice(0, 80), 'not JSON'],
    ['a list', '[]', /expected object/],
    ['a field of nobody', { ...ADRUN, mutuelle: 'x' }, 'no field mutuelle is known'],
    [
      'something medical',
      { ...ADRUN, beneficiaries: [{ ...first, allergies: [] }] },
      'beneficiaries.0: no field allergies is known',
    ],
    ['no department', { ...ADRUN, department: '20' }, 'department: no department, such as 75, 2A or 974'],
    ['a wrong key', { ...ADRUN, insured: { ...ADRUN.insured, key: '75' } }, 'insured: not the key of this NIR'],
    [
      'a provisional number',
      { ...ADRUN, insured: { nir: '7751263220749', key: '01' } },
      'insured: a provisional number, which has no key: a NIR is needed here',
    ],
    [
      'month 13',
      { ...ADRUN, insured: { nir: '2751363220749', key: '01' } },
      'insured: not a NIR: month 13 is neither 01 to 12 nor 20 to 99',
    ],
    [
      'another organism',
      { ...ADRUN, affiliation: { ...ADRUN.affiliation, caisse: '751' } },
      'affiliation.caisse: not 999: only the test organism 01 999 is registered here',
    ],
    ['nobody', { ...ADRUN, beneficiaries: [] }, /^beneficiaries: /],
    ['a child first', { ...ADRUN, beneficiaries: [second] }, 'beneficiaries.0.quality: the insured (0) stands first'],
    [
      'the number of somebody else',
      { ...ADRUN, beneficiaries: [{ ...first, certifiedNir: second?.certifiedNir }] },
      'beneficiaries.0.certifiedNir: not that of the insured',
    ],
    [
      'an index twice',
      { ...ADRUN, beneficiaries: [first, { ...second, index: 1 }] },
      'beneficiaries.1.index: there twice',
    ],
    [
      'two insured',
      { ...ADRUN, beneficiaries: [first, { ...second, quality: 0 }] },
      'beneficiaries.1.quality: a second insured (0)',
    ],
    [
      'a name with an escape sequence',
      { ...ADRUN, beneficiaries: [{ ...first, usualName: 'A\u001b[2J' }] },
      /^beneficiaries.0.usualName: not composed text/,
    ],
    [
      'rights that end before they start',
      { ...ADRUN, beneficiaries: [{ ...first, rights: [{ start: '20250101', end: '20241231' }] }] },
      'beneficiaries.0.rights.0: ends before it starts',
    ],
    [
      'a day that is none',
      { ...ADRUN, beneficiaries: [{ ...first, rights: [{ start: '20250230', end: null }] }] },
      'beneficiaries.0.rights.0.start: not a day of the calendar written AAAAMMJJ',
    ],
    ['too much', { ...ADRUN, department: ' '.repeat(70_000) }, 'longer than 65536 characters'],
  ])('with %s is refused in words that repeat no value', (_, line, message) => {
    const text = typeof line === 'string' ? line : JSON.stringify(line);
    expect(() => readFamily(text)).toThrow(message);
    expect(() => readFamily(text)).not.toThrow(/220749|ADRUN/);
  });

  it.each([
    ['half a character', 'A\ud800'],
    ['what turns its direction', 'A\u202eB'],
    ['a character that is not seen', 'A\u200bB'],
  ])('with %s in a name is refused', (_, usualName) => {
    const line = JSON.stringify({ ...ADRUN, beneficiaries: [{ ...first, usualName }] });
    expect(() => readFamily(line)).toThrow(/^beneficiaries.0.usualName: not composed text/);
  });
});

it.each([
  ['2751263220749', '63220'],
  ['17609 2A004 012'.replaceAll(' ', ''), '2A004'],
  ['1760997401012', '97401'],
  ['1760999350012', '99350'],
])('the place of birth of %s is %s', (nir, place) => {
  expect(birthPlaceOf(nir)).toBe(place);
});

it.each([
  ['Zoé', 'ZOE'],
  ['D’ŒUVRÉ', 'DOEUVRE'],
  ["d'oeuvre", 'DOEUVRE'],
  ['PIERRE-ALAIN', 'PIERREALAIN'],
  ['Le Goff', 'LEGOFF'],
])('%s is compared as %s', (name, folded) => {
  expect(foldedName(name)).toBe(folded);
});
