import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseDocument, visit } from 'yaml';
import { ProfileError, parseProfile } from '../../../../rig/card/profile/index.ts';
import { personalise } from '../../../../src/applet/image/personalise.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { SMALL, world } from './small-profile.ts';

/** What somebody may write in the place of any value. */
const ODD = [
  ...['', '0', '00', '-1', '1', '7', 'FF', '65535', '99999999', '1e9', '0x10', '~', 'null', 'yes'],
  ...['DF01', '5F', '1F', 'A5', '0081', '7F4980', '3F00', 'FFFF', '00'.repeat(70), 'a'.repeat(300)],
  ...['zz', 'é', '😀', '\u0000', 'always', 'identity', '2751263220749', '20251399'],
];
/** So many values to a scalar that every run takes each of {@link ODD} somewhere; 32 and 101 have no common factor. */
const STEP = 101;

it.each(['small', 'lab'])('a value of %s that is none is a fault with its place', { timeout: 120_000 }, (name) => {
  const source = name === 'small' ? SMALL : readFileSync('profiles/lab.yaml', 'utf8');
  const scalars: (readonly [from: number, to: number])[] = [];
  visit(parseDocument(source), {
    Scalar(key, { range }) {
      if (key !== 'key' && range) scalars.push([range[0], range[1]]);
    },
  });
  const crypto = nobleCrypto();
  for (let n = 0; n < scalars.length * ODD.length; n += STEP) {
    const [from, to] = scalars[Math.floor(n / ODD.length)]!;
    const text = `${source.slice(0, from)}${JSON.stringify(ODD[n % ODD.length])}${source.slice(to)}`;
    try {
      // What the profile lets through must make a card.
      personalise(parseProfile(text, 'x.yaml', world()), crypto);
    } catch (error) {
      expect(error, text.slice(from - 40, from + 40)).toBeInstanceOf(ProfileError);
      expect((error as ProfileError).issues.length).toBeGreaterThan(0);
    }
  }
});
