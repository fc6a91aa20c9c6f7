import { describe, expect, it } from 'vitest';
import {
  channelOfClass,
  classByte,
  isChained,
  isInterindustry,
  isProprietary,
  logicalChannel,
  proprietaryClass,
  secureMessagingIndication,
  usesSecureMessaging,
  withoutChaining,
} from '../../src/apdu/class-byte.ts';

describe('class byte', () => {
  // CLA, channel, chaining, secure messaging: by hand from the coding tables of ISO/IEC 7816-4.
  it.each([
    [0x00, 0, false, 'none'],
    [0x03, 3, false, 'none'],
    [0x04, 0, false, 'proprietary'],
    [0x08, 0, false, 'header-not-authenticated'],
    [0x0c, 0, false, 'header-authenticated'],
    [0x10, 0, true, 'none'],
    [0x1f, 3, true, 'header-authenticated'],
    [0x40, 4, false, 'none'],
    [0x4f, 19, false, 'none'],
    [0x50, 4, true, 'none'],
    [0x60, 4, false, 'header-not-authenticated'],
    [0x7f, 19, true, 'header-not-authenticated'],
  ] as const)('%i', (cla, channel, chained, sm) => {
    expect(isInterindustry(cla)).toBe(true);
    expect(logicalChannel(cla)).toBe(channel);
    expect(isChained(cla)).toBe(chained);
    expect(secureMessagingIndication(cla)).toBe(sm);
    expect(usesSecureMessaging(cla)).toBe(sm !== 'none');
  });

  it('tells the four families apart over all 256 values', () => {
    for (let cla = 0; cla < 256; cla++) {
      const interindustry = cla < 0x20 || (cla >= 0x40 && cla < 0x80);
      expect(isInterindustry(cla)).toBe(interindustry);
      expect(isProprietary(cla)).toBe(cla >= 0x80 && cla !== 0xff);
    }
  });

  it('gives a proprietary class a channel in its two low bits, and no chaining', () => {
    expect([0x80, 0x83, 0x90, 0xb2, 0xfc, 0xfe].map((cla) => channelOfClass(cla))).toEqual([0, 3, 0, 2, 0, 2]);
    expect([0x03, 0x4f, 0x20, 0x3f, 0xff].map((cla) => channelOfClass(cla))).toEqual([3, 19, null, null, null]);
    expect([0x80, 0x83, 0x90, 0xb2].map((cla) => proprietaryClass(cla))).toEqual([0x80, 0x80, 0x90, 0xb0]);
    expect([0x90, 0xb0, 0xf0].map((cla) => isChained(cla))).toEqual([false, false, false]);
    expect(withoutChaining(0x90)).toBe(0x90);
  });

  it('makes the class byte of each channel', () => {
    for (let channel = 0; channel < 20; channel++) expect(logicalChannel(classByte(channel))).toBe(channel);
    for (const channel of [20, -1, 1.5, Number.NaN]) {
      expect(() => classByte(channel)).toThrow(RangeError);
      expect(() => classByte(channel)).toThrow(`no logical channel ${channel}`);
    }
    expect(withoutChaining(0x5c)).toBe(0x4c);
  });
});
