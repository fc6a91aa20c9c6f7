import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/apdu/hex.ts';
import { counting } from './bench-card.ts';
import { dataCard, opened, select, verifyCode } from './data-card.ts';

const CONTENT = counting(40);
const part = (from: number, to: number): string => toHex(CONTENT.subarray(from, to));
const ALL = part(0, 40);
const zeros = (count: number): string => '00'.repeat(count);

/** Current content of file 0201, whatever is selected. */
const READ = '00B0810000';

describe('READ BINARY with odd INS', () => {
  it.each([
    ['the whole file', '00B10000 03 540100 00', `5328${ALL}9000`],
    ['from an offset', '00B10000 03 540126 00', `5302${part(38, 40)}9000`],
    ['an offset with leading zeros', '00B10000 05 54030000 26 00', `5302${part(38, 40)}9000`],
    ['padding around the data object', '00B10000 06 00 540100 00 00 00', `5328${ALL}9000`],
    ['a length of two bytes', '00B10000 04 54810126 00', `5302${part(38, 40)}9000`],
    ['an Le that counts tag and length', '00B10000 03 540100 05', `5303${part(0, 3)}9000`],
    ['an Le for tag and length alone', '00B10000 03 540100 02', '53009000'],
    ['an Le that no data object fits in', '00B10000 03 540100 01', '6700'],
    ['exactly up to the end', '00B10000 03 540126 04', `5302${part(38, 40)}9000`],
    ['an Le over the end: what there is, and 6282', '00B10000 03 540126 05', `5302${part(38, 40)}6282`],
    ['extended', '00B10000 000003 540100 0000', `5328${ALL}9000`],
    ['by short identifier', '00B10001 03 540127 00', '5301279000'],
    ['by file identifier', '00B10201 03 540127 00', '5301279000'],
    ['a short identifier that is not there', '00B1001E 03 540100 00', '6A82'],
    ['a file identifier that is not there', '00B10299 03 540100 00', '6A82'],
    ['the identifier of a DF', '00B10250 03 540100 00', '6981'],
    ['the MF', '00B13F00 03 540100 00', '6981'],
    ['the current DF', '00B13FFF 03 540100 00', '6981'],
    ['records', '00B10002 03 540100 00', '6981'],
    ['an offset at the end', '00B10000 03 540128 00', '6B00'],
    ['an offset of four bytes', '00B10000 06 5404FFFFFFFF 00', '6B00'],
    ['no offset', '00B10000 02 5300 00', '6A80'],
    ['two offsets', '00B10000 06 540100 540101 00', '6A80'],
    ['data to be written', '00B10000 05 540100 5300 00', '6A80'],
    ['an empty offset', '00B10000 02 5400 00', '6A80'],
    ['an offset of five bytes', '00B10000 07 54050000000000 00', '6A80'],
    ['another data object', '00B10000 03 520100 00', '6A80'],
    ['an indefinite length', '00B10000 03 548000 00', '6A80'],
    ['a length cut short', '00B10000 02 5482 00', '6A80'],
    ['a tag alone', '00B10000 01 54 00', '6A80'],
    ['a data object longer than the field', '00B10000 03 540200 00', '6A85'],
    ['without Le', '00B10000 03 540100', '6700'],
    ['without data', '00B1000000', '6700'],
  ])('%s', (_, command, answer) => expect(opened('0201').send(command)).toBe(answer));

  it('reaches what 15 bits of offset cannot', () => {
    const { send } = opened('0241');
    const at = (offset: number): string => toHex(counting(40_000).subarray(offset, offset + 2));
    expect(send('00B10000 04 54027FFF 04')).toBe(`5302${at(0x7fff)}9000`);
    expect(send('00B10000 04 54028000 04')).toBe(`5302${at(0x8000)}9000`);
    expect(send('00B10000 04 54029C3E 00')).toBe(`5302${at(39_998)}9000`);
    expect(send('00B10000 04 54029C40 00')).toBe('6B00');
  });

  it.each([
    [129, '537F', 127, '9000'],
    [130, '537F', 127, '9000'], // 128 bytes would take a length of two bytes: 131 in all
    [131, '538180', 128, '9000'],
    [256, '5381FD', 253, '9000'],
  ])('Le %i: %s and %i bytes', (ne, header, length, status) => {
    const { send } = opened('0241');
    const le = toHex(new Uint8Array([ne & 0xff]));
    expect(send(`00B10000 03 540100 ${le}`)).toBe(`${header}${toHex(counting(length))}${status}`);
  });

  it('extended: the whole of a large file in one data object', () => {
    const { send } = opened('0241');
    expect(send('00B10000 000003 540100 0000')).toBe(`53829C40${toHex(counting(40_000))}9000`);
  });
});

describe('UPDATE BINARY', () => {
  it.each([
    ['at the start', '00D60000 02 AABB', `AABB${part(2, 40)}`],
    ['at an offset', '00D60026 02 AABB', `${part(0, 38)}AABB`],
    ['by short identifier', '00D68101 02 AABB', `00AABB${part(3, 40)}`],
    ['the whole file', `00D60000 28 ${'5A'.repeat(40)}`, '5A'.repeat(40)],
    ['extended', '00D60000 000002 AABB', `AABB${part(2, 40)}`],
    ['odd INS', '00D70000 07 540102 5302AABB', `0001AABB${part(4, 40)}`],
    ['odd INS, data objects in the other order', '00D70000 07 5302AABB 540102', `0001AABB${part(4, 40)}`],
    ['odd INS, a template 73', '00D70000 07 540100 7302 8000', `8000${part(2, 40)}`],
    ['odd INS by short identifier', '00D70001 06 540100 5301AA', `AA${part(1, 40)}`],
    ['odd INS by file identifier', '00D70201 06 540100 5301AA', `AA${part(1, 40)}`],
    ['odd INS with empty data: nothing changes', '00D70000 05 540100 5300', ALL],
  ])('%s', (_, command, content) => {
    const { send } = opened('0201');
    expect(send(command)).toBe('9000');
    expect(send(READ)).toBe(`${content}9000`);
  });

  it.each([
    ['an offset at the end', '00D60028 01 AA', '6B00'],
    ['data over the end', '00D60027 02 AABB', '6A84'],
    ['more than the file', `00D60000 29 ${'5A'.repeat(41)}`, '6A84'],
    ['a short identifier that is not there', '00D69E00 01 AA', '6A82'],
    ['without data', '00D60000', '6700'],
    ['with Le', '00D60000 01 AA 00', '6700'],
    ['odd INS without offset', '00D70000 03 5301AA', '6A80'],
    ['odd INS with two offsets', '00D70000 09 540100 540101 5301AA', '6A80'],
    ['odd INS without data', '00D70000 03 540100', '6A80'],
    ['odd INS with two data', '00D70000 09 540100 5301AA 5301BB', '6A80'],
    ['odd INS, another data object', '00D70000 06 540100 C001AA', '6A80'],
    ['odd INS, data longer than the field', '00D70000 06 540100 5302AA', '6A85'],
    ['odd INS, an offset at the end', '00D70000 06 540128 5301AA', '6B00'],
    ['odd INS, data over the end', '00D70000 07 540127 5302AABB', '6A84'],
  ])('%s changes nothing: %s', (_, command, status) => {
    const { send } = opened('0201');
    expect(send(command)).toBe(status);
    expect(send(READ)).toBe(`${ALL}9000`);
  });

  it('odd INS reaches what 15 bits of offset cannot', () => {
    const { send } = opened('0241');
    expect(send('00D70000 08 54029C3F 5302AABB')).toBe('6A84');
    expect(send('00D70000 07 54029C3F 5301AA')).toBe('9000');
    expect(send('00B10000 04 54029C3E 00')).toBe('53023EAA9000');
  });

  it('takes a chain', () => {
    const { send } = opened('0201');
    expect(send('10D60002 02 AABB')).toBe('9000');
    expect(send(READ)).toBe('6883');
    expect(send('10D60002 02 AABB')).toBe('9000');
    expect(send('00D60002 01 CC')).toBe('9000');
    expect(send(READ)).toBe(`0001AABBCC${part(5, 40)}9000`);
  });

  it('is there after a reset', () => {
    const { send, port } = opened('0201');
    send('00D60000 01 AA');
    port.reset();
    expect(send('00B0810001')).toBe('AA9000');
  });
});

describe('WRITE BINARY', () => {
  it.each([
    ['is a logical OR', '00D0000A 03 F00F80', `${part(0, 10)}FA0F8C${part(13, 40)}`],
    ['odd INS', '00D10000 08 54010A 5303F00F80', `${part(0, 10)}FA0F8C${part(13, 40)}`],
  ])('%s', (_, command, content) => {
    const { send } = opened('0201');
    expect(send(command)).toBe('9000');
    expect(send(READ)).toBe(`${content}9000`);
    expect(send(command)).toBe('9000');
    expect(send(READ)).toBe(`${content}9000`);
  });

  it('of more than one step of the memory', () => {
    const { send } = opened('0241');
    const given = new Uint8Array(600).fill(0x81);
    expect(send(`00D00000 000258 ${toHex(given)}`)).toBe('9000');
    expect(send('00B00000 000258')).toBe(`${toHex(counting(600).map((byte) => byte | 0x81))}9000`);
  });

  it.each([
    ['an offset at the end', '00D00028 01 AA', '6B00'],
    ['data over the end', '00D00027 02 AABB', '6A84'],
    ['odd INS without data', '00D10000 03 540100', '6A80'],
  ])('%s: %s', (_, command, status) => expect(opened('0201').send(command)).toBe(status));
});

describe('ERASE BINARY', () => {
  it.each([
    ['to the end', '000E0026', `${part(0, 38)}${zeros(2)}`],
    ['all', '000E0000', zeros(40)],
    ['up to an offset of two bytes', '000E0002 02 0005', `${part(0, 2)}${zeros(3)}${part(5, 40)}`],
    ['up to an offset of one byte', '000E0002 01 05', `${part(0, 2)}${zeros(3)}${part(5, 40)}`],
    ['up to the end', '000E0026 02 0028', `${part(0, 38)}${zeros(2)}`],
    ['by short identifier', '000E8126', `${part(0, 38)}${zeros(2)}`],
    ['odd INS, no offset: all', '000F0000', zeros(40)],
    ['odd INS, one offset: to the end', '000F0000 03 540126', `${part(0, 38)}${zeros(2)}`],
    ['odd INS, two offsets', '000F0201 06 540102 540105', `${part(0, 2)}${zeros(3)}${part(5, 40)}`],
  ])('%s', (_, command, content) => {
    const { send } = opened('0201');
    expect(send(command)).toBe('9000');
    expect(send(READ)).toBe(`${content}9000`);
  });

  it.each([
    ['an offset at the end', '000E0028', '6B00'],
    ['up to behind the end', '000E0000 02 0029', '6B00'],
    ['an end before the start', '000E0005 02 0004', '6A80'],
    ['an end at the start', '000E0005 02 0005', '6A80'],
    ['an end of five bytes', '000E0000 05 0000000005', '6A80'],
    ['odd INS, an offset at the end', '000F0000 03 540128', '6B00'],
    ['odd INS, up to behind the end', '000F0000 06 540100 540129', '6B00'],
    ['odd INS, an end before the start', '000F0000 06 540105 540104', '6A80'],
    ['odd INS, three offsets', '000F0000 09 540100 540101 540102', '6A80'],
    ['odd INS with data', '000F0000 05 540100 5300', '6A80'],
    ['with Le', '000E000000', '6700'],
  ])('%s changes nothing: %s', (_, command, status) => {
    const { send } = opened('0201');
    expect(send(command)).toBe(status);
    expect(send(READ)).toBe(`${ALL}9000`);
  });

  it('erases a large file whole', () => {
    const { send } = opened('0241');
    expect(send('000E0000')).toBe('9000');
    expect(send('00B10000 000003 540100 0000')).toBe(`53829C40${zeros(40_000)}9000`);
  });
});

describe('SEARCH BINARY', () => {
  it.each([
    ['one byte', '00A00000 01 05 00', '059000'],
    ['a string', '00A00000 03 0A0B0C 00', '0A9000'],
    ['from an offset on', '00A0000A 03 0A0B0C 00', '0A9000'],
    ['from behind it', '00A0000B 03 0A0B0C 00', '6282'],
    ['at the very end', '00A00000 02 2627 00', '269000'],
    ['over the end', '00A00000 03 262728 00', '6282'],
    ['two bytes', '00A00000 02 0506 00', '059000'],
    ['two bytes that are not together', '00A00000 02 0507 00', '6282'],
    ['longer than the file', `00A00000 29 ${'00'.repeat(41)} 00`, '6282'],
    ['without Le: found', '00A00000 01 05', '9000'],
    ['without Le: not found', '00A00000 01 FF', '6282'],
    ['the first erased byte', '00A0000000', '009000'],
    ['an erased byte from 1 on: none', '00A0000100', '6282'],
    ['without data and Le', '00A00000', '9000'],
    ['by short identifier', '00A08101 01 05 00', '059000'],
    ['an offset at the end', '00A00028 01 05 00', '6B00'],
    ['odd INS', '00A10000 06 540100 530105 00', '5401059000'],
    ['odd INS from an offset on', '00A10000 06 540106 530105 00', '6282'],
    ['odd INS, the first erased byte', '00A10000 03 540100 00', '5401009000'],
    ['odd INS, an empty string', '00A10201 05 540100 5300 00', '5401009000'],
    ['odd INS without offset', '00A10000 03 530105 00', '6A80'],
    ['odd INS, an Le too small', '00A10000 06 540100 530105 02', '6C03'],
    ['odd INS without data', '00A1000000', '6700'],
  ])('%s', (_, command, answer) => expect(opened('0201').send(command)).toBe(answer));

  it('gives an offset in as few bytes as it takes', () => {
    const { send } = opened('0241');
    expect(send('00A00000 02 FF00 00')).toBe('FF9000');
    expect(send('00A00100 02 FF00 00')).toBe('01FF9000');
    expect(send('00A00100 02 FF00 01')).toBe('6C02');
    expect(send('00A10000 08 54029B00 53023E3F 00')).toBe('54029B3E9000');
  });
});

describe('the file of a binary command', () => {
  const COMMANDS: readonly [string, (offset: string) => string, string][] = [
    ['READ BINARY', () => '00B1PPPP 03 540100 00', 'read'],
    ['SEARCH BINARY', () => '00A1PPPP 03 540100 00', 'read'],
    ['UPDATE BINARY', () => '00D7PPPP 06 540100 5301AA', 'update'],
    ['WRITE BINARY', () => '00D1PPPP 06 540100 5301AA', 'write'],
    ['ERASE BINARY', () => '000FPPPP 03 540100', 'update'],
  ];
  const EVEN: Readonly<Record<string, string>> = {
    'READ BINARY': '00B0PPPP00',
    'SEARCH BINARY': '00A0PPPP 01 00 00',
    'UPDATE BINARY': '00D6PPPP 01 AA',
    'WRITE BINARY': '00D0PPPP 01 AA',
    'ERASE BINARY': '000EPPPP',
  };

  it.each(COMMANDS)('%s: refusals in their order', (name, odd, needs) => {
    const by = (p1p2: string): string => odd('').replace('PPPP', p1p2);
    const even = (p1p2: string): string => (EVEN[name] as string).replace('PPPP', p1p2);
    const card = dataCard();
    const status = (command: string): string => card.send(command).slice(-4);
    expect(status(by('0000'))).toBe('6986');
    expect(status(even('0000'))).toBe('6986');
    expect(status(by('001E'))).toBe('6A82');
    expect(status(even('9E00'))).toBe('6A82');
    for (const structure of ['0202', '0203', '0204', '0205']) {
      expect(status(by(structure))).toBe('6981');
      expect(status(even(`8${structure.slice(-1)}00`))).toBe('6981');
      expect(status(by(structure.replace('020', '021')))).toBe('6981'); // before the code
    }
    expect(status(by('0261'))).toBe('6985'); // before the code
    expect(status(even('9500'))).toBe('6985');
    expect(status(by('0211'))).toBe('6982');
    expect(status(even('8600'))).toBe('6982');
    expect(status(by('0221'))).toBe(needs === 'read' ? '9000' : '6982');
    expect(status(by('0231'))).toBe(needs === 'write' ? '9000' : '6982');
    // Security before the data: an offset outside, and no data object at all.
    expect(status(by('0211').replace('540100', '540199'))).toBe('6982');
    verifyCode(card);
    expect(status(by('0211'))).toBe('9000');
    expect(status(even('8600'))).toBe('9000');
    expect(status(by('0211').replace('540100', '540199'))).toBe('6B00');
    expect(status(by('0261'))).toBe('6985');
  });

  it.each(COMMANDS)('%s makes a file current when it succeeds, and not when it is refused', (name, odd) => {
    for (const command of [odd('').replace('PPPP', '0201'), (EVEN[name] as string).replace('PPPP', '8100')]) {
      const card = dataCard();
      select(card, '0202');
      expect(card.send(command.replace('540100', '540199').replace('8100', '8199')).slice(-4)).toBe('6B00');
      expect(card.send('00B2010400')).toBe('A10102039000');
      expect(card.send(command).slice(-4)).toBe('9000');
      expect(card.send('00B0000201')).toMatch(/9000$/);
    }
  });
});

describe('P1 80: the short identifier 0', () => {
  it.each([
    ['READ BINARY', '00B0800502', `${part(5, 7)}9000`, ALL],
    ['UPDATE BINARY', '00D6800502 CAFE', '9000', `${part(0, 5)}CAFE${part(7, 40)}`],
    ['WRITE BINARY', '00D0800002 FFF0', '9000', `FFF1${part(2, 40)}`],
    ['ERASE BINARY', '000E800502 0007', '9000', `${part(0, 5)}0000${part(7, 40)}`],
    ['SEARCH BINARY', '00A0800202 0607 00', '069000', ALL],
  ])('%s of the current EF', (_, command, answer, content) => {
    const card = opened('0201');
    expect(card.send(command)).toBe(answer);
    expect(card.send('00B0800000')).toBe(`${content}9000`);
  });

  it.each(['00B0800001', '00D6800001AA', '00D0800001AA', '000E8000', '00A0800001AA00'])(
    '%s without a current EF',
    (command) => {
      const card = dataCard();
      expect(card.send(command)).toBe('6986');
    },
  );
});
