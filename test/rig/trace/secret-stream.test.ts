import { describe, expect, it } from 'vitest';
import { KnownPeople } from '../../../rig/trace/known-people.ts';
import { SecretStream } from '../../../rig/trace/secret-stream.ts';

/** Text in quotes, the rest hexadecimal. */
function bytesOf(written: string): Uint8Array {
  const hex = written
    .replaceAll(/"([^"]*)"/g, (_, text: string) => Buffer.from(text, 'latin1').toString('hex'))
    .replaceAll(' ', '');
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** What one piece shows, as `offset+length what`, and what of it is remembered. */
function look(
  written: string,
  isCut = false,
  isFile = false,
): { readonly known: KnownPeople; readonly found: string[] } {
  const known = new KnownPeople();
  const bytes = bytesOf(written);
  const spans = new SecretStream(known).next(bytes, 0, bytes.length, true, isCut, isFile);
  const found = spans.map(({ offset, length, what, whole }) => `${offset}+${length} ${what}${whole ? '' : ' in part'}`);
  return { known, found };
}
const remembers = (known: KnownPeople, text: string): boolean => known.findInText(text).length > 0;

describe('numbers of people', () => {
  it.each<[string, string, boolean, string[], boolean]>([
    ['none', '00 82', false, [], false],
    ['without its key', '00 "2751263220749" 82', false, ['1+13 nir'], true],
    ['with its key', '00 "275126322074974" 82', false, ['1+15 nir'], true],
    ['in groups', '00 "2 75 12 63 220 749 74" 82', false, ['1+21 nir'], true],
    ['cut off', '00 "275126322074"', true, ['1+12 nir in part'], false],
    [
      'two that overlap: one span, of no single number',
      '00 "27512632207497418503750562345" 82',
      false,
      ['1+29 nir in part'],
      false,
    ],
  ])('%s', (_, written, isCut, found, remembered) => {
    const seen = look(written, isCut);
    expect(seen.found).toEqual(found);
    expect(seen.known.hasNir('2751263220749')).toBe(remembered);
  });

  it('an end that may be half of one in BCD counts in a file alone', () => {
    expect(look('00 27512681', true, true).found).toEqual(['1+4 nir in part']);
    expect(look('00 27512681', true, false).found).toEqual([]);
    expect(look('00 27512681', false, true).found).toEqual([]);
  });
});

describe('people', () => {
  it('a whole name is remembered, and found with the rest', () => {
    const { known, found } = look('65 05 80 03 "ZOE"');
    expect(found).toEqual(['4+3 name', '4+3 name']);
    expect(remembers(known, 'zoe')).toBe(true);
  });

  it('a whole birth date too', () => {
    const { known, found } = look('65 06 82 04 19751231');
    expect(found).toEqual(['4+4 birth', '4+4 birth']);
    expect(remembers(known, '19751231')).toBe(true);
  });

  it('a part of a name is not', () => {
    const { known, found } = look('65 07 80 05 "ADR"');
    expect(found).toEqual(['4+3 name in part']);
    expect(remembers(known, 'ADR')).toBe(false);
  });

  it('a signature is not', () => {
    const { known, found } = look('70 08 93 06 "ABCDEF"');
    expect(found).toEqual(['4+6 signature']);
    expect(remembers(known, 'ABCDEF')).toBe(false);
  });

  it('signatures of cards are found too', () => {
    expect(look(`5F37 10 ${'A5'.repeat(16)}`).found).toEqual(['3+16 signature']);
  });
});
