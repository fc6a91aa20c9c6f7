import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseBenchFile } from '../../../../rig/lab/bench/bench-file.ts';
import { parseCampaign } from '../../../../rig/lab/campaign/campaign.ts';
import { checkCampaign } from '../../../../rig/lab/campaign/check-cases.ts';
import { lookIn, surroundings } from '../../../../rig/lab/campaign/surroundings.ts';

const DOCUMENT = readFileSync(new URL('../../../../docs/lab.md', import.meta.url), 'utf8');
const [campaign = '', bench = '', acceptance = '', antenna = ''] = [...DOCUMENT.matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, text]) => text as string,
);

it('the campaign that the documentation shows is one', () => {
  const around = { kindOf: () => 'file', isProfile: () => true, isShippedSuite: () => true, boards: null } as const;
  const read = parseCampaign(campaign, 'docs/lab.md', {
    ...around,
    kindOf: (path) => (path.startsWith('suites/') ? null : 'file'),
  });
  // Two cards, one, one, a board three times, a rehearsal: each twice.
  expect(read.runs.length).toBe(16);
  expect([read.inputs, read.every]).toEqual([['card.elf', 'cards/blue.img', 'cards/own.yaml'], ['h7']]);
});

it('the file of a bench that the documentation shows is one', () => {
  const { readers, cards, boards } = parseBenchFile(
    bench.replace('pinFile: blue.pin, canFile: blue.can', 'pinFile: ., canFile: .'),
    'docs/lab.md',
    '/',
  );
  expect([readers.length, boards.length, cards.map(({ label }) => label)]).toEqual([3, 4, ['blue-42', 'ref-1']]);
});

it('the acceptance that the documentation shows is a campaign with something to judge in every run', {
  timeout: 30_000,
}, async () => {
  const around = { ...(await surroundings('.')), boards: null };
  const { runs } = await checkCampaign(acceptance, 'docs/lab.md', around, lookIn('.'));
  expect(runs.length).toBe(8);
  const { readers } = parseBenchFile(antenna, 'docs/lab.md', '/');
  expect(readers.map(({ link }) => link?.driver)).toEqual(['pn532']);
});
