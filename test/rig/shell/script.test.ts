import { describe, expect, it } from 'vitest';
import { fitsStatus, parseLine } from '../../../rig/shell/script.ts';
import { toHex } from '../../../src/apdu/hex.ts';

/** What a PN532 carries. */
const LONGEST = 65_544;

const read = (text: string): unknown => {
  const line = parseLine(text, LONGEST);
  if (line === null) return null;
  return line.kind === 'apdu' ? [toHex(line.apdu), line.expected] : [...line.words, line.expected];
};

describe('a line of a script', () => {
  it.each([
    ['', null],
    ['   ', null],
    ['# a comment', null],
    ['00A4000C023F00', ['00A4000C023F00', null]],
    ['00 a4 00 0c 02 3f 00', ['00A4000C023F00', null]],
    ['00A4000C023F00=9000', ['00A4000C023F00', '9000']],
    ['00A4000C023F00 = 61xx  # the MF', ['00A4000C023F00', '61XX']],
    ['A0A40000023F00', ['A0A40000023F00', null]],
    ['80CA9F7F00', ['80CA9F7F00', null]],
    ['select vitale', ['select', 'vitale', null]],
    ['select vitale =9000', ['select', 'vitale', '9000']],
    ['record "a # trace.jsonl"', ['record', 'a # trace.jsonl', null]],
    ['read 2 # SFI 2', ['read', '2', null]],
    ['macro define id select vitale; read 2', ['macro', 'define', 'id', 'select vitale; read 2', null]],
  ])('%j', (text, expected) => expect(read(text)).toEqual(expected));

  it.each([
    ['00A40', 'an odd number of hexadecimal digits (5)'],
    ['00A4000G', 'character 8 of the command, "G"'],
    ['A0A4O000023F00', 'character 5 of the command, "O"'],
    ['0OA4000C', 'character 2 of the command, "O"'],
    ['00A4\u001b[31m', 'character 5 of the command, "\\u001B"'],
    ['00A400', 'four bytes'],
    ['00A4000C=90', 'a status word after = has four hexadecimal digits'],
    ['00A4000C=9Z00', 'a status word after = has four hexadecimal digits'],
    ['00A4000C=', 'a status word after ='],
    ['select vitale =9', 'a status word after ='],
    ['record "open', 'a quotation mark is not closed'],
    ['=9000', 'no command before it'],
  ])('%j is refused: %s', (text, sentence) => expect(() => read(text)).toThrow(sentence));

  it('is no longer than what the reader carries', () => {
    expect(() => parseLine('00'.repeat(12), 11)).toThrow('a command of 12 bytes is too long: this reader carries 11');
    expect(parseLine('00'.repeat(11), 11)).not.toBeNull();
    expect(() => read('0'.repeat(300_000))).toThrow('300000 characters');
  });
});

describe('a stated status word', () => {
  it.each([
    [0x9000, '9000', true],
    [0x9001, '9000', false],
    [0x6112, '61XX', true],
    [0x6212, '61XX', false],
    [0x63c2, '63CX', true],
    [0x63d2, '63CX', false],
    [0x6a82, 'XXXX', true],
  ])('%i fits %s: %s', (sw, pattern, fits) => expect(fitsStatus(sw, pattern)).toBe(fits));
});
