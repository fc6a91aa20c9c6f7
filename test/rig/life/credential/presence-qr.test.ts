import { describe, expect, it } from 'vitest';
import { parsePresenceQr, presenceQrText } from '../../../../rig/life/credential/presence-qr.ts';

const PRESENCE = 'ABCDEFGHIJKLMNOPQRSTUVWX23';

describe('the text of a presence QR code', () => {
  it('is a prefix and the opaque string', () => {
    expect(presenceQrText(PRESENCE)).toBe(`VP1:${PRESENCE}`);
    expect(parsePresenceQr(`VP1:${PRESENCE}`)).toBe(PRESENCE);
    const longest = 'A'.repeat(1196);
    expect(parsePresenceQr(presenceQrText(longest))).toBe(longest);
  });

  it.each([
    ['', 'other-kind'],
    [PRESENCE, 'other-kind'],
    [`VT1:${PRESENCE}`, 'other-kind'],
    [`vp1:${PRESENCE}`, 'other-kind'],
    [` VP1:${PRESENCE}`, 'other-kind'],
    ['VP1:', 'malformed'],
    [`VP1:${PRESENCE.slice(0, 23)}`, 'malformed'],
    [`VP1:${PRESENCE.toLowerCase()}`, 'malformed'],
    [`VP1:${PRESENCE} `, 'malformed'],
    [`VP1:${PRESENCE}\n`, 'malformed'],
    [`VP1:${PRESENCE}\u0000`, 'malformed'],
    [`VP1:${'A'.repeat(1197)}`, 'too-long'],
  ])('%j is refused: %s', (text, code) => {
    expect(() => parsePresenceQr(text)).toThrow(expect.objectContaining({ name: 'QrRefusal', code }));
  });

  it('is not made from a string that could not be read back', () => {
    for (const presence of ['', 'abc', `${PRESENCE} `, 'A'.repeat(1197)]) {
      expect(() => presenceQrText(presence)).toThrow(RangeError);
    }
  });
});
