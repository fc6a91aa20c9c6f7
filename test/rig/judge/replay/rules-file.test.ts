import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProfileError } from '../../../../rig/card/profile/profile-error.ts';
import { parseDeviation } from '../../../../rig/judge/replay/deviation.ts';
import { HexTemplate, TemplateError } from '../../../../rig/judge/replay/hex-template.ts';
import { parseRules } from '../../../../rig/judge/replay/rules-file.ts';
import { parseSecrets } from '../../../../rig/judge/replay/secrets.ts';
import { fieldInWords, nameFields } from '../../../../rig/trace/field-names.ts';
import { tlvTree } from '../../../../rig/trace/tlv-tree.ts';
import { BENEFICIARY, CARD_VALIDITY, IDENTITY, NIR_ENTRY } from '../../../../src/applet/vitale/index.ts';

const refusal = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(ProfileError);
    return (error as Error).message;
  }
  throw new Error('was not refused');
};

describe('faults of a rule file, with their places', () => {
  const rule = (lines: string): string => `version: 1\nrules:\n  - command: 00B2 *\n    ${lines}`;

  it.each([
    ['no version', 'rules: []', 'r.yaml:1:1: `version` is missing'],
    ['another version', 'version: 2', 'r.yaml:1:10: `2` is not 1'],
    ['an unknown key', rule('statsu: 9000'), 'r.yaml:4:5: `statsu` is not a key that is known here'],
    [
      'a rule for nothing',
      'version: 1\nrules:\n  - status: any',
      'r.yaml:3:5: which exchanges? a rule has a `command`, or `exchanges`, or both',
    ],
    ['an odd number of digits', rule('send: 00B'), 'r.yaml:4:11: an odd number of hexadecimal digits'],
    [
      'not hexadecimal',
      rule('answer: hello'),
      'r.yaml:4:13: only hexadecimal digits, X, {name} and a last * may stand here',
    ],
    [
      'a place that is none',
      rule('mask: byte 3'),
      'r.yaml:4:11: a place is `bytes 4-7`, `tag E2/84`, `data` or `status`, with `command` before it if need be',
    ],
    [
      'a status that is none',
      rule('status: ok'),
      'r.yaml:4:13: a status is same, same-class, any, or four digits each as 9000|61XX',
    ],
    [
      'a range upside down',
      rule('ranges: [{at: bytes 0, from: 05, to: 01}]'),
      'r.yaml:4:14: the range ends before it begins',
    ],
    [
      'an unknown plug',
      rule('compute: {x: {plug: des}}'),
      'r.yaml:4:25: `plug` is one of aes-cmac, aes-cbc-encrypt, aes-cbc-decrypt, hmac, hash, random, xor, bytes',
    ],
    ['a plug without its key', rule("compute: {x: {plug: aes-cmac, data: '00'}}"), 'r.yaml:4:15: aes-cmac needs `key`'],
    [
      'a deviation that is none',
      rule('maxDeviation: soon'),
      'r.yaml:4:19: a deviation is a time or a part, as 5ms, 200us or 20%, with + for slower only',
    ],
    ['not YAML', 'version: [', 'not YAML'],
    ['nothing', '', 'r.yaml:1:1: the file is empty'],
  ])('%s', (_, source, message) => {
    expect(refusal(() => parseRules(source, 'r.yaml'))).toContain(message);
  });

  it('any text gives rules or a ProfileError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        try {
          parseRules(text, 'r.yaml');
        } catch (error) {
          expect(error).toBeInstanceOf(ProfileError);
        }
      }),
    );
  });
});

describe('faults of a secrets file', () => {
  it.each([
    ['a code that is none', "codes: {'81': geheim}", 's.yaml:1:15'],
    ['a key that is no hexadecimal', 'keys: {host: geheim}', 's.yaml:1:14'],
    ['a reference that is none', "codes: {geheim: '1234'}", 'a reference is two hexadecimal digits'],
  ])('%s: told without what is written there', (_, source, place) => {
    const message = refusal(() => parseSecrets(source, 's.yaml'));
    expect(message).toContain(place);
    expect(message).not.toContain('geheim');
  });
});

describe('templates', () => {
  it.each([
    ['00 A4 *', '00A40400', true],
    ['00 A4 04 00', '00A40400', true],
    ['00 A4 04', '00A40400', false],
    ['00 AX 04 0X', '00A40405', true],
    ['00 B2 *', '00A40400', false],
    ['*', '', true],
  ])('%s fits %s: %s', (pattern, hex, fits) => expect(HexTemplate.parse(pattern).fits(hex)).toBe(fits));

  it('is laid over a recorded command', () => {
    const value = (): Uint8Array => Uint8Array.of(0xaa, 0xbb);
    expect(HexTemplate.parse('XX 82 XX XX 02 {c}').over('0000010203', value)).toBe('0082010202AABB');
    expect(HexTemplate.parse('84*').over('00B2010400', value)).toBe('84B2010400');
    expect(() => HexTemplate.parse('XXXX').over('00', value)).toThrow(TemplateError);
  });

  it.each([
    ['5ms', { ns: 5_000_000, part: null, slowerOnly: false }],
    ['+200us', { ns: 200_000, part: null, slowerOnly: true }],
    ['20 %', { ns: null, part: 0.2, slowerOnly: false }],
  ])('a deviation of %s', (text, limit) => expect(parseDeviation(text)).toEqual(limit));
});

it('names fields as the data dictionary has them', () => {
  const names = (bytes: Uint8Array): string[] => {
    const root = tlvTree(bytes).nodes[0]!;
    return root.children.map(({ tag, valueOffset, length }) => {
      const text = Buffer.from(bytes.subarray(valueOffset, valueOffset + length)).toString('latin1');
      return `${fieldInWords(nameFields([root.tag, tag]))} = ${text}`;
    });
  };
  expect(names(IDENTITY.encode({ name: 'NAME', firstName: 'FIRST', birthDate: '19751231' }))).toEqual([
    '65 person / 80 name = NAME',
    '65 person / 81 first name = FIRST',
    '65 person / 82 birth date = 19751231',
  ]);
  expect(names(NIR_ENTRY.encode({ nationality: 'F', nir: null }))).toEqual(['65 person / 90 nationality = F']);
  expect(names(CARD_VALIDITY.encode({ validFrom: '20200101', type: 'T' }))).toEqual([
    '66 card validity / 80 valid from = 20200101',
    '66 card validity / 81 card type = T',
  ]);
  const beneficiary = BENEFICIARY.encode({
    index: 0x31,
    quality: 0x32,
    birthRank: 0x33,
    birthDate: '19751231',
    usualName: 'USUAL',
    birthName: 'BIRTH',
    firstName: 'FIRST',
    certifiedNir: null,
  });
  expect(names(beneficiary)).toEqual([
    'E2 beneficiary / 80 index = 1',
    'E2 beneficiary / 81 quality = 2',
    'E2 beneficiary / 82 birth rank = 3',
    'E2 beneficiary / 83 birth date = 19751231',
    'E2 beneficiary / 84 usual name = USUAL',
    'E2 beneficiary / 85 birth name = BIRTH',
    'E2 beneficiary / 86 first name = FIRST',
  ]);
});

it('finds data objects in any bytes, and none outside of them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const { nodes, end } = tlvTree(bytes);
      expect(end).toBeLessThanOrEqual(bytes.length);
      for (const { valueOffset, length } of nodes) {
        expect(length).toBeGreaterThanOrEqual(0);
        expect(valueOffset + length).toBeLessThanOrEqual(bytes.length);
      }
    }),
  );
});
