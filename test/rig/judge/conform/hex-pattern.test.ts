import { describe, expect, it } from 'vitest';
import {
  CaseError,
  commandBytes,
  fill,
  firstDifference,
  fits,
  hex,
  hex16,
  statusFits,
  statusHex,
} from '../../../../rig/judge/conform/hex-pattern.ts';
import { selectsId } from '../../../../rig/judge/conform/run-suite.ts';

describe('patterns', () => {
  it.each([
    ['0102', '0102', true],
    ['0102', '0103', false],
    ['0102', '01XX', true],
    ['0102', 'X1X2', true],
    ['0102', '01', false],
    ['0102', '010203', false],
    ['0102', '01*', true],
    ['0102', '0102*', true],
    ['01', '0102*', false],
    ['', '*', true],
    ['', '', true],
    ['01', '', false],
    ['03', '01|02|03', true],
    ['04', '01|02|03', false],
    ['0403', '01|04*', true],
  ])('%s as %s: %s', (hex, pattern, expected) => {
    expect(fits(hex, pattern)).toBe(expected);
  });

  it('refuses a pattern that is none', () => {
    expect(() => fits('00', '0G')).toThrow(new CaseError('not a pattern in hex: 0G'));
  });

  it.each([
    [0x9000, '9000', true],
    [0x6a82, '6A82|6A88', true],
    [0x6a88, '6A82 | 6A88', true],
    [0x63c2, '63CX', true],
    [0x6300, '63CX', false],
    [0x6581, '64XX|65XX', true],
    [0x9000, '6XXX', false],
  ])('status word %i as %s: %s', (sw, patterns, expected) => {
    expect(statusFits(sw, patterns)).toBe(expected);
  });
});

describe('where data differ from a pattern, in bytes', () => {
  it.each([
    ['0102', '0103', 1],
    ['0102', '11XX', 0],
    ['010203', 'XX0204', 2],
    ['0102', '01', 1],
    ['01', '010203', 1],
    ['0102', '03*', 0],
    ['010203', '0102*', 2],
  ])('%s and %s: byte %i', (data, pattern, expected) => expect(firstDifference(data, pattern)).toBe(expected));
});

describe('numbers in hex', () => {
  it('pads them and writes capitals', () => {
    expect([hex(0x00, 0xab), hex16(0x1f), hex16(0xe00f), statusHex(0x90)]).toEqual(['00AB', '001F', 'E00F', '0090']);
  });
});

describe('commands', () => {
  const variables = new Map([['offset', '0102']]);

  it('takes captured values and drops spaces', () => {
    expect(fill('00 B0 {offset} 04', variables)).toBe('00B0010204');
    expect([...commandBytes('00b0{offset}', variables)]).toEqual([0x00, 0xb0, 0x01, 0x02]);
  });

  it.each([
    ['00B0{length}', 'nothing was captured as length'],
    ['00B', 'not a command in hex: 00B'],
    ['00GG', 'not a command in hex: 00GG'],
  ])('refuses %s', (template, message) => {
    expect(() => commandBytes(template, variables)).toThrow(new CaseError(message));
  });
});

describe('ids', () => {
  it.each([
    [null, 'SEL-001', true],
    ['SEL-*', 'SEL-001', true],
    ['SEL-*', 'RBI-001', false],
    ['sel-00?', 'SEL-001', true],
    ['SEL-*,RBI-*', 'RBI-001', true],
    ['SEL-*,!SEL-1*', 'SEL-118', false],
    ['SEL-*,!SEL-1*', 'SEL-201', true],
    ['!SEL-*', 'RBI-001', true],
    ['!SEL-*', 'SEL-001', false],
    ['SEL-00', 'SEL-001', false],
    ['SEL.001', 'SEL-001', false],
  ])('%s names %s: %s', (pattern, id, expected) => {
    expect(selectsId(pattern)(id)).toBe(expected);
  });
});
