import { describe, expect, it } from 'vitest';
import { decodeBase45, encodeBase45 } from '../../../../rig/life/credential/base45.ts';
import { offlineQrText } from '../../../../rig/life/credential/offline-qr.ts';
import type { QrRefusalCode } from '../../../../rig/life/credential/qr-refusal.ts';
import { verifyOfflineQr } from '../../../../rig/life/credential/verify-offline-qr.ts';
import { inflateZlib } from '../../../../rig/life/credential/zlib-stream.ts';
import { expectations, innerCwt, offlineQr, outerMessage, people } from './card.ts';

describe('a changed QR code', () => {
  const refused = async (text: string): Promise<QrRefusalCode | null> => {
    try {
      await verifyOfflineQr(text, expectations());
      return null;
    } catch (error) {
      expect(error).toMatchObject({ name: 'QrRefusal' });
      return (error as { code: QrRefusalCode }).code;
    }
  };

  it('is refused for any one bit of the message', async () => {
    const message = await outerMessage({ inner: innerCwt({ people: people(1) }) });
    expect(await refused(offlineQrText(message))).toBeNull();
    const codes = new Map<QrRefusalCode | null, number>();
    for (let bit = 0; bit < 8 * message.length; bit++) {
      const flipped = Uint8Array.from(message);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const code = await refused(offlineQrText(flipped));
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes.keys()].sort()).toEqual(['altered', 'malformed', 'other-issuer', 'wrong-key']);
  }, 120_000);

  it('is refused for any one bit of the compressed bytes, and for any other character', async () => {
    const text = await offlineQr({ inner: innerCwt({ people: people(1) }) });
    const stream = decodeBase45(text.slice(4));
    const message = inflateZlib(stream, 4096);
    let meaningless = 0;
    for (let bit = 0; bit < 8 * stream.length; bit++) {
      const flipped = Uint8Array.from(stream);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const code = await refused(`VT1:${encodeBase45(flipped)}`);
      // The unused bits behind the last block of a zlib stream mean nothing to anybody: the message is the same.
      if (code === null) {
        expect(inflateZlib(flipped, 4096)).toEqual(message);
        meaningless++;
      }
    }
    expect(meaningless).toBeLessThan(8);
    for (let i = 0; i < text.length; i++) {
      const other = text.slice(0, i) + (text[i] === '0' ? '1' : '0') + text.slice(i + 1);
      if ((await refused(other)) === null) expect(inflateZlib(decodeBase45(other.slice(4)), 4096)).toEqual(message);
    }
  }, 120_000);

  it('in 10,000 random ways is refused by name, and never fails in another way', async () => {
    const message = await outerMessage({ inner: innerCwt({ people: people(2) }) });
    const text = offlineQrText(message);
    // A repeatable stream of numbers (xorshift32).
    let state = 0x9e3779b9;
    const below = (limit: number): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % limit;
    };
    const mutate = (bytes: Uint8Array): Uint8Array => {
      const copy = [...bytes];
      for (let times = 1 + below(4); times > 0; times--) {
        const place = below(copy.length + 1);
        const kind = below(5);
        if (kind === 0) copy[place % copy.length] = below(256);
        else if (kind === 1) copy.splice(place, below(8));
        else if (kind === 2) copy.splice(place, 0, ...Array.from({ length: 1 + below(8) }, () => below(256)));
        else if (kind === 3) copy.splice(place, 0, ...copy.slice(below(copy.length), below(copy.length)).slice(0, 64));
        else copy.length = Math.max(1, place);
        if (copy.length === 0) copy.push(0);
      }
      return Uint8Array.from(copy);
    };
    let refusals = 0;
    for (let i = 0; i < 10_000; i++) {
      const changed =
        i % 3 === 0
          ? Buffer.from(mutate(Buffer.from(text))).toString('latin1')
          : i % 3 === 1
            ? offlineQrText(mutate(message))
            : `VT1:${encodeBase45(mutate(decodeBase45(text.slice(4))))}`;
      if ((await refused(changed)) !== null) refusals++;
      // Some of these ways change nothing, or only how the same message is compressed.
      else expect(inflateZlib(decodeBase45(changed.slice(4)), 4096)).toEqual(Uint8Array.from(message));
    }
    expect(refusals).toBeGreaterThan(9_000);
  }, 180_000);
});
