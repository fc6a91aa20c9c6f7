import { expect, it } from 'vitest';
import { measureQrCodes } from '../../../../rig/life/bench/qr-figures.ts';
import { OfflineQrTooLong } from '../../../../rig/life/credential/offline-qr.ts';
import { content, crypto, NOW, people } from '../credential/card.ts';

const { activation, affiliation } = content();
const world = { crypto, now: NOW, signal: new AbortController().signal };

it('measures each round once, and says of what', async () => {
  const figures = await measureQrCodes({ activation, affiliation, people: people(4) }, 3, world);
  expect(figures).toMatchObject({ people: 4, make: { n: 3 }, draw: { n: 3 }, verify: { n: 3 } });
  expect(figures.characters).toBeGreaterThan(800);
  expect(figures.version).toBeGreaterThan(15);
  for (const { p50us } of [figures.make, figures.draw, figures.verify]) expect(p50us).toBeGreaterThan(0);
}, 30_000);

it('ends when it is told to, and for a family that is too large', async () => {
  const family = { activation, affiliation, people: people(4) };
  const ended = measureQrCodes(family, 1000, { ...world, signal: AbortSignal.abort() });
  await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
  const large = measureQrCodes({ ...family, people: people(10, 'each') }, 1, world);
  await expect(large).rejects.toBeInstanceOf(OfflineQrTooLong);
});
