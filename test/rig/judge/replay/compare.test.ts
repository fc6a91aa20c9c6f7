import { describe, expect, it } from 'vitest';
import { compareAnswer, type Expectation, expectation } from '../../../../rig/judge/replay/compare.ts';
import { bytesOfHex, HexTemplate } from '../../../../rig/judge/replay/hex-template.ts';
import { type Location, parseLocation } from '../../../../rig/judge/replay/location.ts';
import type { Divergence } from '../../../../rig/judge/replay/model.ts';
import { NO_RULES, type Range, type ReplayRule } from '../../../../rig/judge/replay/rules.ts';
import type { Scope } from '../../../../rig/judge/replay/scope.ts';

const hex = (written: string): string => written.replaceAll(' ', '');

function range(at: string, from: bigint, to: bigint): Range {
  return { at: parseLocation(at), from, to };
}

function places(...written: string[]): Location[] {
  return written.map(parseLocation);
}

/** What was expected of the whole answer, as without rules, but for what a test says. */
function expected(answer: string | null, more: Partial<Expectation> = {}): Expectation {
  const status = answer === null || more.open === true ? null : [hex(answer).slice(-4)];
  return {
    answer: answer === null ? null : hex(answer),
    open: false,
    status,
    mask: [],
    ignoreTags: [],
    ranges: [],
    ...more,
  };
}

function compared(wanted: Expectation, got: string): Divergence | null {
  const bytes = bytesOfHex(hex(got));
  return compareAnswer(wanted, bytes, { whole: bytes.subarray(0, -2), start: 0 });
}

describe('what is as expected', () => {
  it.each<[string, Expectation, string]>([
    ['anything', expected(null), '01 6A82'],
    ['the same bytes', expected('0102 9000'), '0102 9000'],
    ['masked digits', expected('01XX 9000'), '0177 9000'],
    ['one of several status words', expected(null, { status: ['9000', '62XX'] }), '01 6283'],
    ['more bytes behind an open answer', expected('0102', { open: true }), '010203 6A82'],
    ['nothing behind an open answer', expected('0102', { open: true }), '0102 9000'],
    ['a masked byte', expected('010203 9000', { mask: places('bytes 1') }), '01FF03 9000'],
    ['masked bytes to the end', expected('010203 9000', { mask: places('bytes 1-') }), '01FFFF 9000'],
    ['all data masked', expected('010203 9000', { mask: places('data') }), 'FFFFFF 9000'],
    ['a masked place that is not there', expected('0102 9000', { mask: places('bytes 7') }), '0102 9000'],
    [
      'a masked data object of another length',
      expected('8001AA 8102BBBB 9000', { mask: places('tag 80') }),
      '8003CCCCCC 8102BBBB 9000',
    ],
    [
      'a masked data object inside another',
      expected('E206 8001AA 8101BB 9000', { mask: places('tag E2/80') }),
      'E207 8002CCCC 8101BB 9000',
    ],
    [
      'an ignored data object that is missing',
      expected('8001AA 8102BBBB 9000', { ignoreTags: [['80']] }),
      '8102BBBB 9000',
    ],
    [
      'an ignored data object that came besides',
      expected('8102BBBB 9000', { ignoreTags: [['80']] }),
      '8001AA 8102BBBB 9000',
    ],
    [
      'less padding in a record of fixed length, for a longer object that is not compared',
      expected('8001AA 8102BBBB 000000 9000', { mask: places('tag 80') }),
      '8003AAAAAA 8102BBBB 00 9000',
    ],
    [
      'the same padding of FF under a rule for a tag',
      expected('8001AA FFFF 9000', { mask: places('tag 80') }),
      '8001BB FFFF 9000',
    ],
    [
      'masked bytes after the last object',
      expected('8001AA XXXX 9000', { mask: places('tag 80') }),
      '8001BB 0000 9000',
    ],
    ['a number in its range, lowest', expected('0005 9000', { ranges: [range('bytes 0-1', 5n, 9n)] }), '0005 9000'],
    ['a number in its range, highest', expected('0005 9000', { ranges: [range('bytes 0-1', 5n, 9n)] }), '0009 9000'],
    [
      'a number of a data object in its range',
      expected('8001AA 8101BB 9000', { ranges: [range('tag 80', 1n, 255n)] }),
      '800101 8101BB 9000',
    ],
  ])('%s', (_, wanted, got) => {
    expect(compared(wanted, got)).toBeNull();
  });
});

describe('the first divergence', () => {
  it.each<[string, Expectation, string, Partial<Divergence>]>([
    [
      'another status word',
      expected('01 9000'),
      '6A82',
      {
        kind: 'status',
        offset: 0,
        field: [],
        expected: '9000 (no error)',
        got: '6A82 (file or application not found)',
        shownFrom: null,
        where: 'status word',
      },
    ],
    [
      'none of several status words',
      expected(null, { status: ['9000', '62XX'] }),
      '0102 6A82',
      { kind: 'status', offset: 2, expected: '9000 (no error) or 62XX' },
    ],
    [
      'a number below its range',
      expected('0005 9000', { ranges: [range('bytes 0-1', 5n, 0x100n)] }),
      '0004 9000',
      {
        kind: 'range',
        offset: 0,
        expected: '05 to 0100',
        got: '0004',
        shownFrom: { expected: 0, got: 0 },
        where: 'byte 1 of the data: out of range',
      },
    ],
    [
      'a number above its range',
      expected('AA05 9000', { ranges: [range('bytes 1', 5n, 9n)] }),
      'AA0A 9000',
      { kind: 'range', offset: 1, expected: '05 to 09', got: '0A', shownFrom: { expected: 1, got: 1 } },
    ],
    [
      'the second of two ranges',
      expected('0505 9000', { ranges: [range('bytes 0', 5n, 9n), range('bytes 1', 5n, 9n)] }),
      '050A 9000',
      { kind: 'range', offset: 1 },
    ],
    [
      'an empty data object, which is the number 0',
      expected('8001AA 9000', { ranges: [range('tag 80', 1n, 2n)] }),
      '8000 9000',
      { kind: 'range', offset: 2, got: '', expected: '01 to 02' },
    ],
    ...(
      [
        ['bytes 4-5', 'bytes 4-5: not there'],
        ['bytes 4-', 'bytes 4-: not there'],
        ['tag E2/84', 'data object E2/84: not there'],
      ] as const
    ).map(([at, where]): [string, Expectation, string, Partial<Divergence>] => [
      `a range of what is not there: ${at}`,
      expected('01 9000', { ranges: [range(at, 1n, 2n)] }),
      '01 9000',
      { kind: 'missing', offset: null, field: [], expected: '01 to 02', got: '', shownFrom: null, where },
    ]),
    [
      'an answer that ends early',
      expected('FF0102 9000'),
      'FF01 9000',
      {
        kind: 'length',
        offset: 2,
        field: [],
        expected: '3 bytes',
        got: '2 bytes',
        shownFrom: null,
        where: 'the answer ends early, after byte 2',
      },
    ],
    [
      'an answer that is too long',
      expected('FF01 9000'),
      'FF0102 9000',
      {
        kind: 'length',
        offset: 2,
        expected: '2 bytes',
        got: '3 bytes',
        where: 'more bytes than expected, after byte 2',
      },
    ],
    [
      'an open answer that ends early',
      expected('FF0102', { open: true }),
      'FF01 9000',
      { kind: 'length', offset: 2, where: 'the answer ends early, after byte 2' },
    ],
    [
      'a byte of an open answer',
      expected('FF0102', { open: true }),
      'FF0302 9000',
      { kind: 'value', offset: 1, where: 'byte 2 of the data' },
    ],
    [
      'the byte behind a masked one',
      expected('FF010203 9000', { mask: places('bytes 1') }),
      'FFEE0403 9000',
      { kind: 'value', offset: 2, where: 'byte 3 of the data' },
    ],
    [
      'the byte before a masked one',
      expected('FF010203 9000', { mask: places('bytes 1-2') }),
      'FEEEEE03 9000',
      { kind: 'value', offset: 0, where: 'byte 1 of the data' },
    ],
    [
      'a data object that is missing',
      expected('8001AA 8101BB 8201CC 9000'),
      '8001AA 8201CC 9000',
      { kind: 'missing', offset: 3, expected: 'BB', got: '', shownFrom: { expected: 5, got: 5 } },
    ],
    [
      'the last data object missing',
      expected('8001AA 8101BB 9000'),
      '8001AA 9000',
      { kind: 'missing', offset: 3, expected: 'BB', got: '' },
    ],
    [
      'a data object more at the end',
      expected('8001AA 9000'),
      '8001AA 8102BBBB 9000',
      { kind: 'extra', offset: 3, expected: '', got: 'BBBB', shownFrom: { expected: 5, got: 5 } },
    ],
    [
      'a data object more in between',
      expected('8001AA 8201CC 9000'),
      '8001AA 8101BB 8201CC 9000',
      { kind: 'extra', offset: 3, expected: '', got: 'BB' },
    ],
    [
      'another data object in the place of one, with a tag rule',
      expected('8001AA 8201CC 9000', { mask: places('tag 80') }),
      '8001AA 8301CC 9000',
      { kind: 'missing', offset: 3, expected: 'CC', got: '' },
    ],
    [
      'the value of a data object, with a tag rule',
      expected('8001AA 8203CCCCCC 9000', { mask: places('tag 80') }),
      '8002BBBB 8203CCDDCC 9000',
      {
        kind: 'value',
        offset: 7,
        expected: 'CCCCCC',
        got: 'CCDDCC',
        shownFrom: { expected: 5, got: 6 },
        where: '82, byte 2',
      },
    ],
    [
      'a data object inside an ignored one does not count, the next one does',
      expected('E203 8001AA 8201CC 9000', { ignoreTags: [['E2']] }),
      'E203 8001BB 8201DD 9000',
      { kind: 'value', offset: 7, expected: 'CC', got: 'DD' },
    ],
    [
      'bytes behind the data objects, with a tag rule',
      expected('8001AA FFFF 9000', { mask: places('tag 80') }),
      '8001BB FFFFFF 9000',
      {
        kind: 'length',
        offset: 3,
        field: [],
        expected: 'FFFF',
        got: 'FFFFFF',
        shownFrom: { expected: 3, got: 3 },
        where: 'after the last data object: 2 bytes of padding, got 3',
      },
    ],
    [
      'one 00 more after the last data object, under a rule for a tag',
      expected('8001AA 8102BBBB 00 9000', { mask: places('tag 80') }),
      '8001CC 8102BBBB 0000 9000',
      {
        kind: 'length',
        offset: 7,
        expected: '00',
        got: '0000',
        where: 'after the last data object: 1 byte of padding, got 2',
      },
    ],
    [
      'no padding where some was',
      expected('8001AA 0000 9000', { ignoreTags: [['9F36']] }),
      '8001AA 9000',
      { kind: 'length', offset: 3, where: 'after the last data object: 2 bytes of padding, got 0' },
    ],
  ])('%s', (_, wanted, got, divergence) => {
    expect(compared(wanted, got)).toMatchObject(divergence);
  });
});

describe('what is expected of a recorded answer', () => {
  const scope: Scope = {
    lookup: () => Uint8Array.of(0xab),
    followed: (recorded: string) => recorded.replace('01', '02'),
  } as Partial<Scope> as Scope;
  const rule = (more: Partial<ReplayRule>): ReplayRule =>
    ({
      answer: 'same',
      status: null,
      mask: [],
      ignoreTags: [],
      ranges: [],
      ...more,
    }) as Partial<ReplayRule> as ReplayRule;
  const template = (written: string): HexTemplate => HexTemplate.parse(written);

  it.each<[string, ReplayRule | null, Partial<typeof NO_RULES>, Partial<Expectation>]>([
    ['no rule: the recorded one, with what follows', null, {}, { answer: '02AA9000', open: false, status: ['9000'] }],
    ['no rule, any status', null, { status: 'any' }, { answer: '02AA9000', status: null }],
    ['no rule, the same class', null, { status: 'same-class' }, { status: ['90XX'] }],
    ['no rule, some status words', null, { status: ['9000', '6283'] }, { status: ['9000', '6283'] }],
    ['a rule for the status over that for all', rule({ status: 'same' }), { status: 'any' }, { status: ['9000'] }],
    ['any answer', rule({ answer: 'any' }), {}, { answer: null, open: false, status: null }],
    [
      'any answer of the recorded status',
      rule({ answer: 'any', status: 'same' }),
      {},
      { answer: null, status: ['9000'] },
    ],
    ['a template', rule({ answer: template('{x}01 6A82') }), {}, { answer: 'AB016A82', open: false, status: ['6A82'] }],
    ['a template and a status', rule({ answer: template('01 6A82'), status: ['6283'] }), {}, { status: ['6283'] }],
    ['an open template', rule({ answer: template('01*') }), {}, { answer: '01', open: true, status: null }],
  ])('%s', (_, given, rules, wanted) => {
    expect(expectation('01AA9000', given, { ...NO_RULES, ...rules }, scope)).toMatchObject(wanted);
  });

  it('has the places of the rule, and ignores what all rules and this one ignore', () => {
    const mask = places('bytes 1');
    const ranges = [range('bytes 0', 1n, 2n)];
    const all = { ...NO_RULES, ignoreTags: [['80']] };
    expect(expectation('019000', rule({ mask, ranges, ignoreTags: [['81']] }), all, scope)).toMatchObject({
      mask,
      ranges,
      ignoreTags: [['80'], ['81']],
    });
    expect(expectation('019000', null, all, scope)).toMatchObject({ mask: [], ranges: [], ignoreTags: [['80']] });
  });
});
