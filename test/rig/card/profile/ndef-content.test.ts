import { describe, expect, it } from 'vitest';
import { parseProfile } from '../../../../rig/card/profile/index.ts';
import { toHex } from '../../../../src/apdu/index.ts';
import type { TransparentSpecification } from '../../../../src/applet/image/specification.ts';
import { faults, world } from './small-profile.ts';

/** A tag whose NDEF file has this content. */
const profile = (ndef: string): string => `profile: tag
link: { interface: contactless, protocol: T=1, historicalBytes: "", uid: random }
card: { serial: "01", type: T, validFrom: "20240101" }
masterFile:
  files:
    - fid: E104
      structure: transparent
      access: { read: always }
      content: { ndef: ${ndef} }
`;

function content(ndef: string): string {
  const [file] = parseProfile(profile(ndef), 'tag.yaml', world()).masterFile.children;
  return toHex((file as TransparentSpecification).content);
}

describe('the NDEF file of a profile', () => {
  // Length, message by hand, zeros.
  it.each([
    ['{ size: 5, records: [] }', '0000000000'],
    ['{ size: 12, records: [{ uri: "http://www.a.b" }] }', '0008 D101045501 612E62 0000'],
    ['{ size: 10, records: [{ text: a, language: en }] }', '0008 D101045402 656E 61'],
    [
      '{ size: 20, records: [{ uri: "https://a" }, { text: a, language: fr }] }',
      '000E 91010255 0461 5101045402 6672 61 00000000',
    ],
  ])('%s', (ndef, hex) => expect(content(ndef)).toBe(hex.replaceAll(' ', '')));

  it.each([
    ['{ size: 4, records: [] }', '`4` is not a whole number from 5 to 32767'],
    ['{ size: 9, records: [{ text: a, language: en }] }', 'a message of 8 bytes and its length need 10'],
    ['{ size: 99, records: [{ text: a }] }', '`text` and `language` go together'],
    ['{ size: 99, records: [{ uri: a, language: en }] }', '`text` and `language` go together'],
    ['{ size: 99, records: [{ uri: a, text: b, language: en }] }', 'one of uri, text is needed'],
    ['{ size: 99, records: [{}] }', 'one of uri, text is needed'],
    ['{ size: 99, records: [{ text: a, language: 1 }] }', '`1` is not a language code such as en or fr-CA'],
  ])('%s: %s', (ndef, message) => {
    expect(faults(profile(ndef)).map((fault) => fault.message)).toEqual([message]);
  });
});
