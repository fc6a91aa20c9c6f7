import { describe, expect, it } from 'vitest';
import { floorOf, leastNs, PLAIN_AIR } from '../../../../rig/measure/tap/floor.ts';
import type { TapShape } from '../../../../rig/measure/tap/result.ts';

const exchange = (sentBytes: number, receivedBytes: number, serialBytes = 0) => ({
  command: 'READ BINARY',
  header: '00B00000',
  status: '9000',
  sentBytes,
  receivedBytes,
  serialBytes,
});
const SHAPE: TapShape = { exchanges: [exchange(5, 102, 150), exchange(5, 302, 350)], activationSerialBytes: 76 };

describe('the floor', () => {
  const floor = floorOf(SHAPE, null, true);

  it('carries the bytes that were exchanged', () => {
    expect(floor).toMatchObject({ exchanges: 2, sentBytes: 10, receivedBytes: 404 });
  });

  it('of the serial line is ten bits a byte', () => {
    // 150 + 350 + 76 bytes.
    expect(floor.serial[0]).toEqual({ baudRate: 115_200, totalNs: 50_000_000 });
    expect(floor.serial.find(({ baudRate }) => baudRate === 921_600)?.totalNs).toBe(6_250_000);
  });

  it('has a row for each bit rate and frame size', () => {
    expect(floor.air.map(({ rate, frameSize }) => `${rate}/${frameSize}`)).toEqual(
      ['64', '128', '256'].flatMap((size) => [106, 212, 424, 848].map((rate) => `${rate}/${size}`)),
    );
    for (const { activationNs, exchangesNs, totalNs } of floor.air) expect(totalNs).toBe(activationNs + exchangesNs);
  });

  it('is never under the bytes’ own bits: 9 a byte, 128/fc each at 106 kbit/s', () => {
    for (const { rate, exchangesNs } of floor.air) {
      const etuNs = (128 / 13.56e6) * 1e9 * (106 / rate);
      expect(exchangesNs).toBeGreaterThan(414 * 9 * etuNs);
    }
  });

  it('falls with the rate and with the frame size', () => {
    const at = (rate: number, size: number): number =>
      floor.air.find((row) => row.rate === rate && row.frameSize === size)?.exchangesNs as number;
    for (const size of [64, 128, 256]) expect(at(848, size)).toBeLessThan(at(106, size) / 4);
    for (const rate of [106, 848]) expect(at(rate, 256)).toBeLessThan(at(rate, 64));
  });

  it('needs PPS above 106 kbit/s: the activation is longer there', () => {
    const [slow, fast] = floor.air;
    expect(fast?.activationNs).toBeGreaterThan(slow?.activationNs as number);
  });

  it('is least at the fastest of all', () => {
    const fastest = floor.air.find(({ rate, frameSize }) => rate === 848 && frameSize === 256);
    expect(leastNs(floor)).toBe((fastest?.totalNs as number) + Math.round((576 * 10 * 1e9) / 1_288_000));
  });

  it('knows the frame sizes that were used', () => {
    const rows = floorOf(SHAPE, { ...PLAIN_AIR, fsc: 96, fsd: 64 }, false);
    expect([...new Set(rows.air.map(({ frameSize }) => frameSize))]).toEqual([64, 96, 128, 256]);
    expect(rows.serial).toEqual([]);
  });
});
