import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildImage, FIXED_SEED } from '../../../../rig/card/open.ts';
import { checkCampaign } from '../../../../rig/lab/campaign/check-cases.ts';
import { lookIn, surroundings } from '../../../../rig/lab/campaign/surroundings.ts';
import { FileNvm } from '../../../../src/hal/nvm/file.ts';

/** Whether a campaign has something to judge, found with the real suites, profiles and images. */

const SLOW_MS = 60_000;
const profile = (name: string): URL => new URL(`../../../../profiles/${name}.yaml`, import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'vitap-check-cases-'));

beforeAll(async () => {
  const image = await buildImage('apcv', FIXED_SEED);
  FileNvm.create(join(folder, 'apcv.img'), image).close();
  writeFileSync(join(folder, 'torn.img'), readFileSync(join(folder, 'apcv.img')).subarray(0, 1000));
  writeFileSync(
    join(folder, 'phone.yaml'),
    readFileSync(profile('apcv'), 'utf8').replace('profile: apcv', 'profile: own'),
  );
  FileNvm.create(join(folder, 'own.img'), await buildImage(join(folder, 'phone.yaml'), FIXED_SEED)).close();
  writeFileSync(join(folder, 'own.yaml'), 'extends: vitale2\nprofile: own\ndata: {insured: {nir: 1}}\n');
  writeFileSync(
    join(folder, 'card.yaml'),
    'card: a batch\ninterface: contactless\napplications:\n  - { name: A0000001 }\n',
  );
  mkdirSync(join(folder, 'traces'));
}, SLOW_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function check(...lines: string[]): Promise<string> {
  const text = ['version: 1', 'name: c', ...lines].join('\n');
  try {
    const { runs } = await checkCampaign(
      text,
      'c.yaml',
      { ...(await surroundings(folder)), boards: null },
      lookIn(folder),
    );
    return `${runs.length} runs`;
  } catch (error) {
    expect((error as Error).name).toBe('ProfileError');
    return (error as Error).message;
  }
}

it('takes suites that have cases for their cards, on each interface', { timeout: SLOW_MS }, async () => {
  const cards = ['vitale2', 'apcv'].flatMap((profile) =>
    ['contact', 'contactless'].map((on) => `  - {id: ${profile}-${on}, profile: ${profile}, interface: ${on}}`),
  );
  const judge = ['judge:', '  - conform: vitale', '  - conform: iso7816-4', '    only: "SEL-*"'];
  expect(await check('cards:', ...cards, ...judge)).toBe('8 runs');
});

it.each<[string, string[], RegExp]>([
  [
    'a suite for another kind of card',
    ['cards:', '  - {id: a, profile: vitale2}', '  - {id: b, profile: ndef}', 'judge:', '  - conform: t4t'],
    /^c\.yaml:7:14: t4t has nothing to judge on the card `a`: no case applies to this card, declared as profile vitale2\. \d+ (of \d+ )?cases: the card has not [^;]+; `cards` says which cards it is for, `declare` what a card holds$/,
  ],
  [
    'cases that exist, and none of them for this card on this interface',
    [
      'cards:',
      '  - {id: a, image: apcv.img, interface: contactless}',
      'judge:',
      '  - conform: vitale',
      '    only: VIT-001',
    ],
    /^c\.yaml:6:14: vitale has nothing to judge on the card `a` used contactless: no case applies to this card, declared as profile apcv\. 1 case: the card has not the application VITALE, as far as it is declared; /,
  ],
  [
    'an image of a profile that is not here, and says nothing of itself that is judged',
    ['cards:', '  - {id: a, image: own.img}', 'judge:', '  - conform: vitale'],
    /^c\.yaml:6:14: vitale has nothing to judge on the card `a`: no case applies to this card, declared as what the card says of itself\. /,
  ],
  [
    'a suite of the channel on a card without one',
    ['cards:', '  - {id: a, profile: reference}', 'judge:', '  - conform: pace'],
    /^c\.yaml:6:14: pace has nothing to judge on the card `a`: /,
  ],
  [
    'ids that no case has',
    ['cards:', '  - {id: a, profile: vitale2}', 'judge:', '  - conform: vitale', '    only: SEL-001'],
    /^c\.yaml:7:11: no case of vitale has an id like SEL-001$/,
  ],
  [
    'ids that no trace has',
    ['cards:', '  - {id: a, profile: vitale2}', 'judge:', '  - replay: suites/vitale2', '    only: none-*'],
    /^c\.yaml:7:11: no trace of suites\/vitale2 has an id like none-\*$/,
  ],
  [
    'a folder that is no suite',
    ['cards:', '  - {id: a, profile: vitale2}', 'judge:', '  - replay: traces'],
    /^c\.yaml:6:13: .*traces is no suite: it has no suite\.yaml$/,
  ],
  [
    'an image that is damaged',
    ['cards:', '  - {id: a, image: torn.img}', 'judge:', '  - conform: vitale'],
    /^c\.yaml:4:5: .*torn\.img /,
  ],
  [
    'a profile with a fault, at its own place',
    ['cards:', '  - {id: a, profile: own.yaml}', 'judge:', '  - conform: vitale'],
    /own\.yaml:3:\d+: /,
  ],
])('refuses %s', { timeout: SLOW_MS }, async (_what, lines, expected) => {
  expect(await check(...lines)).toMatch(expected);
});

it('leaves what only the card can tell to the bench, and judges what its declaration tells', {
  timeout: SLOW_MS,
}, async () => {
  const real = ['cards:', '  - {id: a, label: blue-42}', 'judge:'];
  expect(await check(...real, '  - conform: vitale', '  - conform: sm')).toBe('2 runs');
  expect(await check(...real, '  - conform: vitale', '    declare: card.yaml', '    only: VIT-20*')).toMatch(
    /^c\.yaml:6:14: vitale has nothing to judge on the card `a`: no case applies to this card, declared as a batch/,
  );
});
