import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { IsoDepCard } from '../../src/iso-dep/card.ts';
import { answering, counting, echoed, PLAIN_ATS, send, TestCard } from './cards.ts';

const ALL_RATES = { toCard: [2, 4, 8], toReader: [2, 4, 8] };

describe('activation', () => {
  it('gives power at the start, and is mute to all but RATS', () => {
    const linked = new TestCard();
    const card = new IsoDepCard(linked, { ats: PLAIN_ATS });
    expect([card.state, send(card, 'E080'), linked.told]).toEqual(['off', null, []]);
    card.start();
    expect(linked.told).toEqual(['powerOn']);
    expect(['0200', 'C2', 'D01100', 'E08F'].map((frame) => send(card, frame))).toEqual([null, null, null, null]);
    expect(card.state).toBe('selected');
    expect(send(card, 'E05E')).toBe('0578004002');
    expect([card.state, card.cid, card.fsd]).toEqual(['answered', 14, 64]);
    expect(send(card, 'E05E')).toBeNull();
  });

  it('is over with the field, and begins again with power', () => {
    const linked = new TestCard();
    const card = answering(linked);
    expect(send(card, '020100')).toBe('0201009000');
    card.fieldOff();
    card.fieldOff();
    expect([card.state, send(card, '030100')]).toEqual(['off', null]);
    card.start();
    expect(linked.told).toEqual(['powerOn', 'fieldOff', 'powerOn']);
  });

  it('anew without a loss of field resets the card', () => {
    const linked = new TestCard();
    const card = answering(linked, { rats: 'E081' });
    send(card, '0A0101');
    card.start();
    expect(linked.told).toEqual(['powerOn', 'reset']);
    send(card, 'E080');
    expect(send(card, '0202')).toBe('02029000');
  });

  it('after S(DESELECT) finds the card as it was told: no reset', () => {
    const linked = new TestCard();
    const card = answering(linked);
    expect(send(card, 'C2')).toBe('C2');
    expect([card.state, send(card, 'C2'), send(card, 'E080')]).toEqual(['halted', null, null]);
    card.start();
    expect(send(card, 'E080')).toBe('0578004002');
    expect(linked.told).toEqual(['powerOn', 'deselect']);
  });

  it.each(['', 'E080'])('HLTA after "%s" halts without an answer', (before) => {
    const card = new IsoDepCard(new TestCard(), { ats: PLAIN_ATS });
    card.start();
    if (before !== '') send(card, before);
    expect([send(card, '5000'), card.state]).toEqual([null, 'halted']);
  });

  it('leaves out historical bytes that the frames of the reader cannot carry', () => {
    const card = new IsoDepCard(new TestCard(), { ats: { ...PLAIN_ATS, historicalBytes: counting(15) } });
    card.start();
    expect(send(card, 'E000')).toBe('0E78004002000102030405060708');
  });
});

describe('PPS', () => {
  it('is answered at the old rate, and the rates hold from then on', () => {
    const card = answering(new TestCard(), { ats: ALL_RATES });
    expect(send(card, 'D01107')).toBe('D0');
    // DSI 1, DRI 3: 212 to the reader, 848 to the card.
    expect([card.toReaderRate, card.toCardRate]).toEqual([1, 8]);
    expect(send(card, '020100')).toBe('0201009000');
    expect([card.toReaderRate, card.toCardRate]).toEqual([2, 8]);
    card.start();
    expect([card.toReaderRate, card.toCardRate]).toEqual([1, 1]);
  });

  it.each([
    ['a rate that is not offered', { toCard: [2], toReader: [2] }, 'D0110A'],
    ['different rates where they must be the same', { ...ALL_RATES, sameRateOnly: true }, 'D01104'],
    ['another CID', ALL_RATES, 'D11105'],
    ['a reserved bit of PPS1', ALL_RATES, 'D01115'],
  ])('%s: mute, and too late for another', (_, ats, pps) => {
    const card = answering(new TestCard(), { ats });
    expect([send(card, pps), send(card, 'D01100')]).toEqual([null, null]);
    expect([send(card, '0201'), card.toCardRate]).toEqual(['02019000', 1]);
  });

  it.each([
    ['a block', (card: IsoDepCard) => send(card, '02')],
    ['a damaged frame', (card: IsoDepCard) => card.damaged()],
  ])('comes too late after %s', (_, first) => {
    const card = answering(new TestCard(), { ats: ALL_RATES });
    first(card);
    expect(send(card, 'D01105')).toBeNull();
  });
});

describe('blocks', () => {
  it('that are not the reader’s to send: mute, and nothing is carried out', () => {
    const linked = new TestCard();
    const card = answering(linked);
    expect(send(card, '0201')).toBe('02019000');
    // The same number again, S(PARAMETERS), S(DESELECT) and R-blocks that carry something, R(ACK) for no chain.
    for (const frame of ['0201', '0202', 'F0', 'F0A0', 'C200', 'A300', 'A3', 'F2', 'F20101']) {
      expect([frame, send(card, frame)]).toEqual([frame, null]);
    }
    expect([linked.executed, send(card, '0302')]).toEqual([1, '03029000']);
  });

  it('a frame of FSC is taken, a longer one is not', () => {
    const linked = new TestCard((command) => Uint8Array.of(command.length));
    const card = answering(linked, { ats: { fsci: 0 } });
    expect(send(card, `02${'00'.repeat(14)}`)).toBeNull();
    expect(send(card, `02${'00'.repeat(13)}`)).toBe('020D');
  });

  it('asked for before there was any: R(ACK), or mute where there is nothing to repeat', () => {
    const card = answering(new TestCard());
    expect([send(card, 'B2'), send(card, 'B3'), send(card, 'A3')]).toEqual(['A3', null, null]);
  });

  it('a presence check in the middle of a chained answer does not lose the block', () => {
    const card = answering(new TestCard(() => counting(20)), { rats: 'E000' });
    const first = '12000102030405060708090A0B0C';
    expect(send(card, '0200')).toBe(first);
    expect([send(card, 'B3'), send(card, 'B2'), send(card, 'A2')]).toEqual(['A2', first, first]);
    // A new command in the middle of a chain is none of the protocol.
    expect(send(card, '0300')).toBeNull();
    expect(send(card, 'A3')).toBe('030D0E0F10111213');
  });

  it('a full block has no room for a CID that comes in between', () => {
    const card = answering(new TestCard(() => counting(13)), { rats: 'E000' });
    expect(send(card, '0200')).toBe('02000102030405060708090A0B0C');
    expect([send(card, 'BA00'), send(card, 'B2')]).toEqual([null, '02000102030405060708090A0B0C']);
  });

  it('a command longer than the card takes is never answered', () => {
    const linked = new TestCard();
    const card = answering(linked, { largestCommand: 6 });
    expect(send(card, '1200A40000')).toBe('A2');
    expect([send(card, '130000AA'), send(card, 'B3'), send(card, '030000AA')]).toEqual([null, 'A2', null]);
    expect(linked.executed).toBe(0);
  });

  it('a node address is turned around, in the first block of the answer only', () => {
    const card = answering(new TestCard(() => counting(14)), { rats: 'E000', ats: { nadSupported: true } });
    expect(send(card, '063500')).toBe('1653000102030405060708090A0B');
    expect(send(card, 'A3')).toBe('030C0D');
    expect(send(card, '0200')).toBe('12000102030405060708090A0B0C');
  });
});

describe('time', () => {
  const FWT = 65_536;
  const asking = (cost: number, more: { reservedCycles?: number; fwi?: number } = {}): string | null => {
    const { fwi = 4, ...options } = more;
    return send(answering(new TestCard(), { cost: () => cost, ats: { fwi }, ...options }), '0201');
  };

  // An answer begins on a step of 128 cycles, which the card counts with its work.
  it.each([
    [0, '02019000'],
    [FWT - 128, '02019000'],
    [FWT - 127, 'F202'],
    [2 * FWT - 128, 'F202'],
    [2 * FWT - 127, 'F203'],
    [58 * FWT, 'F23B'],
    [1000 * FWT, 'F23B'],
  ])('%i cycles at FWI 4: %s', (cost, answer) => expect(asking(cost)).toBe(answer));

  it('never asks for more than FWT_MAX', () => {
    expect(asking(1e9, { fwi: 12 })).toBe('F204');
    expect(asking(1e9, { fwi: 13 })).toBe('F202');
    expect(asking(1e9, { fwi: 14 })).toBe('F201');
  });

  it('counts what the link keeps of it', () => {
    expect(asking(10_000, { reservedCycles: 55_000 })).toBe('02019000');
    expect(asking(10_000, { reservedCycles: 55_409 })).toBe('F202');
  });

  it('takes what the card itself expects, in microseconds', () => {
    const linked = Object.assign(new TestCard(), {
      expectedMicroseconds: (command: Uint8Array, offset: number) => (command[offset] === 1 ? 5000 : 4000),
    });
    const card = answering(linked);
    // 4833 µs are FWI 4.
    expect([send(card, '0201'), linked.executed]).toEqual(['F202', 0]);
    expect([send(card, 'F202'), linked.executed]).toEqual(['02019000', 1]);
    expect(send(card, '0302')).toBe('03029000');
  });

  it('is asked for once, with the whole of a chained command, which is carried out once', () => {
    const seen: string[] = [];
    const linked = new TestCard(echoed);
    const card = answering(linked, {
      cost: (command, offset, length) => {
        seen.push(toHex(command.subarray(offset, offset + length)));
        return 2 * FWT;
      },
    });
    expect(['12A1', '13A2', '02A3'].map((frame) => send(card, frame))).toEqual(['A2', 'A3', 'F203']);
    // Asked for again, granted wrongly, asked in vain, granted, granted again.
    expect(['B2', 'F202', 'F243', '03FF', 'B3'].map((frame) => send(card, frame))).toEqual([
      'F203',
      null,
      null,
      null,
      'A2',
    ]);
    expect(['F203', 'F203', 'B2'].map((frame) => send(card, frame))).toEqual(['02A1A2A39000', null, '02A1A2A39000']);
    expect([seen, linked.executed]).toEqual([['A1A2A3'], 1]);
  });
});

describe('buffers', () => {
  it('a frame inside a larger buffer is taken from its place', () => {
    const card = answering(new TestCard());
    const bytes = fromHex('FFFF0201A4FFFF');
    expect(toHex(card.frame.subarray(0, card.receive(bytes, 2, 3)))).toBe('0201A49000');
  });
});
