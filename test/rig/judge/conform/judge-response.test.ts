import { describe, expect, it } from 'vitest';
import { captured, expectationInWords, judgeResponse } from '../../../../rig/judge/conform/judge-response.ts';
import type { Expectation } from '../../../../rig/judge/conform/model.ts';
import { fromHex } from '../../../../src/apdu/hex.ts';

const NONE = new Map<string, string>();
const PLAIN = { decided: false, showData: true };
const OWN = { decided: true, showData: true };
const DISCREET = { decided: false, showData: false };

/** A response in hex, status word last. */
function response(hex: string): { data: Uint8Array; sw: number } {
  const bytes = fromHex(hex);
  const end = bytes.length - 2;
  return {
    data: Uint8Array.from(bytes.subarray(0, end)),
    sw: ((bytes[end] as number) << 8) | (bytes[end + 1] as number),
  };
}

describe('a response that is as expected', () => {
  it.each<[string, Expectation]>([
    ['9000', { status: '9000' }],
    ['01029000', { status: '9000' }],
    ['01029000', { status: '9000', data: '0102' }],
    ['01026282', { status: '9000|6282', data: '01*' }],
    ['01029000', { status: '9000', length: 2 }],
    ['01029000', { status: '9000', length: [1, 3] }],
    ['6A82', { status: '6A8X', data: '' }],
    ['AAAA6102', { status: '61XX' }],
    ['62088002000182024101' + '9000', { status: '9000', objects: { '62/80': '0001', '62/82': '41XX', '62/84': null } }],
  ])('%s', (hex, expect_) => {
    expect(judgeResponse(response(hex), expect_, NONE, PLAIN)).toEqual([]);
  });
});

describe('a response that is not', () => {
  it.each<[string, Expectation, string]>([
    ['6A82', { status: '9000' }, 'status word 6A82 (file or application not found) where 9000 is right'],
    ['9000', { status: '6A82|6A88' }, 'status word 9000 (no error) where 6A82 or 6A88 is right'],
    ['01039000', { status: '9000', data: '0102' }, 'the data differ from byte 1 on: 03 instead of 02'],
    ['019000', { status: '9000', data: '0102' }, '1 byte of data instead of 2: 01'],
    ['019000', { status: '9000', data: '' }, '1 byte of data where none belong'],
    ['019000', { status: '9000', length: 2 }, '1 byte of data instead of 2'],
    ['019000', { status: '9000', length: [2, 4] }, '1 byte of data instead of 2 to 4'],
    ['016982', { status: '6982' }, '1 byte of data with the status word of an error'],
    ['620480020001' + '9000', { status: '9000', objects: { '62/82': '41' } }, 'data object 62/82 is missing'],
    [
      '620480020001' + '9000',
      { status: '9000', objects: { '62/80': null } },
      'data object 62/80 is there and must not be',
    ],
    [
      '620480020001' + '9000',
      { status: '9000', objects: { '62/80': '0002' } },
      'data object 62/80 is 0001 instead of 0002',
    ],
    [
      '6205800200' + '9000',
      { status: '9000', objects: { '62/80': '0001' } },
      'the data are no BER-TLV: 5 bytes announced, 3 there at offset 0',
    ],
  ])('%s', (hex, expect_, fault) => {
    expect(judgeResponse(response(hex), expect_, NONE, PLAIN)).toEqual([fault]);
  });
});

describe('what a card in a reader holds', () => {
  it.each<[string, Expectation, string]>([
    ['01039000', { status: '9000', data: '0102' }, 'the data differ from byte 1 on'],
    ['019000', { status: '9000', data: '0102' }, '1 byte of data instead of 2'],
    [
      '620480020001' + '9000',
      { status: '9000', objects: { '62/80': '0002' } },
      'data object 62/80 is another instead of 0002',
    ],
  ])('is not repeated: %s', (hex, expect_, fault) => {
    expect(judgeResponse(response(hex), expect_, NONE, DISCREET)).toEqual([fault]);
  });
});

describe("a card's own decisions", () => {
  const expectation = { status: '6700|6A80', decided: '6700' };

  it('are held against a card that is said to have them', () => {
    expect(judgeResponse(response('6A80'), expectation, NONE, OWN)).toEqual([
      "status word 6A80 where this card's own decision is 6700",
    ]);
    expect(judgeResponse(response('6700'), expectation, NONE, OWN)).toEqual([]);
  });

  it('and against no other', () => {
    expect(judgeResponse(response('6A80'), expectation, NONE, PLAIN)).toEqual([]);
  });
});

describe('an expectation in words', () => {
  const NIR = Buffer.from('275126322074974').toString('hex').toUpperCase();
  it.each<[Expectation, boolean, string]>([
    [{ status: '9000' }, false, '9000'],
    [{ status: '6A82|6A88' }, false, '6A82 or 6A88'],
    [{ status: '6700|6A80', decided: '6700' }, false, '6700 or 6A80'],
    [{ status: '6700|6A80', decided: '6700' }, true, '6700 or 6A80, here 6700'],
    [{ status: '6700|6A80|6A86', decided: '6700|6A80' }, true, '6700 or 6A80 or 6A86, here 6700 or 6A80'],
    [{ status: '6700', decided: '6700' }, true, '6700'],
    [{ status: '9000', data: '' }, false, '9000, no data'],
    [{ status: '9000', data: '0001XX' }, false, '9000, data 0001XX'],
    [{ status: '9000', data: '01 02*' }, false, '9000, data 0102*'],
    [{ status: '9000', data: `930F${NIR}` }, false, `9000, data 930F${'XX'.repeat(15)}`],
    [{ status: '9000', length: 2 }, false, '9000, 2 bytes'],
    [{ status: '9000', length: [1, 3] }, false, '9000, 1 to 3 bytes'],
    [{ status: '9000', objects: { '62/80': '0001', '62/84': null } }, false, '9000, 62/80 0001, no 62/84'],
  ])('%j, %s: %s', (expectation, decided, words) => {
    expect(expectationInWords(expectation, decided)).toBe(words);
  });

  it('is short', () => {
    const words = expectationInWords({ status: '9000', data: 'A0'.repeat(500) }, false);
    expect(words).toMatch(/^9000, data (A0)+… \(500 bytes\)$/);
    expect(words.length).toBeLessThan(200);
  });
});

describe('where an answer differs', () => {
  it.each<[string, Expectation, string]>([
    ['01029000', { status: '9000', data: '01XX03*' }, '2 bytes of data instead of 3: 0102'],
    ['0102039000', { status: '9000', data: '01*|02' }, ''],
    ['0202039000', { status: '9000', data: '01*' }, 'the data differ from byte 0 on: 020203 instead of 01*'],
    ['0102049000', { status: '9000', data: '01XX03' }, 'the data differ from byte 2 on: 04 instead of 03'],
    ['0103029000', { status: '9000', data: '010202|010303' }, 'the data differ from byte 1 on: 0302 instead of 0202'],
  ])('%s, %j', (hex, expectation, fault) => {
    expect(judgeResponse(response(hex), expectation, NONE, PLAIN).join()).toBe(fault);
  });

  it('a decision about the data holds for the card that is said to have it', () => {
    const expectation = { status: '9000', data: '01XX', decidedData: '0102' };
    expect(judgeResponse(response('01039000'), expectation, NONE, PLAIN)).toEqual([]);
    expect(judgeResponse(response('01039000'), expectation, NONE, OWN)).toEqual([
      'the data differ from byte 1 on: 03 instead of 02',
    ]);
  });
});

describe('captures', () => {
  const answer = response('620480020102' + '9000');

  it.each([
    [{ from: 4, length: 2 }, '0102'],
    [{ object: '62/80' }, '0102'],
    [{ status: true }, '9000'],
    [{ from: 5, length: 2 }, null],
    [{ object: '62/81' }, null],
  ] as const)('%o', (what, expected) => {
    expect(captured(answer, what)).toBe(expected);
  });

  it('are what a later expectation can name', () => {
    const variables = new Map([['size', '0102']]);
    expect(judgeResponse(answer, { status: '9000', objects: { '62/80': '{size}' } }, variables, PLAIN)).toEqual([]);
    expect(judgeResponse(answer, { status: '9000', data: '{size}*' }, variables, PLAIN)).toHaveLength(1);
  });
});
