import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/apdu/hex.ts';
import {
  AccessRuleError,
  type ConditionJudge,
  compileRules,
  covers,
  isSatisfied,
} from '../../../src/applet/access/access-rule.ts';

/** Rules in the expanded format of ISO/IEC 7816-4 by themselves, without a card. */

const compile = (hex: string) => compileRules(fromHex(hex));

/** A judge for whom these things hold: `condition 11`, `code 81`, `key 05`, `secure messaging`. */
function judge(...holding: string[]): ConditionJudge {
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');
  return {
    isConditionMet: (condition) => holding.includes(`condition ${hex(condition)}`),
    isCodeVerified: (reference) => holding.includes(`code ${hex(reference)}`),
    isKeyAuthenticated: (reference) => holding.includes(`key ${hex(reference)}`),
    isSecurelyMessaged: () => holding.includes('secure messaging'),
  };
}

const CODE_81 = 'A406 830181 950108';
const CODE_82 = 'A406 830182 950108';
const KEY_05 = 'A406 830105 950180';
const KEY_06 = 'A406 840106 950180';

describe('a condition', () => {
  it.each([
    ['9000', ['condition 00'], []],
    ['9700', ['condition FF'], []],
    ['9E0111', ['condition 11'], ['condition 10', 'code 11']],
    [CODE_81, ['code 81'], ['code 82', 'key 81', 'secure messaging']],
    ['A403 830181', ['code 81'], ['key 81']],
    ['A403 830100', ['code 00'], ['code 81']],
    [KEY_05, ['key 05'], ['code 05', 'secure messaging']],
    [KEY_06, ['key 06'], ['code 06', 'key 05']],
    ['B400', ['secure messaging'], ['code 00', 'key 00']],
    ['B600', ['secure messaging'], []],
    ['B803 950130', ['secure messaging'], []],
  ])('%s', (condition, holding, others) => {
    const [rule] = compile(`800101 ${condition}`);
    expect(isSatisfied(rule!.program, judge(...holding))).toBe(true);
    expect(isSatisfied(rule!.program, judge(...others))).toBe(false);
  });
});

describe('conditions together', () => {
  it.each([
    // One after the other are alternatives; so is each of them alone.
    ['side by side, the first', `${CODE_81} ${KEY_05}`, ['code 81'], true],
    ['side by side, the last', `${CODE_81} ${KEY_05}`, ['key 05'], true],
    ['side by side, the middle of three', `${CODE_81} ${KEY_05} ${CODE_82}`, ['key 05'], true],
    ['side by side, none', `${CODE_81} ${KEY_05}`, ['code 82'], false],
    ['OR of one', `A008 ${CODE_81}`, ['code 81'], true],
    ['AND of one', `AF08 ${CODE_81}`, ['code 81'], true],
    ['AND of one, not met', `AF08 ${CODE_81}`, [], false],
    ['AND, both', `AF10 ${CODE_81} ${KEY_05}`, ['code 81', 'key 05'], true],
    ['AND, the first', `AF10 ${CODE_81} ${KEY_05}`, ['code 81'], false],
    ['AND, the last', `AF10 ${CODE_81} ${KEY_05}`, ['key 05'], false],
    ['NOT', `A708 ${CODE_81}`, [], true],
    ['NOT, met', `A708 ${CODE_81}`, ['code 81'], false],
    ['AND beside a code, the code', `AF10 ${CODE_81} ${KEY_05} ${CODE_82}`, ['code 82'], true],
    ['AND beside a code, half of the AND', `AF10 ${CODE_81} ${KEY_05} ${CODE_82}`, ['code 81'], false],
    ['a code beside NOT in AND', `${CODE_82} AF12 ${CODE_81} A708 ${KEY_05}`, ['code 81'], true],
    ['a code beside NOT in AND, not', `${CODE_82} AF12 ${CODE_81} A708 ${KEY_05}`, ['code 81', 'key 05'], false],
  ])('%s', (_, conditions, holding, satisfied) => {
    expect(isSatisfied(compile(`800101 ${conditions}`)[0]!.program, judge(...holding))).toBe(satisfied);
  });

  it('a template counts as one of those that may stand at once', () => {
    // 22 templates of 10: never more than 31 at once; with one more, 32.
    const template = `A014 ${'9700'.repeat(10)}`;
    const rule = compile(`800101 ${template.repeat(21)} A014 ${'9700'.repeat(9)} 9000`)[0]!;
    expect(isSatisfied(rule.program, judge('condition 00'))).toBe(true);
    expect(isSatisfied(rule.program, judge())).toBe(false);
    expect(() => compile(`800101 ${template.repeat(23)}`)).toThrow('too many conditions at once');
  });

  it('31 at once, any of which counts', () => {
    for (const place of [0, 15, 30]) {
      const conditions = Array.from({ length: 31 }, (_, i) => (i === place ? CODE_81 : '9700'));
      const rule = compile(`800101 ${conditions.join('')}`)[0]!;
      expect(isSatisfied(rule.program, judge('code 81'))).toBe(true);
      expect(isSatisfied(rule.program, judge())).toBe(false);
    }
  });
});

describe('what a rule is about', () => {
  it.each([
    ['800101', 0x01],
    ['80017F', 0x7f],
    ['800178', 0x78],
    // With b8 set, b7 to b4 are proprietary and count for nothing.
    ['8001FF', 0x07],
    ['8001F9', 0x01],
    ['800180', 0x00],
  ])('access mode %s', (mode, modes) => {
    const [rule] = compile(`${mode} 9000`);
    expect(rule).toMatchObject({ modes, fields: 0 });
    for (let operation = 0; operation < 7; operation++) {
      const header = { cla: 0, ins: 0, p1: 0, p2: 0 };
      expect(covers(rule!, operation, header)).toBe((modes & (1 << operation)) !== 0);
    }
  });

  const READ = { cla: 0x00, ins: 0xb0, p1: 0x81, p2: 0x07 };
  it.each([
    ['8801 00', true],
    ['8801 0C', false],
    ['8802 0C00', true],
    ['8401 B0', true],
    ['8401 B1', false],
    ['8201 81', true],
    ['8201 80', false],
    ['8202 8081', true],
    ['8101 07', true],
    ['8101 06', false],
    ['8602 B081', true],
    ['8602 B080', false],
    ['8602 B181', false],
    ['8604 B080 B081', true],
    ['8302 8107', true],
    ['8302 8106', false],
    ['8302 8007', false],
    ['8502 B007', true],
    ['8502 B006', false],
    ['8902 0007', true],
    ['8902 0C07', false],
    ['8F04 00B08107', true],
    ['8F04 00B08106', false],
    ['8F08 00B08106 00B08107', true],
    // Read across two headers it would fit; headers are whole.
    ['8F08 0000B081 07000000', false],
  ])('header list %s', (mode, covered) => {
    expect(covers(compile(`${mode} 9000`)[0]!, 0, READ)).toBe(covered);
  });

  it.each([
    [0x00, 0x03, true],
    [0x00, 0x10, true],
    [0x00, 0x40, true],
    [0x00, 0x5f, true],
    [0x0c, 0x0f, true],
    [0x0c, 0x1c, true],
    [0x0c, 0x60, true],
    [0x0c, 0x7f, true],
    [0x08, 0x0c, false],
    [0x04, 0x08, false],
    [0x00, 0x60, false],
    [0x00, 0x04, false],
    [0x60, 0x0c, true],
    [0x40, 0x00, true],
  ])('class %i in the rule, %i in the command: %s', (stated, sent, covered) => {
    const [rule] = compile(`8801 ${stated.toString(16).padStart(2, '0')} 9000`);
    expect(covers(rule!, 0, { ...READ, cla: sent })).toBe(covered);
  });

  it('several rules, in their order', () => {
    const rules = compile(`800101 9700 800102 ${CODE_81} 8401B0 9000`);
    expect(rules.map(({ modes, fields }) => [modes, fields])).toEqual([
      [1, 0],
      [2, 0],
      [0, 4],
    ]);
  });

  it('keeps nothing of the bytes that it was read from', () => {
    const bytes = fromHex(`8401B0 ${CODE_81}`);
    const [rule] = compileRules(bytes);
    bytes.fill(0);
    expect(covers(rule!, 0, READ)).toBe(true);
    expect(isSatisfied(rule!.program, judge('code 81'))).toBe(true);
  });

  it('is read from an offset, to the end or for a length', () => {
    expect(compileRules(fromHex('FFFF 800101 9000'), 2)).toHaveLength(1);
    expect(compileRules(fromHex('FFFF 800101 9000 FF'), 2, 5)).toHaveLength(1);
    expect(() => compileRules(fromHex('FFFF 800101 9000'), 2, 4)).toThrow(AccessRuleError);
  });
});

describe('a rule that means nothing says why', () => {
  it.each([
    ['', 'no rule'],
    ['0000', 'no rule'],
    ['9000', 'a rule begins with an access mode'],
    ['500101 9000', 'a rule begins with an access mode'],
    ['7F4900 9000', 'a rule begins with an access mode'],
    ['800101', 'an access mode without a condition'],
    ['800101 800102 9000', 'an access mode without a condition'],
    ['8000 9000', 'an access mode byte is one byte'],
    ['80020101 9000', 'an access mode byte is one byte'],
    ['8400 9000', 'a header is cut short'],
    ['8603 B000B0 9000', 'a header is cut short'],
    ['800101 9001 00', '"always" and "never" have no value'],
    ['800101 9701 00', '"always" and "never" have no value'],
    ['800101 9E00', 'a security condition byte is one byte'],
    ['800101 9E02 0000', 'a security condition byte is one byte'],
    ['800101 9100', 'an unknown condition'],
    ['800101 5000', 'an unknown condition'],
    ['800101 A000', 'an empty template'],
    ['800101 A403 950108', 'an authentication without a reference'],
    ['800101 A400', 'an authentication without a reference'],
    ['800101 A404 83020081', 'an authentication names its reference in one byte'],
    ['800101 A406 830181 990108', 'an unknown part of an authentication'],
    ['800101 A406 830181 950110', 'an authentication of unknown use'],
    ['800101 A406 8301', '6 bytes announced, 2 there at offset 3'],
  ])('%s: %s', (rule, message) => {
    try {
      compile(rule);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(AccessRuleError);
      expect(error).toMatchObject({ name: 'AccessRuleError', message });
    }
  });
});
