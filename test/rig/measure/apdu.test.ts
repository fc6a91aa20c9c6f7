import { describe, expect, it } from 'vitest';
import { benchApdu } from '../../../rig/measure/apdu.ts';
import { workloadFor } from '../../../rig/measure/workload.ts';
import { toHex } from '../../../src/apdu/hex.ts';
import { fakeIo } from '../console/fake-io.ts';

const options = (name: string, csv = false) => ({
  reader: null,
  card: { kind: 'profile', name } as const,
  count: 200,
  csv,
  record: { file: null, keepSecrets: false },
});

describe('bench apdu', () => {
  it.each(['vitale2', 'reference'])('%s: four commands, each answered 9000, with figures that can be', async (name) => {
    const io = fakeIo({ json: true });
    expect(await benchApdu(options(name), io)).toBe(0);
    const { figures } = JSON.parse(io.out.join(''));
    expect(figures.map(({ command }: { command: string }) => command)).toEqual([
      'SELECT',
      'VERIFY',
      'READ RECORD',
      'READ BINARY',
    ]);
    for (const { n, p50us, p99us, perSecond } of figures) {
      expect(n).toBe(200);
      expect(p50us).toBeGreaterThan(0);
      expect(p99us).toBeGreaterThanOrEqual(p50us);
      expect(perSecond).toBeGreaterThan(0);
    }
  });

  it('Ctrl-C is heard between two commands, and leaves no result', async () => {
    const io = fakeIo({ json: true, signal: AbortSignal.timeout(1) });
    const run = benchApdu({ ...options('reference'), count: 20_000 }, io);
    await expect(run).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(io.out).toEqual([]);
  });

  it('CSV has its head and a row a command', async () => {
    const io = fakeIo();
    await benchApdu(options('reference', true), io);
    const lines = io.out.join('').trim().split('\n');
    expect(lines[0]).toBe('label,command,n,p50us,p99us,per_second');
    expect(lines.slice(1).every((line) => /^reference,[A-Z ]+,200,[\d.]+,[\d.]+,\d+$/.test(line))).toBe(true);
    expect(lines).toHaveLength(5);
  });

  it('the reference workload is the one that every peer can run', () => {
    const commands = workloadFor('reference').commands.map(({ command }) => toHex(command));
    expect(commands).toEqual(['00A4040007F042454E43480100', '0020000108313233343536FFFF', '00B2010C64', '00B0000064']);
  });

  it('through a reader: the same rows, timed by its driver', async () => {
    const io = fakeIo({ json: true });
    const reader = { driver: 'loopback' } as const;
    expect(await benchApdu({ ...options('reference'), reader, count: 60 }, io)).toBe(0);
    const { card, figures } = JSON.parse(io.out.join(''));
    expect(card).toBe('reference in loopback, direct');
    expect(figures.map(({ id, n }: { id: string; n: number }) => `${id} ${n}`)).toEqual([
      'select 60',
      'verify 60',
      'read-record 60',
      'read-binary 60',
    ]);
  });

  it('a card that refuses a command is said, not measured', async () => {
    await expect(benchApdu({ ...options('ndef-of-nobody') }, fakeIo())).rejects.toThrow('there is no profile');
  });
});
