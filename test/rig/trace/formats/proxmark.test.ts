import { describe, expect, it } from 'vitest';
import { unhex, writeBytes } from './frame-trace.ts';
import { read } from './text-trace.ts';

/*
 * From the description of the file in the client's documentation, not from its program: start, duration, length and
 * direction, frame, parity. The parity bits are by hand: 26 has three ones (0), 04 one (0), 00 none (1).
 */
const REQA = '00100000 0004 0100 26 00';
const ATQA = '98140000 2009 0280 0400 40';
const RATS = '00300000 8000 0400 E0803173 30';

describe('Proxmark3 trace', () => {
  it('is read', async () => {
    const { header, events, losses, fault } = await read('proxmark', unhex(REQA + ATQA + RATS));
    expect(fault).toBeNull();
    expect(header).toMatchObject({
      source: 'Proxmark3',
      interface: 'contactless',
      startedAt: null,
      backend: 'hardware',
    });
    expect(events).toEqual([
      { type: 'block', t: 0, from: 'reader', frame: '26', bits: 7 },
      // 1498 hexadecimal less 1000: 1176 cycles of 13.56 MHz.
      { type: 'block', t: 86_726, from: 'card', frame: '0400' },
      // E0 three ones (0), 80 one (0), 31 three (0), 73 five (0): the file says two bits otherwise.
      { type: 'block', t: 604_130, from: 'reader', frame: 'E0803173', crc: 'good' },
    ]);
    expect(losses).toEqual({ 'durations of frames': 1, 'parity bits that do not fit their byte': 1 });
  });

  it('is written as it was', async () => {
    const right = REQA + ATQA + RATS.replace('30', '00');
    const { events, header } = await read('proxmark', unhex(REQA + ATQA + RATS));
    const { bytes } = await writeBytes('proxmark', events, header);
    // The times begin at 0 and the durations are those of whole bits.
    const again = await read('proxmark', bytes);
    expect(again.events).toEqual(events);
    expect(again.losses).toEqual({ 'durations of frames': 1 });
    expect(bytes.length).toBe(unhex(right).length);
    expect(bytes[9]).toBe(0);
    expect(bytes.subarray(18, 21)).toEqual(Buffer.from(unhex('040040')));
  });

  it('counts on when the clock of 32 bits begins anew', async () => {
    const { events } = await read('proxmark', unhex(REQA.replace('00100000', '00F0FFFF') + ATQA));
    // 1000 hexadecimal to the end, 1498 after it: 9368 cycles.
    expect(events.map(({ t }) => t)).toEqual([0, 690_855]);
  });

  it('says where it is cut off, or is something else', async () => {
    const cutOff = await read('proxmark', unhex(REQA + ATQA.slice(0, 16)));
    expect(cutOff.events).toHaveLength(1);
    expect(cutOff.fault?.message).toBe('byte 10: the file ends in the middle of a record');
    const other = await read('proxmark', new TextEncoder().encode('> 00 A4 04 00'.repeat(3)));
    expect(other.fault?.message).toMatch(/^byte 0: a frame of \d+ bytes is longer than any may be/);
  });
});
