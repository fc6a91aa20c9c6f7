import { describe, expect, it } from 'vitest';
import { CommandApdu } from '../../src/apdu/command.ts';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { asksForAll, carriesData, ResponseBuffer, type ResponseRules } from '../../src/apdu/response.ts';

const T1: ResponseRules = { protocol: 'T=1', largestResponse: 65_538 };
const T0: ResponseRules = { protocol: 'T=0', largestResponse: 258 };

function command(hex: string): CommandApdu {
  const bytes = fromHex(hex);
  const parsed = new CommandApdu();
  parsed.parse(bytes, 0, bytes.length);
  return parsed;
}

const CASE_1 = command('00A40000');
const CASE_2_ALL = command('00B0000000');
const CASE_2_TEN = command('00B000000A');
const CASE_2_EXTENDED_ALL = command('00B00000000000');
const CASE_2_EXTENDED_256 = command('00B00000000100');
const CASE_3 = command('00A40000023F00');
const CASE_4 = command('00A40000023F0000');
const GET_RESPONSE_ALL = command('00C0000000');

/** A buffer with `length` bytes of data 00 01 02 … in it, as a command leaves it. */
function filled(length: number, rules: ResponseRules, capacity = 1000): ResponseBuffer {
  const response = new ResponseBuffer(capacity, rules);
  for (let i = 0; i < length; i++) response.bytes[i] = i & 0xff;
  response.length = length;
  return response;
}

function answer(response: ResponseBuffer, status: number, to: CommandApdu): string {
  return toHex(response.bytes.subarray(0, response.complete(status, to)));
}

/** How many bytes of data, then the status word. */
function shape(hex: string): string {
  return `${hex.length / 2 - 2} ${hex.slice(-4)}`;
}

describe('which status words come with data', () => {
  it.each([
    [0x9000, true],
    [0x6282, true],
    [0x6300, true],
    [0x63c2, true],
    [0x6100, false],
    [0x6400, false],
    [0x6700, false],
    [0x6c10, false],
    [0x9100, false],
  ])('%i', (status, data) => expect(carriesData(status)).toBe(data));
});

it.each([
  ['case 1', CASE_1, false],
  ['Le 0A', CASE_2_TEN, false],
  ['Le 00', CASE_2_ALL, true],
  ['Le 0000', CASE_2_EXTENDED_ALL, true],
  ['an extended Le of 256 is a number', CASE_2_EXTENDED_256, false],
])('asks for all: %s', (_, apdu, all) => expect(asksForAll(apdu)).toBe(all));

describe('whether a command may go on with so many bytes', () => {
  it.each([
    ['T=1: nothing asked for', T1, 20, CASE_1, 0x9000],
    ['T=1: nothing to give', T1, 0, CASE_2_TEN, 0x9000],
    ['T=1: as many', T1, 10, CASE_2_TEN, 0x9000],
    ['T=1: fewer', T1, 9, CASE_2_TEN, 0x9000],
    ['T=1: more', T1, 11, CASE_2_TEN, 0x6c0b],
    ['T=1: more than one byte can say', T1, 256, CASE_2_TEN, 0x6c00],
    ['T=1: Le 00 takes what there is', T1, 300, CASE_2_ALL, 0x9000],
    ['T=1: extended 256 is too few for 300', T1, 300, CASE_2_EXTENDED_256, 0x6c00],
    ['T=0: nothing asked for', T0, 20, CASE_3, 0x9000],
    ['T=0: nothing to give', T0, 0, CASE_2_TEN, 0x9000],
    ['T=0: as many', T0, 10, CASE_2_TEN, 0x9000],
    ['T=0: fewer', T0, 9, CASE_2_TEN, 0x6c09],
    ['T=0: more', T0, 11, CASE_2_TEN, 0x6c0b],
    ['T=0: Le 00 is 256', T0, 256, CASE_2_ALL, 0x9000],
    ['T=0: an extended Le of 256 and 300 bytes', T0, 300, CASE_2_EXTENDED_256, 0x9000],
    ['T=0: Le 00 and fewer', T0, 20, CASE_2_ALL, 0x6c14],
    ['T=0: Le 00 and more', T0, 257, CASE_2_ALL, 0x9000],
    ['T=0: an explicit Le and over 256', T0, 257, CASE_2_TEN, 0x6c00],
    ['T=0: a case 4 command asks by GET RESPONSE', T0, 20, CASE_4, 0x9000],
  ] as const)('%s', (_, rules, length, apdu, status) => {
    expect(new ResponseBuffer(1000, rules).admits(length, apdu)).toBe(status);
  });
});

describe('the end of a response', () => {
  it.each([
    ['T=1: data and status word', T1, 3, 0x9000, CASE_2_TEN, '0001029000'],
    ['T=1: a warning keeps its data', T1, 2, 0x6282, CASE_2_TEN, '00016282'],
    ['T=1: a refusal has none', T1, 3, 0x6982, CASE_2_TEN, '6982'],
    ['T=1: none asked for, none given', T1, 3, 0x9000, CASE_3, '9000'],
    ['T=1: none written', T1, 0, 0x9000, CASE_2_TEN, '9000'],
    ['T=1: case 4', T1, 3, 0x9000, CASE_4, '0001029000'],
    ['T=1: exactly Ne', T1, 10, 0x9000, CASE_2_TEN, '000102030405060708099000'],
    ['T=1: one more than Ne', T1, 11, 0x9000, CASE_2_TEN, '000102030405060708096101'],
    ['T=0: case 2', T0, 3, 0x9000, CASE_2_ALL, '0001029000'],
    ['T=0: without Le the data are offered', T0, 3, 0x9000, CASE_3, '6103'],
    ['T=0: there is nothing to offer', T0, 0, 0x9000, CASE_3, '9000'],
    ['T=0: nor for case 4', T0, 0, 0x9000, CASE_4, '9000'],
    ['T=0: case 4 too', T0, 3, 0x9000, CASE_4, '6103'],
    ['T=0: a refusal of case 4', T0, 3, 0x6a82, CASE_4, '6A82'],
  ] as const)('%s', (_, rules, length, status, apdu, expected) => {
    expect(answer(filled(length, rules), status, apdu)).toBe(expected);
  });

  it.each([
    ['256 of 256', T1, 256, '256 9000', null],
    ['257: one waits', T1, 257, '256 6101', '1 9000'],
    ['511: 255 wait', T1, 511, '256 61FF', '255 9000'],
    ['512: 256 wait, which is said as 00', T1, 512, '256 6100', '256 9000'],
    ['600: more than one GET RESPONSE', T1, 600, '256 6100', '256 6158'],
    ['a link of 258 bytes', T0, 300, '256 612C', '44 9000'],
    ['a link of 100 bytes', { protocol: 'T=1', largestResponse: 100 }, 120, '98 6116', '22 9000'],
  ] as const)('Le 00, %s', (_, rules, length, first, second) => {
    const response = filled(length, rules);
    expect(shape(answer(response, 0x9000, CASE_2_ALL))).toBe(first);
    if (second === null) expect(response.rest).toBe(0);
    else expect(shape(answer(response, response.resume(), GET_RESPONSE_ALL))).toBe(second);
  });

  it('gives every byte once and in order, whatever the parts, and the first status word at the end', () => {
    for (const largestResponse of [3, 4, 5, 17, 258]) {
      const response = filled(300, { protocol: 'T=1', largestResponse });
      let hex = answer(response, 0x6282, CASE_2_EXTENDED_ALL);
      let data = hex.slice(0, -4);
      for (let part = 0; hex.slice(-4, -2) === '61' && part < 400; part++) {
        hex = answer(response, response.resume(), GET_RESPONSE_ALL);
        data += hex.slice(0, -4);
      }
      expect(hex.slice(-4)).toBe('6282');
      expect(data).toBe(toHex(Uint8Array.from({ length: 300 }, (_, i) => i & 0xff)));
      expect(response.rest).toBe(0);
    }
  });

  it('says what waits, and forgets it', () => {
    const response = filled(300, T1);
    answer(response, 0x9000, CASE_2_ALL);
    expect(response.rest).toBe(44);
    response.clear();
    expect(response.rest).toBe(0);
    expect(response.length).toBe(0);
  });

  it('starts empty after each response', () => {
    const response = filled(3, T1);
    answer(response, 0x9000, CASE_2_TEN);
    expect(response.length).toBe(0);
    expect(answer(response, 0x9000, CASE_2_TEN)).toBe('9000');
  });

  it('wipes every byte', () => {
    const response = filled(1000, T1);
    response.wipe();
    expect(response.length).toBe(0);
    expect(response.bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('has room for its capacity, and two bytes more for the status word', () => {
    const response = new ResponseBuffer(10, T1);
    expect(response.bytes).toHaveLength(12);
    expect(response.room).toBe(10);
    response.length = 4;
    expect(response.room).toBe(6);
    response.length = 10;
    expect(answer(response, 0x9000, CASE_2_ALL)).toBe(`${'00'.repeat(10)}9000`);
  });
});
