import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/apdu/hex.ts';
import { AccessRuleError } from '../../../src/applet/access/access-rule.ts';
import {
  LARGEST_ATTRIBUTES,
  NO_ATTRIBUTES,
  type ReferencedAttribute,
  readAttributes,
  recordFor,
} from '../../../src/applet/access/security-attribute.ts';

const forms = (hex: string) => readAttributes(fromHex(hex)).map((attribute) => attribute?.form ?? null);

describe('security attributes', () => {
  // Contact, contactless, wired.
  it.each([
    ['', [null, null, null]],
    ['AB05 800101 9000', ['expanded', 'expanded', 'expanded']],
    ['8B03 6F0601', ['referenced', 'referenced', 'referenced']],
    ['A107 AB05 800101 9000', ['expanded', null, null]],
    ['A107 BB05 800101 9000', [null, 'expanded', null]],
    ['A107 EB05 800101 9000', [null, null, 'expanded']],
    ['A105 8B03 6F0601', ['referenced', null, null]],
    ['A105 9B03 6F0601', [null, 'referenced', null]],
    ['A105 CB03 6F0601', [null, null, 'referenced']],
    ['A10C CB03 6F0601 AB05 800101 9000', ['expanded', null, 'referenced']],
    ['A100', [null, null, null]],
  ])('%s', (hex, expected) => expect(forms(hex)).toEqual(expected));

  it('no bytes are no attributes', () => expect(readAttributes(new Uint8Array(0))).toBe(NO_ATTRIBUTES));

  it('a reference is a file and a record for any environment, or pairs', () => {
    const [single] = readAttributes(fromHex('8B03 6F0602'));
    expect(single).toEqual({
      form: 'referenced',
      fid: 0x6f06,
      records: Uint8Array.of(0, 2),
      source: new Uint8Array(0),
      rules: [],
    });
    const [pairs] = readAttributes(fromHex('8B06 6F06 0102 0003'));
    expect((pairs as ReferencedAttribute).records).toEqual(Uint8Array.of(1, 2, 0, 3));
  });

  it('keeps nothing of the bytes that it was read from', () => {
    const bytes = fromHex('8B06 6F06 0102 0003');
    const [pairs] = readAttributes(bytes);
    bytes.fill(0);
    expect((pairs as ReferencedAttribute).records).toEqual(Uint8Array.of(1, 2, 0, 3));
  });

  it.each([
    ['CC05 800101 9000', 'an unknown security attribute'],
    ['BB05 800101 9000', 'an unknown security attribute'],
    ['9B03 6F0601', 'an unknown security attribute'],
    ['A105 8C03 010000', 'an unknown security attribute'],
    ['AB05 800101 9000 8B03 6F0601', 'more than one security attribute'],
    ['A100 AB05 800101 9000', 'more than one security attribute'],
    ['A10A 8B03 6F0601 8B03 6F0602', 'two rules for one interface'],
    ['A10C 8B03 6F0601 AB05 800101 9000', 'two rules for one interface'],
    ['8B02 6F06', 'a reference is a file and a record, or a file and pairs of environment and record'],
    ['8B05 6F06 010203', 'a reference is a file and a record, or a file and pairs of environment and record'],
    ['AB00', 'no rule'],
    ['AB05 800101', '5 bytes announced, 3 there at offset 0'],
    ['A104 8B03 6F06', '3 bytes announced, 2 there at offset 2'],
  ])('refuses %s: %s', (hex, message) => {
    expect(() => readAttributes(fromHex(hex))).toThrow(AccessRuleError);
    expect(() => readAttributes(fromHex(hex))).toThrow(message);
  });

  it('has room for so many bytes and no more', () => {
    // A rule of 3 + 2 + n bytes in a header of 3: padding zeros fill it up.
    const filled = (length: number) => fromHex(`AB05 800101 9000 ${'00'.repeat(length - 7)}`);
    expect(readAttributes(filled(LARGEST_ATTRIBUTES))[0]?.form).toBe('expanded');
    expect(() => readAttributes(filled(LARGEST_ATTRIBUTES + 1))).toThrow('security attributes too long');
  });
});

describe('the record of an environment', () => {
  it.each([
    ['8B03 6F0605', 1, 5],
    ['8B04 6F06 0105', 1, 5],
    ['8B04 6F06 0105', 2, 0],
    ['8B06 6F06 0105 0206', 2, 6],
    ['8B06 6F06 0005 0106', 1, 6],
    ['8B06 6F06 0005 0106', 2, 5],
    ['8B06 6F06 0206 0005', 1, 5],
    // Numbers of records are no numbers of environments.
    ['8B06 6F06 0201 0300', 1, 0],
  ])('%s in environment %i: %i', (hex, environment, record) => {
    expect(recordFor(readAttributes(fromHex(hex))[0] as ReferencedAttribute, environment)).toBe(record);
  });
});
