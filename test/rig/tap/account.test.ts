import { describe, expect, it } from 'vitest';
import { accountOf } from '../../../rig/tap/account.ts';

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

  it('of a tap without an exchange is its connect', () => {
    const account = accountOf(0, 2_000, []);
    expect([account.totalMicroseconds, account.hostMicroseconds, account.slowest]).toEqual([2, 0, null]);
  });
});
