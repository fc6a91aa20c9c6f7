import { describe, expect, it } from 'vitest';
import { maskedHex } from '../../../rig/trace/masked-hex.ts';
import { Redactor, redactText } from '../../../rig/trace/redaction.ts';
import { SessionRedactor } from '../../../rig/trace/session-redactor.ts';

const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex').toUpperCase();
const mixed = (text: string): string =>
  text.replaceAll(/"([^"]*)"/g, (_, quoted: string) => ascii(quoted)).replaceAll(' ', '');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(mixed(text), 'hex'));

/** Passes commands (`>`) and responses (`<`) through one redactor. In what is expected `[…]` is masked. */
function redact(session: readonly string[]): string[] {
  const redactor = new Redactor();
  return session.map((line) => {
    const apdu = bytes(line.slice(1));
    const masks = line.startsWith('>') ? redactor.command(apdu) : redactor.response(apdu);
    return line.charAt(0) + maskedHex(apdu, masks);
  });
}
const hidden = (line: string): string =>
  line.charAt(0) +
  line
    .slice(1)
    .split(/[[\]]/)
    .map((part, i) => (i % 2 === 0 ? mixed(part) : 'XX'.repeat(mixed(part).length / 2)))
    .join('');
const plain = (line: string): string => line.replaceAll(/[[\]]/g, '');

/** Each line with what is to be masked in brackets. */
describe.each([
  ['IDENT of our card', ['>00B0810000', '<6516 8005["ADRUN"] 8103["ZOE"] 8208["19751231"] 9000']],
  [
    'IDENT of two people',
    ['>00B0810000', '<650E 8002["LE"] 8208["19751231"] 6514 8003["BOB"] 8103["ANN"] 8208["19800101"] 9000'],
  ],
  ['a beneficiary', ['>00B2011400', '<E21F 800101 810100 8308["19751231"] 8405["ADRUN"] 8603["ZOE"] 9000']],
  ['a professional in an invoice, padded', ['>00B2012400', '<E40F 8108"20250630" 8403["LAC"] FFFFFF 9000']],
  ['the tag of a beneficiary with something else in it', ['>00B2011400', '<E205 8403"ABC" 9000']],
  ["a right: its dates are nobody's birth", ['>00B2011C00', '<E30A 8108"20240101" 9000']],
  ['a cardholder by ISO/IEC 7816-6', ['>00CA006500', '<650F 5B0A["DOE<<JANE "] 5F350131 9000']],
  ['GET DATA of a name', ['>00CA005B00', '<["DOE<<JANE"] 9000']],
  ['PUT DATA of a name', ['>00DA005B09["DOE<<JANE"]', '<9000']],
  ['GET DATA of something else', ['>00CA010100', '<"DOE<<JANE" 9000']],
  ['DG1 of a passport', ['>00B0000000', '<610B 5F1F08["P<UTODOE"] 9000']],
  ['a payment card', ['>00B2010C00', '<7008 5F2005["DOE/J"] 9000']],
  ['written by the reader', ['>00D6000018 6516 8005["ADRUN"] 8103["ZOE"] 8208["19751231"]', '<9000']],
  [
    'read in pieces that cut name and date',
    [
      '>00B0000006',
      '<6516 8005["AD"] 9000',
      '>00B0000609',
      '<["RUN"] 8103["ZOE"] 82 9000',
      '>00B0000F09',
      '<08["19751231"] 9000',
    ],
  ],
  [
    'in two answers',
    ['>00B0000000', '<6516 8005["ADR"] 610F', '>00C000000F', '<["UN"] 8103["ZOE"] 8208["19751231"] 9000'],
  ],
  [
    'a name that was met is found again in any case, alone or not',
    ['>00B0810000', '<6505 8003["ZOE"] 9000', '>00DC010406 "x"["Zoe"]"y"', '<"ab"["zoe"]"c" 9000'],
  ],
  [
    'with an accent in Latin-1; then in UTF-8 and without it',
    ['>00B0810000', '<6506 8004["RENÉ"] 9000', '>00B2010400', '<["REN"C389] ["RENE"] 9000'],
  ],
  [
    'a birth date that was met, as digits and in BCD',
    ['>00B0810000', '<650A 8208["19751231"] 9000', '>00B2010400', '<["19751231"] 00 [19751231] 9000'],
  ],
  [
    'a name of two letters is no name elsewhere',
    ['>00B0810000', '<6504 8002["LE"] 9000', '>00B2010400', '<"TABLE" 9000'],
  ],
  ['a NIR in BCD with its key', ['>00B2010400', '<9308 [0275126322074974] 9000']],
  ['from the first half byte on', ['>00B2010400', '<9308 [275126322074974F] 9000']],
  [
    'provisional, with the filler behind it or before it',
    ['>00B2010400', '<9308 [785017599900174F] 9308 [0785017599900174] 9000'],
  ],
  ['what looks like a provisional one among other digits', ['>00B2010400', '<4157557850175999001743 9000']],
  ['of Corsica', ['>00B2010400', '<9308 [180032B02040123F] 9000']],
  [
    'in BCD without the key, after it was met',
    ['>00B2010400', '<["275126322074974"] 9000', '>00B2020400', '<9307 [02751263220749] 9000'],
  ],
  ['in BCD, cut by READ BINARY', ['>00B0000006', '<[027512632207] 9000', '>00B0000602', '<[4974] 9000']],
  [
    'the end of a text that a READ BINARY cuts, whose bytes are digits too',
    ['>00B0000009', '<"test card" 9000', '>00B0000902', '<"s!" 9000'],
  ],
  ['in BCD, in a command', ['>00DA010108 [0275126322074974]', '<9000']],
  ['PUT KEY', ['>80D8000113 [01801000112233445566778899AABBCCDDEEFF]', '<9000']],
  ['the same instruction in another class', ['>00D8000103 010203', '<9000']],
  ['LOAD KEYS of a reader', ['>FF82000006 [FFFFFFFFFFFF]', '<9000']],
  ['GENERAL AUTHENTICATE of a reader', ['>FF86000005 0100046000', '<9000']],
  ['a key that was deciphered', ['>002A80860400AABBCC00', '<[00112233] 9000']],
  ['a signature, and the hash that is signed', ['>002A9E9A04[00AABBCC]00', '<[00112233] 9000']],
  [
    'a challenge and its cryptogram',
    ['>0084000008', '<0011223344556677 9000', '>0082000008 0011223344556677', '<9000'],
  ],
  ['ENVELOPE with data objects', ['>00C300000D 530B 0020008106["274916"]', '<9000']],
  ['wrapped twice', ['>00C300000F 730D 520B 0020008106["274916"]', '<9000']],
  [
    'ENVELOPE with data objects, chained',
    ['>10C3000008 530B 00200081 06["2"]', '<9000', '>00C3000005 ["74916"]', '<9000'],
  ],
  ['a NIR in it', ['>00C3000012 5310 "x"["275126322074974"]', '<9000']],
  ['PUT KEY in ENVELOPE', ['>00C2000008 80D8000103[010203]', '<9000']],
] as const)('%s', (_, session) => {
  it('hides that, and nothing else', () => {
    expect(redact(session.map(plain))).toEqual(session.map(hidden));
  });
});

describe('notes', () => {
  it('hide the people that the session has shown', () => {
    const redactor = new SessionRedactor({ interface: null });
    const hex = mixed('6516 8005"ADRUN" 8103"ZOE" 8208"19751231" 9000');
    redactor.next({ type: 'command', t: 0, apdu: '00B0810000' });
    redactor.next({ type: 'response', t: 1, apdu: hex });
    const [note] = redactor.next({ type: 'note', t: 2, text: 'Zoé Adrun, born 19751231, has a card' });
    expect(note).toEqual({
      type: 'note',
      t: 2,
      text: 'XXX XXXXX, born XXXXXXXX, has a card',
      masks: [
        { offset: 0, length: 3, what: 'name' },
        { offset: 4, length: 5, what: 'name' },
        { offset: 16, length: 8, what: 'birth' },
      ],
    });
  });

  it('by themselves know nobody', () => {
    expect(redactText('Zoe Adrun').text).toBe('Zoe Adrun');
  });
});
