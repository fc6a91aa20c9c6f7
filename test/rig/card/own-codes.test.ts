import { expect, it } from 'vitest';
import { buildImage, FIXED_SEED } from '../../../rig/card/open.ts';
import { codesOf } from '../../../rig/card/own-codes.ts';

it.each([
  // As profiles/NAME.yaml writes them.
  ['vitale2', { can: '314159', pin: '274916' }],
  ['apcv', { can: '161803', pin: '274916' }],
  ['eac', { can: '500540', pin: '123456' }],
  // Its code is no password of PACE: the image has its hash alone.
  ['reference', { can: null, pin: null }],
])('the codes of %s are read from its image', async (profile, codes) => {
  expect(codesOf(await buildImage(profile, FIXED_SEED))).toEqual(codes);
});
