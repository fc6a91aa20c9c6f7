import { describe, expect, it } from 'vitest';
import { ProfileError, parseProfile } from '../../../../rig/card/profile/index.ts';
import { check, NIRS, type Row } from './fault-rows.ts';
import { broken, type Change, faults, SMALL, world } from './small-profile.ts';

describe('a right profile', () => {
  it('has no fault', () => expect(faults(SMALL)).toEqual([]));
});

describe('YAML', () => {
  it.each<Row>([
    ['a key twice', [['profile: small', 'profile: small\n«profile: again']], 'this key is there twice'],
    [
      'a tag',
      [['windowSeconds: 60', 'windowSeconds: «!!int 60']],
      'tags (!…) have no place in a profile: plain text is enough',
    ],
    ['an alias of nothing', [['uid: random', 'uid: «*random']], 'the alias *random names nothing above it'],
    [
      'an alias of itself',
      [['holder: { windowSeconds: 60', 'holder: &h { windowSeconds: «*h']],
      'the alias *h lies in what it names',
    ],
    [
      'a merge key',
      [['holder: { windowSeconds: 60', 'holder: { «<<: { a: b }, windowSeconds: 60']],
      'merge keys (<<) are not read: name the alias where it is used',
    ],
    [
      'a key that is a list',
      [['holder: { windowSeconds: 60', 'holder: { ? «[a] : b, windowSeconds: 60']],
      'a key must be plain text',
    ],
  ])('%s', (...row) => check(row));

  it.each([
    ['nothing', '', 'the file is empty'],
    ['only a comment', '# profile\n', 'the file is empty'],
    ['a list', '- a\n', 'a mapping of keys to values is needed here'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'not YAML'],
    ['a tab', 'a: 1\n\tb: 2\n', 'not YAML: tabs are not allowed as indentation'],
  ])('%s', (_, text, message) => {
    const found = faults(text);
    expect(found.map((fault) => fault.message).join('\n')).toContain(message);
    for (const { line, column } of found) {
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
    }
  });

  it('does not unfold what multiplies', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${
          i === 0
            ? 'x'
            : Array(9)
                .fill(`*a${i - 1}`)
                .join(', ')
        }]`,
    );
    expect(faults(levels.join('\n'))[0]?.message).toBe('more than 20000 values');
  });
});

describe('link', () => {
  const atr = (hex: string): Change => ['uid: random', `uid: random\n  atr: «${hex}`];
  it.each<Row>([
    [
      'T=0 without an ATR',
      [['protocol: T=1', 'protocol: «T=0']],
      'T=0 needs an `atr`: the one that is made otherwise offers T=1',
    ],
    [
      'an ATR of the other protocol',
      [atr('3B 75 13 00 00 43 09 EA 90 00')],
      'the ATR offers T=0 and `protocol` is T=1',
    ],
    ['an ATR that is none', [atr('3C 00')], 'an ATR begins with 3B or 3F'],
    ['an ATR cut short', [atr('3B 80 80')], 'the ATR is cut short in its interface bytes'],
    ['an ATR with a byte too many', [atr('3B 80 80 01 01 00')], 'the ATR announces 5 bytes and has 6'],
    ['an ATR with a wrong TCK', [atr('3B 81 80 01 00 01')], 'the last byte, TCK, is wrong'],
  ])('%s', (...row) => check(row));

  it('takes whole ATRs', () => {
    // 3B 80 80 01 01: of a contactless card without historical bytes (PC/SC part 3).
    const { text } = broken(['uid: random', 'uid: 01020304050607\n  atr: 3B 80 80 01 01']);
    expect(faults(text)).toEqual([]);
  });
});

describe('several faults', () => {
  it('are told at once, in the order of the text', () => {
    const { text, places } = broken(
      ['interface: contact', 'interface: «air'],
      [NIRS, '"2751263220749"\n    key: «"73"'],
      ['      firstName: ANTHONY', '      firstName: ANTHONY\n      «groupeSanguin: A'],
      ['total: 30.00', 'total: «31.00'],
      ['fid: E005', 'fid: «E5'],
    );
    const found = faults(text);
    expect(found.map(({ line, column }) => ({ line, column }))).toEqual(places);
    expect(found.map(({ message }) => message)).toEqual([
      '`air` is none of contact, contactless, wired',
      'NIR 2 75 12 63 220 749 has key 74, not 73',
      '`groupeSanguin`: medical data have no place on this card',
      'total 31,00 € is not AMO + AMC + patient, which make 30,00 €',
      '`E5` is not a file identifier of 4 hexadecimal digits',
    ]);
  });

  it('are told at once where parts do not fit each other', () => {
    const { text, places } = broken(
      ['beneficiary: 2', 'beneficiary: «7'],
      ['fid: D001 }]', 'fid: «D009 }]'],
      ['unblockedBy: 82', 'unblockedBy: «8F'],
      ['fid: E002', 'fid: «E001'],
      ['content: signature', 'content: «signature'],
    );
    const found = faults(text);
    expect(found.map(({ line, column }) => ({ line, column }))).toEqual(places);
  });

  it('make an error of one line each', () => {
    const { text } = broken(['interface: contact', 'interface: air'], ['uid: random', 'uid: 01']);
    let caught: unknown;
    try {
      parseProfile(text, 'profiles/x.yaml', world());
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ProfileError);
    expect((caught as ProfileError).message).toBe(
      'profiles/x.yaml:3:14: `air` is none of contact, contactless, wired\n' +
        'profiles/x.yaml:6:8: 1 byte, 4 to 10 needed',
    );
  });
});
