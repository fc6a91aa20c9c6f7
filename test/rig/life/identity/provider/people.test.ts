import { expect, it } from 'vitest';
import { formatPeople, parsePeople, TEST_PEOPLE } from '../../../../../rig/life/identity/provider/people.ts';

const file = (change: Record<string, unknown> = {}, more: Record<string, unknown> = {}): string =>
  JSON.stringify({ format: 'vitap identities', version: 1, people: [{ ...TEST_PEOPLE[0], ...change }], ...more });

it('reads what it writes', () => {
  expect(parsePeople(formatPeople(TEST_PEOPLE), 'people.json')).toEqual(TEST_PEOPLE);
});

it.each<[string, string, string]>([
  ['no JSON', '{', 'people.json: no identities: the file is not JSON'],
  ['another format', file({}, { format: 'x' }), 'people.json: no identities: format is not as the format has it'],
  ['nobody', file({}, { people: [] }), 'people.json: no identities: people is not as the format has it'],
  ['more than a person has', file({ nir: '275126322074974' }), 'no identities: people.0 is not as the format has it'],
  ['a name with a control character', file({ givenName: 'ZO\u001bE' }), 'people.0.givenName is not'],
  ['a day that does not exist', file({ birthDate: '1975-02-29' }), 'people.0.birthDate is not'],
  ['a place of four characters', file({ birthPlaceCode: '6322' }), 'people.0.birthPlaceCode is not'],
  ['an id twice', file({}, { people: [TEST_PEOPLE[0], TEST_PEOPLE[0]] }), 'an id stands there twice'],
])('refuses %s, and repeats nothing of it', (_, text, sentence) => {
  expect(() => parsePeople(text, 'people.json')).toThrow(sentence);
  expect(() => parsePeople(text, 'people.json')).not.toThrow(/ADRUN|ZOE/);
});
