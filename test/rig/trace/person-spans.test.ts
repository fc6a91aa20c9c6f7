import { describe, expect, it } from 'vitest';
import { PersonStream, personOfTag } from '../../../rig/trace/person-spans.ts';
import { checkPieces } from './marked-pieces.ts';

const check = (pieces: readonly string[]): void => checkPieces(new PersonStream(), pieces);

describe('a data object of each kind', () => {
  it.each([
    ['65 80: name on our card', '65 05 80 03 [name "ZOE"]'],
    ['65 81: first name on our card', '65 05 81 03 [name "ZOE"]'],
    ['65 82: birth date on our card', '65 0A 82 08 [birth "19900608"]'],
    ['65 5B: name by ISO/IEC 7816-6', '65 05 5B 03 [name "ZOE"]'],
    ['65 5F20: cardholder name', '65 06 5F20 03 [name "ZOE"]'],
    ['65 5F2B: date of birth', '65 07 5F2B 04 [birth 19751231]'],
    ['E2: a beneficiary', 'E2 19 83 08 [birth "19751231"] 84 03 [name "DOE"] 85 03 [name "ANN"] 86 03 [name "ZOE"]'],
    ['E4: a professional', 'E4 0F 81 08 "20250630" 84 03 [name "LAC"]'],
    ['61 5F1F: machine readable zone', '61 08 5F1F 05 [name "P<UTO"]'],
    ['6B: details of a person', '6B 14 5F0E 03 [name "DOE"] 5F0F 04 [name "JANE"] 5F2B 04 [birth 19751231]'],
    ['70: a record of a payment card', '70 12 5F20 03 [name "DOE"] 93 02 [signature 00FF] 9F46 03 [signature 7F1F00]'],
  ])('%s', (_, piece) => check([piece]));

  it.each([
    [0x5b, 'name'],
    [0x5f20, 'name'],
    [0x5f0e, 'name'],
    [0x5f2b, 'birth'],
    [0x5f37, 'signature'],
    [0x5f3d, 'signature'],
    [0x5f21, null],
    [0x65, null],
  ])('GET DATA of tag %i: %s', (tag, kind) => expect(personOfTag(tag)).toBe(kind));
});

describe('a value that fits its kind', () => {
  it.each([
    ['a name in Latin-1, up to FE', '65 04 80 02 [name "A" FE]'],
    ['a name with a space', '65 05 80 03 [name "A B"]'],
    ['a control character: no name', '65 04 80 02 "A" 1F'],
    ['DEL: no name', '65 04 80 02 "A" 7F'],
    ['FF within: no name', '65 05 80 03 "A" FF "B"'],
    ['00 within: no name', '65 05 80 03 "A" 00 "B"'],
    ['a name filled up with 00', '65 0D 80 06 [name "ZOE" 000000] 81 03 [name "ANN"]'],
    ['a name filled up with FF', '65 0D 80 06 [name "ZOE" FFFFFF] 81 03 [name "ANN"]'],
    ['an erased name', '65 0A 80 03 FFFFFF 81 03 [name "ANN"]'],
    ['a name of 00 alone', '65 0A 80 03 000000 81 03 [name "ANN"]'],
    ['an erased date', '65 0B 82 04 FFFFFFFF 81 03 [name "ANN"]'],
    ['a signature that ends with FF', '70 05 93 03 [signature 01FFFF]'],
    ['a date in BCD up to 9', '65 06 82 04 [birth 99990909]'],
    ['the first half of a byte above 9: no date', '65 06 82 04 197512A1'],
    ['the second half of a byte above 9: no date', '65 06 82 04 1975121A'],
    ['the character before 0: no date', '65 0A 82 08 "1975/231"'],
    ['the character behind 9: no date', '65 0A 82 08 "197512:1"'],
    ['seven digits: no date', '65 09 82 07 "1975123"'],
    ['an empty value', '65 07 80 00 81 03 [name "ZOE"]'],
    ['a beneficiary without the date first: none', 'E2 05 84 03 "DOE"'],
    ['a professional without the date first: none', 'E4 05 84 03 "LAC"'],
    ['a professional with something else for the date: none', 'E4 0A 81 03 "ABC" 84 03 "LAC"'],
  ])('%s', (_, piece) => check([piece]));
});

describe('where a template begins and ends', () => {
  it.each([
    ['another data object before the name', '65 09 04 02 "AB" 80 03 [name "ZOE"]'],
    ['two templates', '65 05 80 03 [name "ZOE"] 00 65 05 80 03 [name "ANN"]'],
    ['in a template without people of its own', '65 09 A0 07 65 05 80 03 [name "ZOE"]'],
    ['a name that looks like a template', '65 26 80 24 [name 65 22 5B 20 32*41]'],
    ['a value longer than the template', '65 05 80 05 "ADRUN"'],
    ['a template of 4096 bytes', '65 82 1000 80 03 [name "ZOE"] 04 82 0FF7 4087*00'],
    ['a longer one', '65 82 2000 80 03 [name "ZOE"] 04 82 1FF2 8178*00 81 03 [name "ANN"]'],
    ['a length of four bytes', '65 83 000005 80 03 [name "ZOE"]'],
    ['a length of five bytes', '65 84 00000009 80 84 00000003 [name "ZOE"]'],
    ['a length of six bytes: none', '65 85 0000000005 80 03 "ZOE"'],
    ['a tag of three bytes before the name', '65 0B DF8101 02 0000 80 03 [name "ZOE"]'],
    ['a tag of four bytes before the name', '65 0C DF818101 02 0000 80 03 [name "ZOE"]'],
  ])('%s', (_, piece) => check([piece]));
});

/** ISO/IEC 7816-4: 00 before, between and after data objects; its first edition: FF too. */
describe('filler in a template', () => {
  it.each([
    ['00 between', '65 0B 80 03 [name "ZOE"] 00 81 03 [name "ANN"]'],
    ['00 before', '65 06 00 80 03 [name "ZOE"]'],
    ['00 behind', '65 0C 80 03 [name "ZOE"] 00000000000000'],
    ['much of it', '65 82 0106 80 03 [name "ZOE"] 252*00 81 03 [name "ANN"] 00'],
    ['FF between', '65 0B 80 03 [name "ZOE"] FF 81 03 [name "ANN"]'],
    ['FF before a tag of two bytes', '65 08 FFFF 5F20 03 [name "ZOE"]'],
    ['both, behind', '65 08 80 03 [name "ZOE"] 00FFFF'],
    ['beneficiaries', 'E2 14 00 83 08 [birth "19751231"] 00FF 84 03 [name "DOE"] 000000'],
    ['an invoice', 'E4 10 81 08 "20250630" 00 84 03 [name "LAC"]'],
    ['a payment card, which fills up its records', '70 0A 00 5F20 03 [name "DOE"] 00FFFF'],
    ['before a template', '0000FF 65 05 80 03 [name "ZOE"]'],
    ['for a template', '65 03 000000'],
  ])('%s', (_, piece) => check([piece]));
});

/** The template turns out to be none; one that begins inside it is found all the same. */
describe('a template inside one that goes wrong', () => {
  it.each([
    ['a tag of five bytes', '65 12 80 03 [name "ZOE"] 5F8181810100 65 05 80 03 [name "ANN"]'],
    ['an indefinite length', '65 0E 80 03 [name "ZOE"] 8180 65 05 80 03 [name "ANN"]'],
    ['a length beyond the end', '65 0E 80 03 [name "ZOE"] 817F 65 05 80 03 [name "ANN"]'],
    ['no date', '65 11 80 03 [name "ZOE"] 8203"ABC" 65 05 80 03 [name "ANN"]'],
    [
      'a second date of a beneficiary that is none',
      'E2 1B 83 08 [birth "19751231"] 84 03 [name "ZOE"] 8303"ABC" 65 05 80 03 [name "ANN"]',
    ],
    [
      'a second date of a professional that is none',
      'E4 1B 81 08 "20250630" 84 03 [name "ZOE"] 8103"ABC" 65 05 80 03 [name "ANN"]',
    ],
  ])('%s', (_, piece) => check([piece]));
});

describe('a template over pieces', () => {
  it.each([
    ['behind its tag', ['65', '05 80 03 [name "ZOE"]']],
    ['inside its length', ['65 81', '05 80 03 [name "ZOE"]']],
    ['behind its length', ['65 05', '80 03 [name "ZOE"]']],
    ['inside a tag', ['65 06 5F', '20 03 [name "ZOE"]']],
    ['behind a tag', ['65 05 80', '03 [name "ZOE"]']],
    ['behind a length', ['65 05 80 03', '[name "ZOE"]']],
    ['behind a value', ['65 0A 80 03 [name "ZOE"]', '81 03 [name "ANN"]']],
    ['inside a value', ['65 05 80 03 [part name "ZO"]', '[part name "E"]']],
    ['inside a value, over three', ['65 06 80 04 [part name "J"]', '[part name "AN"]', '[part name "E"]']],
    ['inside another data object', ['65 0A 04 03 00', '0000 80 03 [name "ZOE"]']],
    ['behind much else', ['4100*00 65 05 80', '03 [name "ZOE"]']],
    ['so many bytes are waited for', ['65 82 1000 04 82 0FF7 4087*00 80', '03 [name "ZOE"]']],
    ['its last byte, 4096 of them', ['65 82 1000 04 82 0FF7 4087*00 80 03 [part name "ZO"]', '[part name "E"]']],
    ['its last three bytes, 4093', ['65 82 0FFD 04 82 0FF4 4084*00 80 03', '[name "ZOE"]']],
    [
      'its last byte, with the longest header',
      ['65 84 00001000 04 82 0FF7 4087*00 80 03 [part name "ZO"]', '[part name "E"]'],
    ],
    ['in what is filled', ['65 09 80 03 [name "ZOE"] 0000', '00FF']],
    ['in what is filled, before a name', ['65 0C 80 03 [name "ZOE"] 0000', '80 03 [name "ANN"]']],
    ['in a name that is filled up', ['65 0B 80 09 [part name "ZOE" 0000]', '[part name 00000000]']],
    ['the beginning of a long one', ['6B 82 8000 5F0E', '03 [name "DOE"] 5F0F', '04 [name "JANE"]']],
    ['of a long one too much came', ['6B 82 8000 5F16 82 1000 4096*00 5F0E', '03 "DOE"']],
    ['of a long one too much came, and another began', ['6B 82 8000 5F16 82 1000 4090*00 65 05', '80 03 [name "ZOE"]']],
    ['with a gap: none', ['65 05 80', 'gap 03 "ZOE"']],
    ['that ended with the piece before', ['65 05 80 03 [name "ZOE"]', '81 03 "ANN"']],
    ['the first of two that go on', ['65 0C 80 03 [name "ZOE"] 04 05 65', '05 80 03 "A" 65 05 80 03 [name "ANN"]']],
  ])('%s', (_, pieces) => check(pieces));
});
