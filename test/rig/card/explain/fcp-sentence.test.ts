import { describe, expect, it } from 'vitest';
import { fcpSentence, shortIdentifierOf } from '../../../../rig/card/explain/fcp-sentence.ts';
import { fromHex } from '../../../../src/apdu/hex.ts';

const READ = { name: 'READ RECORD', operation: 0, cla: 0, ins: 0xb2, p1: 1, p2: 4 };

describe('a rule as control parameters show it', () => {
  it.each([
    ['62 04 8C 02 01 00', 'contact', 'needs nothing'],
    ['62 04 8C 02 01 FF', 'contact', 'needs what can never be'],
    ['62 04 8C 02 02 00', 'contact', 'is never allowed'],
    ['62 05 8C 03 03 00 11', 'contact', 'needs a code, as security environment 1 says'],
    ['62 04 8C 02 01 10', 'contact', 'needs a code'],
    [
      '62 0A A1 08 8C 02 01 11 9C 02 01 D1',
      'contactless',
      'needs secure messaging and a code, as security environment 1 says',
    ],
    ['62 0A A1 08 8C 02 01 60 9C 02 01 D1', 'contact', 'needs secure messaging or external authentication'],
    ['62 05 8B 03 6F 06 02', 'contact', 'is under record 2 of 6F06'],
    ['62 0D AB 0B 80 01 01 A4 06 83 01 81 95 01 08', 'contact', 'needs code 81'],
    [
      '62 0D AB 0B 80 01 02 A4 06 83 01 81 95 01 08',
      'contact',
      'is never allowed: no rule of the file names this command',
    ],
    ['62 11 AB 0F 84 01 B2 A7 0A 9E 01 40 A4 05 83 01 81 95 00', 'contact', 'cannot be read'],
    [
      '62 16 AB 14 80 01 01 A0 0F A4 06 83 01 81 95 01 08 A7 05 B4 00 9E 01 20',
      'contact',
      'needs code 81 or not (secure messaging or external authentication)',
    ],
    ['62 03 83 01 01', 'contact', 'show no rule'],
    ['6F 04 8C 02', 'contact', 'cannot be read'],
  ] as const)('%s by %s: %s', (fcp, cardInterface, words) => {
    expect(fcpSentence(READ, 0xe002, [cardInterface], fromHex(fcp))).toContain(words);
  });

  it.each([
    [
      '62 0A A1 08 8C 02 01 10 9C 02 01 FF',
      'READ RECORD of E002 by contact needs a code; READ RECORD of E002 by contactless needs what can never be',
    ],
    ['62 04 8C 02 01 10', 'READ RECORD of E002 by contact or contactless needs a code'],
  ])('%s where the interface is not known: %s', (fcp, sentence) => {
    expect(fcpSentence(READ, 0xe002, ['contact', 'contactless'], fromHex(fcp))).toBe(sentence);
  });

  it('the short identifier', () => {
    expect(shortIdentifierOf(fromHex('62 03 88 01 20'))).toBe(4);
    expect(shortIdentifierOf(fromHex('62 02 88 00'))).toBe(null);
    expect(shortIdentifierOf(fromHex('62 00'))).toBe(null);
  });
});
