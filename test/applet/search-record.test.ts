import { describe, expect, it } from 'vitest';
import { opened, select } from './data-card.ts';

const CURRENT = '00B2000400';

/**
 * Linear fixed 0202: 1 A1010203, 2 A2111213, 3 A1212223; linear variable 0203: 1 AA01, 2 BB0102, 3 AA02; cyclic 0204:
 * 1 C1C1C1, 2 C2C2C2, 3 C3C3C3.
 */
describe('simple SEARCH RECORD', () => {
  it.each([
    ['forward from record 1', '0202', '00A20104 01 A1 00', '01039000', 'A1010203'],
    ['backward from record 3', '0202', '00A20305 01 A1 00', '03019000', 'A1212223'],
    ['forward from record 2', '0202', '00A20204 01 A1 00', '039000', 'A1212223'],
    ['backward from record 2', '0202', '00A20205 01 A1 00', '019000', 'A1010203'],
    ['anywhere in a record', '0202', '00A20104 02 1213 00', '029000', 'A2111213'],
    ['a whole record', '0202', '00A20104 04 A2111213 00', '029000', 'A2111213'],
    ['by identifier, forward from the first', '0202', '00A2A100 01 22 00', '039000', 'A1212223'],
    ['by identifier, backward from the last', '0202', '00A2A101 01 A1 00', '03019000', 'A1212223'],
    ['by identifier, next: from the first', '0202', '00A2A102 01 A1 00', '01039000', 'A1010203'],
    ['by identifier, previous: from the last', '0202', '00A2A103 01 A1 00', '03019000', 'A1212223'],
    ['any identifier', '0202', '00A20000 01 A2 00', '029000', 'A2111213'],
    ['without Le', '0202', '00A20104 01 A2', '9000', 'A2111213'],
    ['exact Le', '0202', '00A20104 01 A1 02', '01039000', 'A1010203'],
    ['extended', '0202', '00A20104 000001 A1 0000', '01039000', 'A1010203'],
    ['linear variable', '0203', '00A20104 01 02 00', '02039000', 'BB0102'],
    ['linear variable passes over shorter records', '0203', '00A20104 03 BB0102 00', '029000', 'BB0102'],
    ['cyclic', '0204', '00A20104 02 C2C2 00', '029000', 'C2C2C2'],
    ['by short identifier', '0201', '00A20114 01 A2 00', '029000', 'A2111213'],
  ])('%s', (_, fid, command, answer, current) => {
    const { send } = opened(fid);
    expect(send(command)).toBe(answer);
    expect(send(CURRENT)).toBe(`${current}9000`);
  });

  it.each([
    ['not there', '0202', '00A20104 01 FF 00', '6282'],
    ['not there, without Le', '0202', '00A20104 01 FF', '6282'],
    ['not behind the start', '0202', '00A20304 01 A2 00', '6282'],
    ['across two records', '0202', '00A20104 02 03A2 00', '6282'],
    ['an identifier that is not there', '0202', '00A2A300 01 A1 00', '6282'],
    ['not in the records with the identifier', '0202', '00A2A100 01 A2 00', '6282'],
    ['longer than every variable record', '0203', '00A20104 07 AA010203040506 00', '6282'],
    ['from record 4', '0202', '00A20404 01 A1 00', '6A83'],
    ['backward from record 4', '0202', '00A20405 01 A1 00', '6A83'],
    ['from the current record when none is', '0202', '00A20004 01 A1 00', '6A83'],
    ['longer than a fixed record', '0202', '00A20104 05 A101020304 00', '6700'],
    ['longer than a cyclic record', '0204', '00A20104 04 C1C1C1C1 00', '6700'],
    ['an Le too small', '0202', '00A20104 01 A1 01', '6C02'],
    ['without a string', '0202', '00A2010400', '6700'],
    ['proprietary search', '0202', '00A20107 01 A1 00', '6A86'],
    ['P1 FF', '0202', '00A2FF04 01 A1 00', '6A86'],
  ])('%s: refused, and the pointer stays', (_, fid, command, status) => {
    const { send } = opened(fid);
    expect(send(command)).toBe(status);
    expect(send(CURRENT)).toBe('6A83');
  });

  it('next and previous go on from the current record', () => {
    const { send } = opened('0202');
    expect(send('00A20002 01 A1 00')).toBe('01039000');
    expect(send('00A20002 01 A1 00')).toBe('039000');
    expect(send('00A20002 01 A1 00')).toBe('6282');
    expect(send('00A20003 01 A1 00')).toBe('019000');
    expect(send('00A20004 01 A1 00')).toBe('01039000'); // P1 00: the current record
  });

  it('makes a file named by its short identifier current, found or not', () => {
    const card = opened('0201');
    expect(card.send('00A20114 01 FF 00')).toBe('6282');
    expect(card.send('00B2010400')).toBe('A10102039000');
    select(card, '0201');
    expect(card.send('00A20414 01 FF 00')).toBe('6A83');
    expect(card.send('00B2010400')).toBe('6981');
  });
});

describe('enhanced SEARCH RECORD', () => {
  it.each([
    ['from an offset', '0202', '00A20106 03 0401 02 00', '019000'],
    ['from an offset that leaves it out', '0202', '00A20106 03 0403 02 00', '6282'],
    ['from an offset, backward', '0203', '00A20306 03 0501 02 00', '03029000'],
    ['behind a byte', '0203', '00A20106 03 0C01 02 00', '029000'],
    ['behind the first of two like bytes', '0204', '00A20106 04 0CC1 C1C1 00', '019000'],
    ['behind both', '0204', '00A20106 05 0CC1 C1C1C1 00', '6282'],
    ['behind a byte that is not there', '0202', '00A20106 03 0CFF 02 00', '6282'],
    ['behind the last byte', '0203', '00A20106 03 0C02 02 00', '6282'],
    ['an offset outside of every record', '0202', '00A20106 03 0404 03 00', '6282'],
    ['forward from the next record after P1', '0202', '00A20106 03 0600 A1 00', '039000'],
    ['backward from the one before P1', '0202', '00A20306 03 0700 A1 00', '019000'],
    ['next record when none is current: from the first', '0202', '00A20006 03 0600 A1 00', '01039000'],
    ['previous record when none is: from the last', '0202', '00A20006 03 0700 A1 00', '03019000'],
    ['next record after the last', '0202', '00A20306 03 0600 A1 00', '6282'],
    ['by identifier', '0202', '00A2A106 03 0003 23 00', '039000'],
    ['by identifier, backward from the last', '0202', '00A2A106 03 0100 A1 00', '03019000'],
    ['reserved bits', '0202', '00A20106 03 1400 A1 00', '6A80'],
    ['no string', '0202', '00A20106 02 0400 00', '6700'],
    ['one indication byte', '0202', '00A20106 01 04 00', '6700'],
    ['longer than a fixed record', '0202', '00A20106 07 0400 A101020304 00', '6700'],
    ['from record 4', '0202', '00A20406 03 0400 A1 00', '6A83'],
  ])('%s', (_, fid, command, answer) => expect(opened(fid).send(command)).toBe(answer));
});

/** The data field is spaced as 7F76 { 51 … A1 … A3 }. */
describe('SEARCH RECORD through several files', () => {
  const search = (template: string, le = '00'): string => {
    const inside = template.replace(/\s/g, '');
    const length = inside.length / 2;
    const byte = (value: number): string => value.toString(16).padStart(2, '0');
    return `00A200F8 ${byte(length + 3)} 7F76${byte(length)} ${inside} ${le}`;
  };
  const FOR = (string: string): string => {
    const length = string.length / 2;
    return `A30${length + 4} B10${length + 2} 810${length} ${string}`;
  };

  it.each([
    ['one file by identifier', `51020202 ${FOR('A1')}`, '7F760A 51020202 020101 020103 9000'],
    ['one file by short identifier', `510110 ${FOR('A1')}`, '7F7609 510110 020101 020103 9000'],
    ['two files', `51020202 51020203 ${FOR('02')}`, '7F7611 51020202 020101 51020203 020102 020103 9000'],
    ['only files with a match', `51020202 51020203 ${FOR('BB')}`, '7F7607 51020203 020102 9000'],
    ['up to the first match', `51020202 51020203 A103800130 ${FOR('02')}`, '7F7607 51020202 020101 9000'],
    ['all matches', `51020202 A103800100 ${FOR('A1')}`, '7F760A 51020202 020101 020103 9000'],
    ['a window', `51020202 A108B006020101020102 ${FOR('02')}`, '7F7607 51020202 020101 9000'],
    ['a window that ends before it', `51020202 A108B006020101020101 ${FOR('02')}`, '6282'],
    ['a window up to the end', `51020203 A108B006020102020100 ${FOR('02')}`, '7F7607 51020203 020102 9000'],
    ['a window outside', `51020203 A108B006020109020100 ${FOR('02')}`, '6282'],
    ['a cyclic file', `51020204 ${FOR('C3C3')}`, '7F7607 51020204 020103 9000'],
    ['no match', `51020202 51020203 ${FOR('FF')}`, '6282'],
    ['a file that is not there', `51020202 51020299 ${FOR('A1')}`, '6A82'],
    ['a file without records', `51020202 51020201 ${FOR('A1')}`, '6981'],
    ['a deactivated file', `51020262 ${FOR('A1')}`, '6985'],
    ['a file behind the code', `51020202 51020212 ${FOR('A1')}`, '6982'],
    ['no file', FOR('A1'), '6A80'],
    ['no string', '51020202', '6A80'],
    ['an empty string', '51020202 A304 B102 8100', '6A80'],
    ['two strings', '51020202 A307 B105 8101A1 8100', '6A80'],
    ['a path of four bytes', `51043F000202 ${FOR('A1')}`, '6A80'],
    ['descending order', `51020202 A103800101 ${FOR('A1')}`, '6A80'],
    ['a window without length', `51020202 A105B003020101 ${FOR('A1')}`, '6A80'],
    ['a window with an empty offset', `51020202 A107B0050200020100 ${FOR('A1')}`, '6A80'],
    ['another data object', `51020202 C000 ${FOR('A1')}`, '6A80'],
    ['an object longer than the template', `51020202 A320 B1`, '6A85'],
  ])('%s', (_, template, answer) => expect(opened('0205').send(search(template))).toBe(answer.replace(/\s/g, '')));

  it.each([
    ['another template', '00A200F8 06 7F4903 510110 00', '6A80'],
    ['two templates', '00A200F8 06 7F7600 7F7600 00', '6A80'],
    ['P1', '00A201F8 03 7F7600 00', '6A86'],
    ['an Le too small', search(`51020202 ${FOR('A1')}`, '0C'), '6C0D'],
  ])('%s', (_, command, status) => expect(opened('0202').send(command)).toBe(status));

  it('leaves current file and record alone', () => {
    const { send } = opened('0202');
    send('00B2000100');
    expect(send(search(`51020203 ${FOR('BB')}`))).toMatch(/9000$/);
    expect(send(CURRENT)).toBe('A12122239000');
  });
});
