import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpecificationError } from '../../../../src/applet/image/personalise.ts';
import { arbitraryProfile } from './arbitrary-profile.ts';
import { faultsOf } from './judged-profile.ts';
import '../../../seed.ts';

/** As different as the language allows; `own` and `declared` were found to fail by others. */
const OWN = ['own', 'declared', 'smallest', 'deep', 'records', 'codes', 'rules'];

describe('a card of a profile of somebody else', () => {
  it.each(OWN)('%s: no case fails or cannot be judged', { timeout: 30_000 }, async (name) => {
    const text = readFileSync(join(import.meta.dirname, `../../../vectors/profiles/${name}.yaml`), 'utf8');
    expect(await faultsOf(text)).toEqual([]);
  });
});

describe('a card of any valid profile', () => {
  it('has no case that fails or cannot be judged', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryProfile, async (document) => {
        expect(await judged(JSON.stringify(document, null, 1))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

/** Rules may come out longer than an image keeps them, which is told when the card is made: such a profile is none. */
async function judged(text: string): Promise<readonly string[]> {
  try {
    return await faultsOf(text);
  } catch (error) {
    if (error instanceof SpecificationError) return fc.pre(false) as never;
    throw error;
  }
}
