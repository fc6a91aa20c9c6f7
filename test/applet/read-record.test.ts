import { describe, expect, it } from 'vitest';
import { AID_A, boot, selectName } from './bench-card.ts';

/** Opens application A with EF `fid` current. */
function open(fid: string): (command: string) => string {
  const { send } = boot();
  send(selectName(AID_A));
  expect(send(`00A4020C 02 ${fid}`)).toBe('9000');
  return send;
}

describe('READ RECORD by number', () => {
  // Linear fixed, 5 records of 4 bytes: A1A1A1A1 to A5A5A5A5.
  it.each([
    ['record 1', '00B2010400', 'A1A1A1A19000'],
    ['record 5', '00B2050400', 'A5A5A5A59000'],
    ['record 6: not there', '00B2060400', '6A83'],
    ['record 254', '00B2FE0400', '6A83'],
    ['P1 FF is reserved', '00B2FF0400', '6A86'],
    ['mode 7 is reserved', '00B2010700', '6A86'],
    ['short identifier 31', '00B201FC00', '6A86'],
    ['current record when none is', '00B2000400', '6A83'],
    ['exact Le', '00B2010404', 'A1A1A1A19000'],
    ['a smaller Le', '00B2010403', '6C04'],
    ['a larger Le: the record, and 6282', '00B2010405', 'A1A1A1A16282'],
    ['all from 3', '00B2030500', 'A3A3A3A3A4A4A4A4A5A5A5A59000'],
    ['from the last up to 4', '00B2040600', 'A5A5A5A5A4A4A4A49000'],
    ['all from 6', '00B2060500', '6A83'],
    ['all from the current one when none is', '00B2000500', '6A83'],
    ['without Le', '00B20104', '6700'],
    ['with data', '00B2010401AA', '6700'],
  ])('linear fixed: %s', (_, command, answer) => expect(open('E001')(command)).toBe(answer));

  it.each([
    ['00B2010400', 'AA019000'],
    ['00B2020400', 'BB01029000'],
    ['00B2050400', 'AA0303039000'],
    ['00B2010500', 'AA01BB0102AA02BB03AA0303039000'],
  ])('linear variable: %s', (command, answer) => expect(open('E002')(command)).toBe(answer));

  it.each([
    ['the newest', '00B2010400', 'C1C1C19000'],
    ['the oldest', '00B2030400', 'C3C3C39000'],
    ['not yet written', '00B2040400', '6A83'],
    ['all', '00B2010500', 'C1C1C1C2C2C2C3C3C39000'],
  ])('cyclic: %s', (_, command, answer) => expect(open('E003')(command)).toBe(answer));

  it('cyclic: goes round the end of the ring', () => {
    const bench = boot();
    const file = bench.card.image.files.find((each) => each.fid === 0xe003)!;
    // The fourth slot is filled, then the first one again: the newest is in slot 0.
    bench.nvm.write(file.body + 2, Uint8Array.of(0, 4, 0, 0), 0, 4);
    bench.nvm.write(file.data + 9, Uint8Array.of(0xc4, 0xc4, 0xc4), 0, 3);
    bench.send(selectName(AID_A));
    const slot = (n: number) => [0xc3, 0xc2, 0xc1, 0xc4][n]!.toString(16).toUpperCase().repeat(3);
    expect(bench.send('00B2011D00')).toBe(`${slot(0)}${slot(3)}${slot(2)}${slot(1)}9000`);
  });

  it('a file that is not activated is not read', () => {
    const bench = boot();
    const file = bench.card.image.files.find((each) => each.fid === 0xe001)!;
    bench.nvm.write(file.body, Uint8Array.of(4), 0, 1);
    bench.send(selectName(AID_A));
    expect(bench.send('00B2010C00')).toBe('6985');
  });

  it('by short identifier, which makes the file current', () => {
    const { send } = boot();
    send(selectName(AID_A));
    expect(send('00B2010C00')).toBe('A1A1A1A19000');
    expect(send('00B2020400')).toBe('A2A2A2A29000');
    expect(send('00B2011400')).toBe('AA019000');
    expect(send('00B2010400')).toBe('AA019000');
    expect(send('00B201F400')).toBe('6A82');
  });

  it('an empty file has no record, in any mode', () => {
    const send = open('E008');
    for (let mode = 0; mode < 7; mode++) expect(send(`00B2010${mode}00`)).toBe('6A83');
    for (let mode = 0; mode < 7; mode++) expect(send(`00B2000${mode}00`)).toBe('6A83');
  });

  it('refuses what has no records, and needs a current EF', () => {
    const { send } = boot();
    expect(send('00B2010400')).toBe('6986');
    send('00A4020C 02 0101');
    expect(send('00B2010400')).toBe('6981');
  });

  it('more than 256 bytes: 61xx and GET RESPONSE, or extended length', () => {
    const send = open('E007'); // three records of 200 bytes
    const all = ['A1', 'A2', 'A3'].map((byte) => byte.repeat(200)).join('');
    const first = send('00B2010500');
    expect(first).toBe(`${all.slice(0, 512)}6100`); // 344 bytes remain: 256 or more
    const second = send('00C0000000');
    expect(second).toBe(`${all.slice(512, 1024)}6158`);
    expect(send('00C0000058')).toBe(`${all.slice(1024)}9000`);
    expect(send('00B20105 00 0258')).toBe(`${all}9000`);
    expect(send('00B20105 00 0000')).toBe(`${all}9000`);
    expect(send('00B20105 00 0100')).toBe('6C00');
  });
});

/**
 * The record pointer as the annex on it in ISO/IEC 7816-4 (first edition) tabulates it. Records of E002 in order:
 * AA01, BB0102, AA02, BB03, AA030303; identifiers AA and BB.
 */
describe('READ RECORD by identifier', () => {
  it.each([
    ['next with id', '00B2AA0200', 'AA01'],
    ['previous with id', '00B2BB0300', 'BB03'],
    ['first with id', '00B2BB0000', 'BB0102'],
    ['last with id', '00B2AA0100', 'AA030303'],
    ['next', '00B2000200', 'AA01'],
    ['previous', '00B2000300', 'AA030303'],
    ['first', '00B2000000', 'AA01'],
    ['last', '00B2000100', 'AA030303'],
  ])('with no current record: %s, which becomes current', (_, command, record) => {
    const send = open('E002');
    expect(send(command)).toBe(`${record}9000`);
    expect(send('00B2000400')).toBe(`${record}9000`);
  });

  it.each([
    ['next with id', '00B2BB0200', 'BB03', 'BB03'],
    ['previous with id', '00B2BB0300', 'BB0102', 'BB0102'],
    ['first with id', '00B2AA0000', 'AA01', 'AA01'],
    ['last with id', '00B2AA0100', 'AA030303', 'AA030303'],
    ['next', '00B2000200', 'BB03', 'BB03'],
    ['previous', '00B2000300', 'BB0102', 'BB0102'],
    ['a number', '00B2050400', 'AA030303', 'AA02'],
    ['all from the current one', '00B2000500', 'AA02BB03AA030303', 'AA02'],
    ['from the last up to the current one', '00B2000600', 'AA030303BB03AA02', 'AA02'],
  ])('from record 3: %s', (_, command, data, currentAfter) => {
    const send = open('E002');
    send('00B2AA0000');
    send('00B2AA0200');
    expect(send(command)).toBe(`${data}9000`);
    expect(send('00B2000400')).toBe(`${currentAfter}9000`);
  });

  it.each([
    ['an identifier that is not there', '00B2CC0000'],
    ['next after the last', '00B2000200'],
    ['next with id after the last', '00B2BB0200'],
  ])('6A83 leaves the pointer where it was: %s', (_, command) => {
    const send = open('E002');
    send('00B2000100');
    expect(send(command)).toBe('6A83');
    expect(send('00B2000400')).toBe('AA0303039000');
  });

  it('an Le that is refused does not move the pointer', () => {
    const send = open('E002');
    send('00B2000000');
    expect(send('00B2000201')).toBe('6C03');
    expect(send('00B2000203')).toBe('BB01029000');
  });

  it('selecting the file again forgets the pointer', () => {
    const send = open('E002');
    send('00B2000100');
    send('00A4020C 02 E002');
    expect(send('00B2000400')).toBe('6A83');
    expect(send('00B2001200')).toBe('AA019000'); // next, by short identifier 2: the first
  });
});
