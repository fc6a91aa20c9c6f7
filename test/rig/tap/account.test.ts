import { describe, expect, it } from 'vitest';
import { accountOf } from '../../../rig/tap/account.ts';
import { present } from '../../../rig/tap/presentation.ts';
import { emptyReading } from '../../../rig/tap/reading.ts';

const exchange = (phase: string, startNs: number, endNs: number) => ({
  phase,
  command: 'READ RECORD',
  header: '00B20104',
  status: '9000',
  sentBytes: 5,
  receivedBytes: 10,
  startNs,
  endNs,
});

describe('where the time went', () => {
  it('adds up to the total', () => {
    const account = accountOf(1_000, 5_000, [
      exchange('select', 6_000, 9_000),
      exchange('read', 10_000, 11_000),
      exchange('read', 13_000, 20_000),
    ]);
    expect(account.phases.map(({ phase, exchanges, microseconds }) => [phase, exchanges, microseconds])).toEqual([
      ['connect', 0, 4],
      ['select', 1, 3],
      ['read', 2, 8],
    ]);
    expect(account.totalMicroseconds).toBe(19);
    expect(account.hostMicroseconds).toBe(4);
    const parts = account.phases.reduce((sum, { microseconds }) => sum + microseconds, account.hostMicroseconds);
    expect(parts).toBe(account.totalMicroseconds);
    expect(account.slowest?.startNs).toBe(13_000);
  });

  it('has the time in the firmware of a board apart, for each phase and in all', () => {
    const account = accountOf(1_000, 5_000, [
      { ...exchange('select', 1_006_000, 1_009_000), firmwareNs: 2_000 },
      { ...exchange('read', 1_010_000, 1_011_000), firmwareNs: 0 },
      { ...exchange('read', 1_013_000, 1_020_000), firmwareNs: 5_000 },
    ]);
    expect(account.phases.map(({ phase, firmwareMicroseconds }) => [phase, firmwareMicroseconds])).toEqual([
      ['connect', null],
      ['select', 2],
      ['read', 5],
    ]);
    expect(account.firmware).toEqual({ exchanges: 3, microseconds: 7 });
    const scene = { reader: 'r', driver: 'firmware', protocol: 'direct', atr: Uint8Array.of(0x3b), today: '20260101' };
    const table = present(emptyReading(), account, scene).split('Where the time went\n')[1];
    expect(table?.split('\n').slice(0, 6)).toEqual([
      '                exchanges  bytes out  bytes in     ms  in firmware',
      '  connect                                       0.004',
      '  select                1          5        10  0.003        0.002',
      '  read                  2         10        20  0.008        0.005',
      '  this program                                  1.004',
      '  total                 3                       1.019        0.007',
    ]);
  });

  it('of a tap without an exchange is its connect', () => {
    const account = accountOf(0, 2_000, []);
    expect([account.totalMicroseconds, account.hostMicroseconds, account.slowest]).toEqual([2, 0, null]);
  });
});
