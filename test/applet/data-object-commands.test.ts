import { describe, expect, it } from 'vitest';
import type { BenchCard } from './bench-card.ts';
import { dataCard, opened, select, verifyCode } from './data-card.ts';

/** File 0205: three data objects, 17 bytes, in a file with room for 40. */
const FIRST = '8003010203';
const SECOND = '5F240401020304';
const THIRD = 'E0038101AA';
const ALL = FIRST + SECOND + THIRD;

/** All data objects of the current file. */
function content(card: BenchCard): string {
  const answer = card.send('00CA00FF00');
  if (answer === '6A88') return '';
  expect(answer.slice(-4)).toBe('9000');
  return answer.slice(0, -4);
}

describe('GET DATA', () => {
  it.each([
    ['a tag of one byte: the value', '00CA008000', '0102039000'],
    ['a tag of two bytes', '00CA5F2400', '010203049000'],
    ['a template: the objects in it', '00CA00E000', '8101AA9000'],
    ['exact Le', '00CA008003', '0102039000'],
    ['a larger Le', '00CA008004', '0102039000'],
    ['a smaller Le', '00CA008002', '6C03'],
    ['all objects', '00CA00FF00', `${ALL}9000`],
    ['all objects, a smaller Le', '00CA00FF10', '6C11'],
    ['a tag that is not there', '00CA00C100', '6A88'],
    ['a tag inside a template', '00CA008100', '6A88'],
    ['a tag of two bytes that is not there', '00CA7F4900', '6A88'],
    ['a tag of one byte under 40', '00CA003F00', '6A86'],
    ['a tag of one byte that announces another', '00CA005F00', '6A86'],
    ['a second byte with b8', '00CA5F8100', '6A86'],
    ['0000', '00CA000000', '6A86'],
    ['proprietary', '00CA010000', '6A86'],
    ['SIMPLE-TLV', '00CA020100', '6A86'],
    ['extended Le', '00CA0080 000000', '0102039000'],
    ['without Le', '00CA0080', '6700'],
    ['with data', '00CA0080 01 AA 00', '6700'],
  ])('%s', (_, command, answer) => expect(opened('0205').send(command)).toBe(answer));

  it.each([
    ['one tag', '00CB0000 03 5C0180 00', `${FIRST}9000`],
    ['several, in the order of the list', '00CB0000 06 5C04 E0 5F24 80 00', `${THIRD}${SECOND}${FIRST}9000`],
    ['tags that are not there are left out', '00CB0000 05 5C03 C1 80 C2 00', `${FIRST}9000`],
    ['none of them there', '00CB0000 03 5C01C1 00', '6A88'],
    ['a long tag that is not there', '00CB0000 06 5C04 DF818201 00', '6A88'],
    ['by file identifier', '00CB0205 03 5C0180 00', `${FIRST}9000`],
    ['by short identifier', '00CB0005 03 5C0180 00', `${FIRST}9000`],
    ['an Le too small', '00CB0000 03 5C0180 04', '6C05'],
    ['extended', '00CB0000 000003 5C0180 0000', `${FIRST}9000`],
    ['an empty list', '00CB0000 02 5C00 00', '6A80'],
    ['half a tag', '00CB0000 03 5C015F 00', '6A80'],
    ['a tag of five bytes', '00CB0000 07 5C05 DF81828301 00', '6A80'],
    ['a list longer than the field', '00CB0000 03 5C0280 00', '6A85'],
    ['more than the list', '00CB0000 04 5C018080 00', '6A80'],
    ['a header list', '00CB0000 04 5D02 8000 00', '6A81'],
    ['an extended header list', '00CB0000 04 4D02 8000 00', '6A81'],
    ['another data object', '00CB0000 03 540100 00', '6A80'],
    ['more than the card can answer with', `00CB0000 0000FA 5C81F7 ${'80'.repeat(247)} 0000`, '6A80'],
    ['without Le', '00CB0000 03 5C0180', '6700'],
    ['without data', '00CB000000', '6700'],
  ])('odd INS: %s', (_, command, answer) => expect(opened('0205').send(command)).toBe(answer));

  it('a file that was named is current', () => {
    const card = dataCard();
    expect(card.send('00CB0205 03 5C01C1 00')).toBe('6A88');
    expect(card.send('00CA008000')).toBe('6986');
    expect(card.send('00CB0205 03 5C0180 00')).toBe(`${FIRST}9000`);
    expect(card.send('00CA008000')).toBe('0102039000');
  });
});

describe('PUT DATA', () => {
  it.each([
    ['a new object goes to the end', '00DA00C1 02 BBCC', `${ALL}C102BBCC`],
    ['a new one with a tag of two bytes', '00DA7F49 02 8100', `${ALL}7F49028100`],
    ['another value of the same length', '00DA0080 03 AABBCC', `${SECOND}${THIRD}8003AABBCC`],
    ['a shorter value', '00DA5F24 01 AA', `${FIRST}${THIRD}5F2401AA`],
    ['a longer value', '00DA00E0 05 8103AABBCC', `${FIRST}${SECOND}E0058103AABBCC`],
    ['00FF: whole objects', '00DA00FF 06 8001AA C101BB', `${SECOND}${THIRD}8001AAC101BB`],
    ['odd INS, one', '00DB0000 03 8001AA', `${SECOND}${THIRD}8001AA`],
    ['odd INS, several', '00DB0205 0A C101BB E0018F 5F2401AA', `${FIRST}C101BBE0018F5F2401AA`],
    ['odd INS, a length that is not the shortest', '00DB0000 04 C18101BB', `${ALL}C101BB`],
    ['odd INS, padding', '00DB0000 06 00 C101BB 0000', `${ALL}C101BB`],
    ['an empty object removes', '00DB0000 02 8000', `${SECOND}${THIRD}`],
    ['the same with a tag of two bytes', '00DB0000 03 5F2400', `${FIRST}${THIRD}`],
    ['an empty object that is not there', '00DB0000 02 C100', ALL],
    ['one removed, one put', '00DB0000 05 E000 C101BB', `${FIRST}${SECOND}C101BB`],
    ['all removed', '00DB0000 07 8000 5F2400 E000', ''],
    ['extended', '00DA00C1 000001 BB', `${ALL}C101BB`],
    ['up to the last byte', `00DA00C1 15 ${'AB'.repeat(21)}`, `${ALL}C115${'AB'.repeat(21)}`],
  ])('%s', (_, command, expected) => {
    const card = opened('0205');
    expect(card.send(command)).toBe('9000');
    expect(content(card)).toBe(expected);
  });

  it.each([
    ['no room', `00DA00C1 16 ${'AB'.repeat(22)}`, '6A84'],
    ['no room for the second', `00DB0000 1D 8001AA C118 ${'AB'.repeat(24)}`, '6A84'],
    ['more than the file', `00DA0080 29 ${'AB'.repeat(41)}`, '6A84'],
    ['a tag twice', '00DB0000 06 C101AA C101BB', '6A80'],
    ['a tag that starts with FF', '00DB0000 04 FF1F01AA', '6A80'],
    ['only padding', '00DB0000 02 0000', '6A80'],
    ['an indefinite length', '00DB0000 04 8080AA00', '6A80'],
    ['half a tag', '00DB0000 01 5F', '6A80'],
    ['an object longer than the field', '00DB0000 05 C101AA 8002', '6A85'],
    ['00FF: not an object', '00DA00FF 01 80', '6A80'],
    ['a tag that is none', '00DA005F 01 AA', '6A86'],
    ['without data', '00DA0080', '6700'],
    ['with Le', '00DA0080 01 AA 00', '6700'],
  ])('%s changes nothing', (_, command, status) => {
    const card = opened('0205');
    expect(card.send(command)).toBe(status);
    expect(content(card)).toBe(ALL);
  });

  it('room that was given up can be used again', () => {
    const card = opened('0205');
    expect(card.send(`00DA0080 1D ${'AB'.repeat(29)}`)).toBe('6A84');
    expect(card.send('00DB0000 03 5F2400')).toBe('9000');
    expect(card.send(`00DA0080 1D ${'AB'.repeat(29)}`)).toBe('9000');
    expect(content(card)).toBe(`${THIRD}801D${'AB'.repeat(29)}`);
  });

  it('takes a chain, and is there after a reset', () => {
    const card = opened('0205');
    expect(card.send('10DA00C1 02 0102')).toBe('9000');
    expect(card.send('00DA00C1 02 0304')).toBe('9000');
    card.port.reset();
    select(card, '0205');
    expect(content(card)).toBe(`${ALL}C10401020304`);
  });

  it('an empty file has no objects', () => {
    const card = opened('0205');
    card.send('00DB0000 07 8000 5F2400 E000');
    expect(card.send('00CA00FF00')).toBe('6A88');
    expect(card.send('00CA008000')).toBe('6A88');
    expect(card.send('00DA0080 01 01')).toBe('9000');
    expect(content(card)).toBe('800101');
  });
});

describe('the file of a data object command', () => {
  it.each([
    ['GET DATA', '00CA0080 00', 'read'],
    ['PUT DATA', '00DA0080 01 AA', 'update'],
  ])('%s: refusals in their order', (_, command, needs) => {
    const card = dataCard();
    const status = (fid: string): string => {
      select(card, fid);
      return card.send(command).slice(-4);
    };
    expect(card.send(command)).toBe('6986');
    for (const fid of ['0201', '0202', '0203', '0204', '0211']) expect(status(fid)).toBe('6981');
    card.send('00A4000C 02 0265');
    expect(card.send(command)).toBe('6985');
    expect(status('0215')).toBe('6982');
    expect(status('0225')).toBe(needs === 'read' ? '9000' : '6982');
    expect(status('0235')).toBe('6982');
    verifyCode(card);
    expect(status('0215')).toBe('9000');
  });

  it.each([
    ['GET DATA', '00CB', '03 5C0180 00', '03 5C0480 00', '6A85', 'read'],
    ['PUT DATA', '00DB', '03 8001AA', '03 8004AA', '6A85', 'update'],
  ])('%s, odd INS: refusals in their order', (_, head, body, wrong, wrongStatus, needs) => {
    const card = dataCard();
    const status = (p1p2: string, data = body): string => card.send(`${head}${p1p2} ${data}`).slice(-4);
    expect(status('0000')).toBe('6986');
    expect(status('001E')).toBe('6A82');
    expect(status('0299')).toBe('6A82');
    for (const fid of ['0201', '0202', '0203', '0204', '0211', '0250', '3FFF', '3F00']) {
      expect(status(fid)).toBe('6981');
    }
    expect(status('0265')).toBe('6985');
    expect(status('0215')).toBe('6982');
    expect(status('0215', wrong)).toBe('6982'); // before the data
    expect(status('0225')).toBe(needs === 'read' ? '9000' : '6982');
    verifyCode(card);
    expect(status('0215', wrong)).toBe(wrongStatus);
    expect(status('0215')).toBe('9000');
    expect(status('000A')).toBe('9000');
  });
});
