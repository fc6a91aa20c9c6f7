import { describe, expect, it } from 'vitest';
import type { AccessVector, FileSpecification } from '../../src/applet/image/specification.ts';
import { benchSpecification, boot } from './bench-card.ts';
import { dataCard, opened, records, select, verifyCode } from './data-card.ts';

/** Content of the record files of {@link dataCard}. */
const FIXED = ['A1010203', 'A2111213', 'A1212223'] as const;
const VARIABLE = ['AA01', 'BB0102', 'AA02'] as const;
const CYCLIC = ['C1C1C1', 'C2C2C2', 'C3C3C3'] as const;

/** The content with record `number` being another one. */
function but(content: readonly string[], number: number, record: string): string {
  return content.map((each, i) => (i === number - 1 ? record : each)).join(' ');
}

/** Current record by its content, or 6A83. */
const CURRENT = '00B2000400';

describe('READ RECORD with odd INS', () => {
  it.each([
    ['part of record 1', '0202', '00B30104 03 540101 00', '53030102039000'],
    ['all of it', '0202', '00B30104 03 540100 00', '5304A10102039000'],
    ['an Le that counts tag and length', '0202', '00B30104 03 540101 04', '530201029000'],
    ['exactly up to the end', '0202', '00B30104 03 540102 04', '530202039000'],
    ['an Le over the end', '0202', '00B30104 03 540102 05', '530202036282'],
    ['an Le of 1', '0202', '00B30104 03 540102 01', '6700'],
    ['extended', '0202', '00B30104 000003 540103 0000', '5301039000'],
    ['an offset at the end', '0202', '00B30104 03 540104 00', '6B00'],
    ['no offset', '0202', '00B30104 02 5300 00', '6A80'],
    ['two offsets', '0202', '00B30104 06 540100 540101 00', '6A80'],
    ['data', '0202', '00B30104 06 540100 5301AA 00', '6A80'],
    ['longer than the field', '0202', '00B30104 03 540200 00', '6A85'],
    ['record 4', '0202', '00B30404 03 540100 00', '6A83'],
    ['several records', '0202', '00B30105 03 540100 00', '6A86'],
    ['the first with an identifier', '0202', '00B3A200 03 540103 00', '5301139000'],
    ['the last with an identifier', '0202', '00B3A101 03 540103 00', '5301239000'],
    ['a variable record', '0203', '00B30204 03 540101 00', '530201029000'],
    ['an offset behind a shorter record', '0203', '00B30104 03 540102 00', '6B00'],
    ['the newest of a cyclic file', '0204', '00B30104 03 540102 00', '5301C19000'],
    ['the oldest', '0204', '00B30001 03 540102 00', '5301C39000'],
  ])('%s', (_, fid, command, answer) => expect(opened(fid).send(command)).toBe(answer));

  it('moves the record pointer as the even INS does', () => {
    const { send } = opened('0202');
    expect(send('00B30204 03 540103 00')).toBe('5301139000');
    expect(send(CURRENT)).toBe('6A83');
    expect(send('00B30002 03 540103 00')).toBe('5301039000');
    expect(send('00B30002 03 540104 00')).toBe('6B00');
    expect(send(CURRENT)).toBe(`${FIXED[0]}9000`);
    expect(send('00B30002 03 540103 00')).toBe('5301139000');
    expect(send(CURRENT)).toBe(`${FIXED[1]}9000`);
  });
});

describe('UPDATE RECORD', () => {
  it.each([
    ['linear fixed, record 2', '0202', '00DC0204 04 5A5B5C5D', but(FIXED, 2, '5A5B5C5D')],
    ['linear fixed, first', '0202', '00DC0000 04 5A5B5C5D', but(FIXED, 1, '5A5B5C5D')],
    ['linear fixed, last', '0202', '00DC0001 04 5A5B5C5D', but(FIXED, 3, '5A5B5C5D')],
    ['linear fixed, next: the first', '0202', '00DC0002 04 5A5B5C5D', but(FIXED, 1, '5A5B5C5D')],
    ['linear fixed, previous: the last', '0202', '00DC0003 04 5A5B5C5D', but(FIXED, 3, '5A5B5C5D')],
    ['by short identifier', '0201', '00DC0214 04 5A5B5C5D', but(FIXED, 2, '5A5B5C5D')],
    ['linear variable, shorter', '0203', '00DC0204 01 5A', but(VARIABLE, 2, '5A')],
    ['linear variable, longer', '0203', '00DC0104 06 5A5B5C5D5E5F', but(VARIABLE, 1, '5A5B5C5D5E5F')],
    ['cyclic, record 2 stays in its place', '0204', '00DC0204 03 5A5B5C', but(CYCLIC, 2, '5A5B5C')],
    ['cyclic, last', '0204', '00DC0001 03 5A5B5C', but(CYCLIC, 3, '5A5B5C')],
    ['cyclic, previous: a new record 1', '0204', '00DC0003 03 5A5B5C', `5A5B5C ${CYCLIC.join(' ')}`],
    ['extended', '0202', '00DC0204 000004 5A5B5C5D', but(FIXED, 2, '5A5B5C5D')],
  ])('%s', (_, fid, command, content) => {
    const card = opened(fid);
    expect(card.send(command)).toBe('9000');
    if (fid === '0201') select(card, '0202');
    expect(records(card)).toBe(content);
  });

  it.each([
    ['record 4', '0202', '00DC0404 04 5A5B5C5D', '6A83'],
    ['current record when none is', '0202', '00DC0004 04 5A5B5C5D', '6A83'],
    ['first with an identifier', '0202', '00DC0100 04 5A5B5C5D', '6A86'],
    ['several records', '0202', '00DC0105 04 5A5B5C5D', '6A86'],
    ['P1 FF', '0202', '00DCFF04 04 5A5B5C5D', '6A86'],
    ['too short', '0202', '00DC0204 03 5A5B5C', '6700'],
    ['too long', '0202', '00DC0204 05 5A5B5C5D5E', '6700'],
    ['record before length', '0202', '00DC0404 05 5A5B5C5D5E', '6A83'],
    ['too long for a variable file', '0203', '00DC0204 07 5A5B5C5D5E5F60', '6700'],
    ['too short for a cyclic file', '0204', '00DC0003 02 5A5B', '6700'],
    ['without data', '0202', '00DC0204', '6700'],
    ['with Le', '0202', '00DC0204 04 5A5B5C5D 00', '6700'],
  ])('%s changes nothing', (_, fid, command, status) => {
    const card = opened(fid);
    const before = records(card);
    expect(card.send(command)).toBe(status);
    expect(records(card)).toBe(before);
    expect(card.send(CURRENT)).toBe('6A83');
  });

  it('first, last, next and previous make the record current; a number does not', () => {
    const { send } = opened('0202');
    send('00DC0204 04 22222222');
    expect(send(CURRENT)).toBe('6A83');
    send('00DC0000 04 11111111');
    expect(send(CURRENT)).toBe('111111119000');
    send('00DC0002 04 55555555');
    expect(send(CURRENT)).toBe('555555559000');
    expect(send('00B2020400')).toBe('555555559000');
    send('00DC0003 04 66666666');
    expect(send('00B2010400')).toBe('666666669000');
    expect(send('00DC0003 04 77777777')).toBe('6A83');
    expect(send(CURRENT)).toBe('666666669000');
    send('00DC0004 04 88888888');
    expect(send('00B2010400')).toBe('888888889000');
  });

  it('a record identifier follows the content', () => {
    const { send } = opened('0203');
    send('00DC0104 02 CC09');
    expect(send('00B2AA0000')).toBe('AA029000');
    expect(send('00B2CC0000')).toBe('CC099000');
  });

  it('previous in a cyclic file goes round', () => {
    const card = opened('0204');
    for (const byte of ['11', '22', '33', '44', '55']) expect(card.send(`00DC0003 03 ${byte.repeat(3)}`)).toBe('9000');
    expect(records(card)).toBe('555555 444444 333333 222222');
    expect(card.send(CURRENT)).toBe('5555559000');
  });

  it('takes a chain', () => {
    const { send } = opened('0202');
    expect(send('10DC0204 03 5A5B5C')).toBe('9000');
    expect(send('00DC0204 01 5D')).toBe('9000');
    expect(send('00B2020400')).toBe('5A5B5C5D9000');
  });
});

describe('UPDATE RECORD with odd INS', () => {
  // Record 2 of 0202 is A2111213.
  it.each([
    ['replaces', '00DD0204 07 540101 5302F00F', 'A2F00F13'],
    ['logical AND', '00DD0205 07 540101 5302F00F', 'A2100213'],
    ['logical OR', '00DD0206 07 540101 5302F00F', 'A2F11F13'],
    ['exclusive OR', '00DD0207 07 540101 5302F00F', 'A2E11D13'],
    ['the whole record', '00DD0204 09 540100 53045A5B5C5D', '5A5B5C5D'],
    ['up to the end', '00DD0204 07 540102 5302F00F', 'A211F00F'],
    ['a template 73', '00DD0204 07 540101 7302F00F', 'A2F00F13'],
    ['data first', '00DD0204 07 5302F00F 540101', 'A2F00F13'],
    ['empty data', '00DD0204 05 540101 5300', 'A2111213'],
    ['by short identifier', '00DD0214 07 540101 5302F00F', 'A2F00F13'],
  ])('%s', (_, command, record) => {
    const card = opened('0202');
    expect(card.send(command)).toBe('9000');
    expect(records(card)).toBe(but(FIXED, 2, record));
    expect(card.send(CURRENT)).toBe('6A83');
  });

  it.each([
    ['an offset at the end', '00DD0204 06 540104 5301AA', '6B00'],
    ['data over the end', '00DD0204 07 540103 5302AAAA', '6A84'],
    ['record 4', '00DD0404 06 540101 5301AA', '6A83'],
    ['no current record', '00DD0004 06 540101 5301AA', '6A83'],
    ['no offset', '00DD0204 03 5301AA', '6A80'],
    ['no data', '00DD0204 03 540101', '6A80'],
    ['two offsets', '00DD0204 09 540101 540102 5301AA', '6A80'],
    ['longer than the field', '00DD0204 06 540101 5302AA', '6A85'],
    ['a mode of the even INS', '00DD0000 06 540101 5301AA', '6A86'],
  ])('%s changes nothing', (_, command, status) => {
    const card = opened('0202');
    expect(card.send(command)).toBe(status);
    expect(records(card)).toBe(FIXED.join(' '));
  });

  it('a variable record keeps its length', () => {
    const card = opened('0203');
    expect(card.send('00DD0104 07 540101 5302AAAA')).toBe('6A84');
    expect(card.send('00DD0104 06 540101 53010F')).toBe('9000');
    expect(records(card)).toBe(but(VARIABLE, 1, 'AA0F'));
  });

  it('P1 00 is the current record', () => {
    const card = opened('0204');
    card.send('00B2000100');
    expect(card.send('00DD0007 08 540100 5303FFFFFF')).toBe('9000');
    expect(records(card)).toBe(but(CYCLIC, 3, '3C3C3C'));
  });
});

describe('WRITE RECORD', () => {
  it.each([
    ['linear fixed, record 2', '0202', '00D20204 04 0FF00000', but(FIXED, 2, 'AFF11213')],
    ['linear fixed, first', '0202', '00D20000 04 0FF00000', but(FIXED, 1, 'AFF10203')],
    ['linear fixed, last', '0202', '00D20001 04 0FF00000', but(FIXED, 3, 'AFF12223')],
    ['linear variable, of the same length', '0203', '00D20204 03 00F000', but(VARIABLE, 2, 'BBF102')],
    ['cyclic, record 3', '0204', '00D20304 03 0F0F0F', but(CYCLIC, 3, 'CFCFCF')],
    ['cyclic, next: the first', '0204', '00D20002 03 0F0F0F', but(CYCLIC, 1, 'CFCFCF')],
    ['cyclic, previous: a new record 1', '0204', '00D20003 03 0F0F0F', `0F0F0F ${CYCLIC.join(' ')}`],
    ['by short identifier', '0202', '00D20214 04 0FF00000', but(FIXED, 2, 'AFF11213')],
  ])('%s', (_, fid, command, content) => {
    const card = opened(fid);
    expect(card.send(command)).toBe('9000');
    expect(records(card)).toBe(content);
  });

  it.each([
    ['shorter than the record', '0202', '00D20204 03 0FF000', '6700'],
    ['longer', '0202', '00D20204 05 0FF0000000', '6700'],
    ['another length than a variable record', '0203', '00D20204 02 00F0', '6700'],
    ['record 4', '0202', '00D20404 04 0FF00000', '6A83'],
    ['with an identifier', '0202', '00D20100 04 0FF00000', '6A86'],
  ])('%s changes nothing', (_, fid, command, status) => {
    const card = opened(fid);
    const before = records(card);
    expect(card.send(command)).toBe(status);
    expect(records(card)).toBe(before);
  });

  it('onto an erased record stores it', () => {
    const card = opened('0203');
    card.send('000C0204');
    expect(card.send('00D20204 03 123456')).toBe('9000');
    expect(records(card)).toBe(but(VARIABLE, 2, '123456'));
  });
});

describe('APPEND RECORD', () => {
  it.each([
    ['linear fixed: the last', '0202', '00E20000 04 5A5B5C5D', `${FIXED.join(' ')} 5A5B5C5D`],
    ['linear variable: the last', '0203', '00E20000 05 5A5B5C5D5E', `${VARIABLE.join(' ')} 5A5B5C5D5E`],
    ['cyclic: record 1', '0204', '00E20000 03 5A5B5C', `5A5B5C ${CYCLIC.join(' ')}`],
    ['by short identifier', '0202', '00E20010 04 5A5B5C5D', `${FIXED.join(' ')} 5A5B5C5D`],
  ])('%s, which becomes current', (_, fid, command, content) => {
    const card = opened(fid);
    expect(card.send(command)).toBe('9000');
    expect(records(card)).toBe(content);
    expect(card.send(CURRENT)).toMatch(/^5A5B5C.*9000$/);
  });

  it.each([
    ['too short', '0202', '00E20000 03 5A5B5C', '6700'],
    ['too long', '0202', '00E20000 05 5A5B5C5D5E', '6700'],
    ['too long for a variable file', '0203', '00E20000 07 5A5B5C5D5E5F60', '6700'],
    ['too long for a cyclic file', '0204', '00E20000 04 5A5B5C5D', '6700'],
    ['P1', '0202', '00E20100 04 5A5B5C5D', '6A86'],
    ['bits of P2', '0202', '00E20004 04 5A5B5C5D', '6A86'],
    ['short identifier 31', '0202', '00E200F8 04 5A5B5C5D', '6A86'],
    ['without data', '0202', '00E20000', '6700'],
  ])('%s changes nothing', (_, fid, command, status) => {
    const card = opened(fid);
    const before = records(card);
    expect(card.send(command)).toBe(status);
    expect(records(card)).toBe(before);
  });

  it.each([
    ['0202', 5, '5A5B5C5D'],
    ['0203', 4, '5A'],
  ])('6A84: the linear file %s is full with %i records', (fid, capacity, record) => {
    const card = opened(fid);
    const append = `00E20000 0${record.length / 2} ${record}`;
    for (let count = 3; count < capacity; count++) expect(card.send(append)).toBe('9000');
    const full = records(card);
    expect(full.split(' ')).toHaveLength(capacity);
    expect(card.send(append)).toBe('6A84');
    expect(records(card)).toBe(full);
  });

  it('a full cyclic file gives up its oldest record', () => {
    const card = opened('0204');
    for (const byte of ['11', '22', '33', '44', '55', '66']) {
      expect(card.send(`00E20000 03 ${byte.repeat(3)}`)).toBe('9000');
    }
    expect(records(card)).toBe('666666 555555 444444 333333');
    expect(card.send('00B2010500')).toBe('6666665555554444443333339000');
    card.port.reset();
    select(card, '0204');
    expect(records(card)).toBe('666666 555555 444444 333333');
  });
});

describe('ERASE RECORD', () => {
  it.each([
    ['record 2', '0202', '000C0204', but(FIXED, 2, '00000000')],
    ['from record 2 on', '0202', '000C0205', `${FIXED[0]} 00000000 00000000`],
    ['a variable record keeps its length', '0203', '000C0204', but(VARIABLE, 2, '000000')],
    ['all of a variable file', '0203', '000C0105', '0000 000000 0000'],
    ['the newest of a cyclic file', '0204', '000C0104', but(CYCLIC, 1, '000000')],
    ['the oldest ones', '0204', '000C0205', `${CYCLIC[0]} 000000 000000`],
    ['by short identifier', '0202', '000C0214', but(FIXED, 2, '00000000')],
  ])('%s', (_, fid, command, content) => {
    const card = opened(fid);
    expect(card.send(command)).toBe('9000');
    expect(records(card)).toBe(content);
    expect(card.send(CURRENT)).toBe('6A83');
  });

  it.each([
    ['record 4', '000C0404', '6A83'],
    ['from record 4 on', '000C0405', '6A83'],
    ['P1 00', '000C0004', '6A86'],
    ['another mode', '000C0106', '6A86'],
    ['with data', '000C0204 01 AA', '6700'],
  ])('%s changes nothing', (_, command, status) => {
    const card = opened('0202');
    expect(card.send(command)).toBe(status);
    expect(records(card)).toBe(FIXED.join(' '));
  });
});

describe('ERASE RECORD of as many records as a file can hold', () => {
  const ALWAYS: AccessVector = [0, 0, 0, 0xff, 0xff, 0xff, 0xff];
  const access = { contact: ALWAYS, contactless: ALWAYS, wired: ALWAYS };
  const content = Array.from({ length: 254 }, (_, i) => new Uint8Array([i + 1]));

  it.each(['linear-fixed', 'linear-variable', 'cyclic'] as const)('%s', (kind) => {
    const file: FileSpecification = {
      kind,
      fid: 0x0201,
      sfi: 1,
      access,
      recordSize: 1,
      capacity: 254,
      records: content,
    };
    const { masterFile, ...rest } = benchSpecification();
    const card = boot({ specification: { ...rest, masterFile: { ...masterFile, children: [file] } } });
    select(card, '0201');
    if (kind === 'cyclic') card.send('00E20000 01 EE'); // so that the records go round the end of the memory
    expect(card.send('000C0305')).toBe('9000');
    const kept = kind === 'cyclic' ? 'EE01' : '0102';
    expect(card.send('00B2010500')).toBe(`${kept}${'00'.repeat(252)}9000`);
    expect(card.faults).toEqual([]);
  });
});

describe('the file of a record command', () => {
  it.each([
    ['READ RECORD', '00B3', '04', '03 540100 00', 'read'],
    ['SEARCH RECORD', '00A2', '04', '01 FF 00', 'read'],
    ['UPDATE RECORD', '00DC', '04', 'RECORD', 'update'],
    ['UPDATE RECORD, odd INS', '00DD', '04', '06 540100 5301AA', 'update'],
    ['WRITE RECORD', '00D2', '04', 'RECORD', 'write'],
    ['APPEND RECORD', '00E2', '00', 'RECORD', 'write'],
    ['ERASE RECORD', '000C', '04', '', 'update'],
  ])('%s: refusals in their order, on every structure', (_, head, mode, body, needs) => {
    const p1 = mode === '00' ? '00' : '01';
    const record: Readonly<Record<string, string>> = { 2: '04 5A5B5C5D', 3: '02 5A5B', 4: '03 5A5B5C' };
    for (const structure of [2, 3, 4]) {
      const card = dataCard();
      const status = (sfi: number, longer = ''): string => {
        const p2 = ((sfi << 3) | Number(mode)).toString(16).padStart(2, '0');
        const data = body === 'RECORD' ? (record[structure] as string) : body;
        return card.send(`${head}${p1}${p2} ${longer === '' ? data : longer}`).slice(-4);
      };
      expect(status(0)).toBe('6986');
      expect(status(30)).toBe('6A82');
      expect(status(1)).toBe('6981');
      expect(status(5)).toBe('6981');
      expect(status(6)).toBe('6981'); // before the code
      expect(status(20 + structure)).toBe('6985'); // before the code
      expect(status(5 + structure)).toBe('6982');
      if (body === 'RECORD') expect(status(5 + structure, '07 5A5B5C5D5E5F60')).toBe('6982'); // before the length
      const done = head === '00A2' ? '6282' : '9000';
      expect(status(10 + structure)).toBe(needs === 'read' ? done : '6982');
      expect(status(15 + structure)).toBe(needs === 'write' ? done : '6982');
      verifyCode(card);
      if (body === 'RECORD') expect(status(5 + structure, '07 5A5B5C5D5E5F60')).toBe('6700');
      expect(status(20 + structure)).toBe('6985');
      expect(card.send('00B2000400')).toBe(needs === 'write' ? '6982' : needs === 'read' ? '6A83' : '6986');
      expect(status(5 + structure)).toBe(done);
      // The file is current now; only an appended record is, too.
      expect(card.send('00B2000400').slice(-4)).toBe(head === '00E2' ? '9000' : '6A83');
    }
  });
});
