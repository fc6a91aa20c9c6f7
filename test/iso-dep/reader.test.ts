import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { IsoDepReader, type IsoDepReaderOptions, type Step } from '../../src/iso-dep/reader.ts';
import { counting } from './cards.ts';

/** FSC 256, 106 only, FWI 4 (65,536 cycles), CID. */
const ATS = '0578004002';

function activated(options: Partial<IsoDepReaderOptions> = {}, ats = ATS): IsoDepReader {
  const reader = new IsoDepReader({ fsd: 256, ...options });
  reader.activate();
  expect(give(reader, ats)).toBe('done');
  return reader;
}

function give(reader: IsoDepReader, frame: string): Step {
  const bytes = fromHex(frame);
  return reader.received(bytes, 0, bytes.length);
}

function transmit(reader: IsoDepReader, command: string): Step {
  const bytes = fromHex(command);
  return reader.transmit(bytes, 0, bytes.length);
}

const sent = (reader: IsoDepReader): string => toHex(reader.frame.subarray(0, reader.frameLength));
const response = (reader: IsoDepReader): string => toHex(reader.response.subarray(0, reader.responseLength));

describe('activation', () => {
  it.each([
    [{ fsd: 16 }, 'E000'],
    [{ fsd: 256, cid: 14 }, 'E08E'],
    [{ fsd: 4096, cid: null }, 'E0C0'],
  ])('RATS of %j', (options, rats) => {
    const reader = new IsoDepReader(options);
    expect([reader.activate(), sent(reader), reader.waitCycles]).toEqual(['send', rats, 65_536]);
  });

  it('takes the waiting times from the ATS, the guard time for one frame', () => {
    const reader = activated({}, '0578009602');
    expect(toHex(reader.atsBytes)).toBe('0578009602');
    transmit(reader, '00');
    // FWI 9; SFGI 6 is 4096 · 64.
    expect([reader.waitCycles, reader.guardCycles]).toEqual([2_097_152, 262_144]);
    give(reader, '029000');
    transmit(reader, '00');
    expect(reader.guardCycles).toBe(1172);
  });

  it.each(['', '00', '0678004002', '057800400200', `FF78004002${'00'.repeat(250)}`])('no ATS: "%s"', (frame) => {
    const reader = new IsoDepReader({ fsd: 256, retries: 1 });
    reader.activate();
    expect([give(reader, frame), sent(reader)]).toEqual(['send', 'E080']);
    expect([give(reader, frame), reader.reason, reader.active]).toEqual(['lost', 'protocol', false]);
  });

  it.each([{ fsd: 250 }, { fsd: 8192 }, { fsd: 256, cid: 15 }, { fsd: 256, cid: -1 }, { fsd: 256, cid: 1.5 }])(
    'refuses %j',
    (options) => expect(() => new IsoDepReader(options)).toThrow(RangeError),
  );

  it('PPS where a higher rate is wanted and offered, with the CID that was given', () => {
    const reader = new IsoDepReader({ fsd: 256, cid: 2, wantedRates: { toCard: 8, toReader: 2 } });
    reader.activate();
    // DS 212, 424 and DR 212, 424, without CID.
    expect([give(reader, '0578334000'), sent(reader)]).toEqual(['send', 'D21106']);
    expect([reader.toCardRate, reader.toReaderRate, reader.waitCycles]).toEqual([1, 1, 65_536]);
    expect([give(reader, 'D0'), sent(reader)]).toEqual(['send', 'D21106']);
    expect([give(reader, 'D2'), reader.toCardRate, reader.toReaderRate]).toEqual(['done', 4, 2]);
    expect([transmit(reader, 'A4'), sent(reader)]).toEqual(['send', '02A4']);
    reader.activate();
    expect([reader.toCardRate, reader.toReaderRate]).toEqual([1, 1]);
  });

  it('no PPS where nothing higher is offered', () => {
    expect(activated({ wantedRates: { toCard: 8, toReader: 8 } }).toCardRate).toBe(1);
  });
});

describe('what is not an answer is asked for again', () => {
  it.each([
    ['no block', '00'],
    ['nothing', ''],
    ['an I-block of the other number', '039000'],
    ['an I-block with another CID', '0A029000'],
    ['an I-block without the CID', '029000'],
    ['an I-block with a node address', '0E01009000'],
    ['R(NAK)', 'BA01'],
    ['R(ACK) that carries something', 'AA0100'],
    ['R(ACK) to the last block', 'AA01'],
    ['S(DESELECT)', 'CA01'],
    ['S(WTX) without a multiplier', 'FA01'],
    ['S(WTX) with two', 'FA010101'],
    ['S(WTX) 0', 'FA0100'],
    ['S(WTX) 60', 'FA013C'],
    ['S(PARAMETERS)', 'F801'],
    ['a frame longer than FSD', `0A01${'00'.repeat(13)}`],
  ])('%s', (_, frame) => {
    const reader = activated({ fsd: 16, cid: 1 });
    transmit(reader, '00A4');
    expect([give(reader, frame), sent(reader)]).toEqual(['send', 'BA01']);
    give(reader, frame);
    expect([give(reader, frame), reader.reason]).toEqual(['lost', 'protocol']);
    expect(() => transmit(reader, '00A4')).toThrow('lost');
  });

  it('and lost after the retries, with the last reason', () => {
    const reader = activated({ retries: 1 });
    transmit(reader, '00');
    expect([reader.timedOut(), sent(reader), reader.damaged(), reader.reason]).toEqual([
      'send',
      'B2',
      'lost',
      'damaged',
    ]);
    const none = activated({ retries: 0 });
    transmit(none, '00');
    expect([none.timedOut(), none.reason]).toEqual(['lost', 'no-answer']);
  });

  it('retries count anew for every block', () => {
    const reader = activated({ fsd: 16, retries: 1 });
    transmit(reader, '00');
    reader.timedOut();
    expect([give(reader, `12${toHex(counting(13))}`), sent(reader)]).toEqual(['send', 'A3']);
    expect([reader.damaged(), sent(reader)]).toEqual(['send', 'A3']);
    expect([give(reader, '039000'), response(reader)]).toEqual(['done', `${toHex(counting(13))}9000`]);
  });

  it('a card that acknowledges the block before for ever is lost', () => {
    const reader = activated({ retries: 3 });
    transmit(reader, '00');
    let frames = 1;
    while (give(reader, 'A3') === 'send') frames++;
    expect([frames, reader.reason]).toEqual([4, 'protocol']);
  });
});

describe('CID', () => {
  it('is used where the card can, and left out where it cannot', () => {
    const can = activated({ cid: 0 });
    transmit(can, '00');
    const cannot = activated({ cid: 3 }, '0578004000');
    transmit(cannot, '00');
    const none = activated();
    transmit(none, '00');
    expect([sent(can), sent(cannot), sent(none)]).toEqual(['0A0000', '0200', '0200']);
    expect([can.cid, cannot.cid, none.cid]).toEqual([0, null, null]);
  });

  it('the power that a card tells with it does not matter', () => {
    const reader = activated({ cid: 1 });
    transmit(reader, '00');
    expect(give(reader, '0AC19000')).toBe('done');
  });
});

describe('time', () => {
  it('is granted as asked, for one block, and never above FWT_MAX', () => {
    const reader = activated();
    transmit(reader, '00');
    // The two high bits of the multiplier tell the power.
    expect([give(reader, 'F2CA'), sent(reader), reader.waitCycles]).toEqual(['send', 'F20A', 655_360]);
    expect([reader.timedOut(), sent(reader), reader.waitCycles]).toEqual(['send', 'B2', 655_360]);
    give(reader, '029000');
    transmit(reader, '00');
    expect(reader.waitCycles).toBe(65_536);
    const slow = activated({ largestWtx: 1e10 }, '057800D002');
    transmit(slow, '00');
    expect([give(slow, 'F23B'), slow.waitCycles]).toEqual(['send', 67_108_864]);
  });

  it('has a limit for one command', () => {
    const reader = activated({ largestWtx: 10 * 65_536 });
    transmit(reader, '00');
    expect([give(reader, 'F206'), give(reader, 'F204'), give(reader, 'F201')]).toEqual(['send', 'send', 'lost']);
    expect(reader.reason).toBe('too-much-time');
  });

  it('asked for in the middle of a chain: the next part is asked for with R(ACK)', () => {
    const reader = activated({ fsd: 16 });
    transmit(reader, '00');
    give(reader, `12${toHex(counting(13))}`);
    expect([give(reader, 'F202'), sent(reader)]).toEqual(['send', 'F202']);
    expect([reader.timedOut(), sent(reader)]).toEqual(['send', 'A3']);
    expect([give(reader, '0355'), response(reader)]).toEqual(['done', `${toHex(counting(13))}55`]);
  });
});

describe('the rest', () => {
  it('a response without end is cut off', () => {
    const reader = activated({ fsd: 16, largestResponse: 20 });
    transmit(reader, '00');
    expect(give(reader, `12${toHex(counting(13))}`)).toBe('send');
    expect([give(reader, `13${toHex(counting(13))}`), reader.reason]).toEqual(['lost', 'too-long']);
  });

  it('presence: R(NAK) of the next number, answered by R(ACK) of the last', () => {
    const reader = activated();
    transmit(reader, '00');
    give(reader, '029000');
    expect([reader.presence(), sent(reader)]).toEqual(['send', 'B3']);
    expect([give(reader, 'A3'), sent(reader)]).toEqual(['send', 'B3']);
    expect([give(reader, 'A2'), reader.active]).toEqual(['done', true]);
    expect([transmit(reader, '01'), sent(reader)]).toEqual(['send', '0301']);
  });

  it('S(DESELECT) is repeated, waits its own time, and ends the protocol', () => {
    const reader = activated({ cid: 1 }, '0578009002');
    expect([reader.deselect(), sent(reader), reader.waitCycles]).toEqual(['send', 'CA01', 65_536]);
    expect([reader.damaged(), sent(reader)]).toEqual(['send', 'CA01']);
    expect([give(reader, 'CA01'), reader.active]).toEqual(['done', false]);
    expect(() => reader.presence()).toThrow('before the card was activated');
    expect(() => reader.deselect()).toThrow('not activated');
  });

  it('S(DESELECT) is possible after a loss', () => {
    const reader = activated({ retries: 0 });
    transmit(reader, '00');
    reader.timedOut();
    expect([reader.deselect(), sent(reader)]).toEqual(['send', 'C2']);
  });

  it('answers that nobody asked for are a mistake of the caller', () => {
    const reader = activated();
    expect(() => give(reader, '029000')).toThrow('none was asked for');
    expect(() => reader.timedOut()).toThrow('none was asked for');
    expect(() => reader.damaged()).toThrow('none was asked for');
  });
});
