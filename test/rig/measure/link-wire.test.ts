import { describe, expect, it } from 'vitest';
import { cardBytes, exchangeNs, readerBytes } from '../../../rig/measure/link-wire.ts';

describe('bytes on the serial lines of a tap', () => {
  it.each([
    // D4 40 01 + 5, ACK, D5 41 00 + 17: 8+2+5, 6, 8+2+17.
    [5, 17, 48, 41],
    // A response of 258 needs the long form: three bytes more, in each frame that has it.
    [5, 258, 292, 285],
  ])('a command of %i and a response of %i', (command, response, reader, card) => {
    expect(readerBytes(command, response)).toBe(reader);
    expect(cardBytes(command, response)).toBe(card);
  });

  it('take ten bits each, at the rate of their line', () => {
    const at = (readerBaud: number, cardBaud: number): number => exchangeNs(5, 17, { readerBaud, cardBaud });
    // 48 bytes at 10 kBd and at 20 kBd differ by 24 ms; the air is the same.
    expect(at(10_000, 10_000) - at(20_000, 10_000)).toBeCloseTo(24e6, -1);
    expect(at(10_000, 10_000) - at(10_000, 20_000)).toBeCloseTo(20.5e6, -1);
  });
});
