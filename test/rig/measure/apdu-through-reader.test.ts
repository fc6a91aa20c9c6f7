import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { OpenedReader } from '../../../rig/endpoint/open-reader.ts';
import { benchApdu } from '../../../rig/measure/apdu.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { fakeIo } from '../console/fake-io.ts';

/** A reader that answers 9000 so many times, each in 250 µs, and then loses its card. */
const dying = vi.hoisted(() => ({ answers: 0 }));
vi.mock('../../../rig/endpoint/open-reader.ts', () => ({
  openReader: async (): Promise<OpenedReader> => {
    let sent = 0;
    const session = {
      reader: 'dying',
      atr: new Uint8Array(0),
      protocol: 'T=1',
      transmit: async () => {
        if (sent >= dying.answers) throw new HalError('card-removed', 'the card was taken out');
        const startNs = 1_000_000 * sent++;
        return { response: Uint8Array.of(0x90, 0x00), startNs, endNs: startNs + 250_000 };
      },
      reset: async () => {},
      control: async () => new Uint8Array(0),
      disconnect: async () => {},
    };
    return {
      reader: { driver: 'dying', list: async () => [], connect: async () => session, close: async () => {} },
      name: null,
      own: null,
      backendAt: () => 'hardware',
      close: async () => {},
    };
  },
}));

const OPTIONS = {
  reader: { driver: 'pcsc', name: null },
  card: { kind: 'profile', name: 'reference' },
  count: 10,
  csv: true,
  record: { file: null, keepSecrets: false },
} as const;

it('keeps what was measured when the card goes in the middle, and says why it ended', async () => {
  // SELECT: 10 to warm up and 10 measured; VERIFY: SELECT before it, 10 to warm up, and 4 of its 10.
  dying.answers = 20 + 1 + 10 + 4;
  const io = fakeIo();
  await expect(benchApdu(OPTIONS, io)).rejects.toThrow('the card was taken out');
  expect(io.out.join('').trim().split('\n')).toEqual([
    'label,command,n,p50us,p99us,per_second',
    // One every millisecond: 10 in 9.25 ms, 4 in 3.25 ms.
    'reference,SELECT,10,250.000,250.000,1081',
    'reference,VERIFY,4,250.000,250.000,1231',
  ]);
});

it('writes each command to a trace once, before it is measured', async () => {
  dying.answers = 1000;
  const folder = mkdtempSync(join(tmpdir(), 'vitap-apdu-'));
  const file = join(folder, 'apdu.jsonl');
  try {
    await benchApdu({ ...OPTIONS, record: { file, keepSecrets: false } }, fakeIo());
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines[0]).toContain('"source":"vitap bench apdu","backend":"hardware","reader":"dying"');
    // SELECT; SELECT, VERIFY; SELECT, VERIFY, READ RECORD …: each after a reset.
    const told = lines.flatMap(
      (line) => /"(?:state":"reset|type":"command".*"apdu":"00..)/.exec(line)?.[0].slice(-2) ?? [],
    );
    expect(told.slice(0, 5)).toEqual(['et', 'A4', 'et', 'A4', '20']);
    expect(lines.join('')).not.toContain('323734393136');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('a reader without a card measures nothing and prints nothing', async () => {
  dying.answers = 0;
  const io = fakeIo();
  await expect(benchApdu(OPTIONS, io)).rejects.toThrow('the card was taken out');
  expect(io.out).toEqual([]);
});
