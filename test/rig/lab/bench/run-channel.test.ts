import { expect, it } from 'vitest';
import type { FiledCard } from '../../../../rig/lab/bench/bench-file.ts';
import { NO_BENCH_FILE } from '../../../../rig/lab/bench/bench-file.ts';
import { devicesOf } from '../../../../rig/lab/bench/devices.ts';
import { channelOfRun } from '../../../../rig/lab/bench/run-channel.ts';
import type { RunCard, RunWork } from '../../../../rig/lab/campaign/work.ts';

type OnCard = Extract<RunWork, { kind: 'conform' | 'bench-tap' }>;

const THERE: RunCard = { kind: 'there' };
const FILED: FiledCard = {
  label: 'blue',
  atr: null,
  reader: 'x',
  pinFile: null,
  canFile: null,
  terminalKeys: 'test',
  reference: false,
};
const conform = (suite: 'vitale' | 'iso7816-4' | 'sm', card: RunCard, more: object = {}): OnCard => ({
  kind: 'conform',
  suite,
  card,
  ...more,
});

async function channelFor(work: OnCard, env: Readonly<Record<string, string>>, filed: FiledCard | null = null) {
  const [device] = await devicesOf(NO_BENCH_FILE, { driver: 'pcsc', readers: [] });
  const { choice, env: given } = await channelOfRun(work, { inputs: '.', env, device: { ...device!, card: filed } });
  return [choice.code, choice.terminalKeys, given.VITAP_CAN, given.VITAP_PIN];
}
const profile = (name: string): RunCard => ({ kind: 'profile', profile: name });

// Codes as profiles/NAME.yaml writes them.
it.each<[string, OnCard, unknown[]]>([
  ['where it has PACE, for what is read', conform('vitale', profile('vitale2')), [null, null, '314159', '274916']],
  ['none for single commands', conform('iso7816-4', profile('vitale2')), [null, null, undefined, '274916']],
  [
    'as the campaign wants it',
    conform('iso7816-4', profile('apcv'), { channel: 'can' }),
    ['can', null, '161803', '274916'],
  ],
  [
    'none if the campaign wants none',
    conform('vitale', profile('apcv'), { channel: 'none' }),
    [null, null, undefined, '274916'],
  ],
  ['the CAN for the suites of the channel', conform('sm', profile('eac')), [null, null, '500540', '123456']],
  ['none with a card that has none', conform('vitale', profile('reference')), [null, null, undefined, undefined]],
])('a card of ours, its codes from its image: %s', async (_what, work, expected) => {
  expect(await channelFor(work, {})).toEqual(expected);
});

it('a card that lies there: with the codes that the bench has for it', async () => {
  const env = { VITAP_CAN: '123456' };
  expect(await channelFor(conform('vitale', THERE), env, FILED)).toEqual([null, 'test', '123456', undefined]);
  expect(await channelFor(conform('iso7816-4', THERE), env, FILED)).toEqual([null, null, undefined, undefined]);
  expect(await channelFor(conform('vitale', THERE), {}, FILED)).toEqual([null, null, undefined, undefined]);
});

it.each<[string, RunCard, string]>([
  [
    'a card that lies there',
    THERE,
    'the card has no access number (CAN) that this bench knows: the bench file names a file with it, `canFile`',
  ],
  [
    'a card of ours',
    profile('reference'),
    'the card has no access number (CAN) that this bench knows, and so no channel',
  ],
])('%s without a CAN, and a campaign that wants a channel: one sentence', async (_what, card, sentence) => {
  await expect(channelFor(conform('vitale', card, { channel: 'can' }), {})).rejects.toThrow(sentence);
});
