import { describe, expect, it } from 'vitest';
import { CaseError, commandBytes, fill, fits, statusFits } from '../../../../rig/judge/conform/hex-pattern.ts';
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
    expect(() => fits('00', '0G')).toThrow(CaseError);
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

describe('commands', () => {
  const variables = new Map([['offset', '0102']]);

  it('takes captured values and drops spaces', () => {
    expect(fill('00 B0 {offset} 04', variables)).toBe('00B0010204');
    expect([...commandBytes('00b0{offset}', variables)]).toEqual([0x00, 0xb0, 0x01, 0x02]);
  });

  it.each(['00B0{length}', '00B', '00GG'])('refuses %s', (template) => {
    expect(() => commandBytes(template, variables)).toThrow(CaseError);
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
