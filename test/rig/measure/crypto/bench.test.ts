import { expect, it } from 'vitest';
import { benchCrypto } from '../../../../rig/measure/crypto/bench.ts';
import { fakeIo } from '../../console/fake-io.ts';

const SMALL = { count: 2, warmUp: 0, curves: ['P-256', 'brainpoolP384r1'] } as const;

/** What TR-03110 makes each side compute on the curve, counted by hand. */
const OPERATIONS: readonly (readonly [string, object, object])[] = [
  // s·G and the mapping key; H, s·G + H, the ephemeral key over that generator, the secret.
  ['pace-gm', { publicKey: 2 }, { multiply: 2, addPoints: 1, ecdh: 1 }],
  // The terminal learns s only in the tap.
  ['pace-gm reader', { publicKey: 1 }, { publicKey: 1, multiply: 2, addPoints: 1, ecdh: 1 }],
  ['pace-cam', { publicKey: 2 }, { multiply: 2, addPoints: 1, ecdh: 1 }],
  ['pace-cam reader', { publicKey: 1 }, { publicKey: 1, multiply: 2, addPoints: 1, ecdh: 1 }],
  // Two certificates and the terminal's own signature; the key of each certificate is a point.
  ['ta', {}, { ecdsaVerify: 3, checkPoint: 2 }],
  ['ta reader', {}, { ecdsaSign: 1 }],
  ['ca', {}, { ecdh: 1 }],
  ['ca reader', { publicKey: 1 }, { ecdh: 1 }],
];

it('bench crypto measures both sides of each protocol, and what they compute on the curve', {
  timeout: 120_000,
}, async () => {
  const io = fakeIo({ json: true });
  // Whether a target is met is the machine's business, not this test's.
  const exit = await benchCrypto(SMALL, io);
  const data = JSON.parse(io.out.join(''));
  expect(data).toMatchObject({ id: 'bench-crypto', verdict: exit === 0 ? 'pass' : 'fail', node: process.version });
  expect(data.protocols.map(({ id }: { id: string }) => id)).toEqual(
    SMALL.curves.flatMap((curve) =>
      ['pace-gm', 'pace-cam', 'ta', 'ca'].flatMap((name) => [`${name}-${curve}-card`, `${name}-${curve}-reader`]),
    ),
  );
  data.protocols.forEach((row: Record<string, never>, index: number) => {
    const [name, before, tap] = OPERATIONS[index % OPERATIONS.length]!;
    expect(row.operations, name).toEqual({ before, tap });
    expect(row).toMatchObject({ n: 2, tap: { p50ms: expect.any(Number) } });
    for (const ratio of [row.ratio, row.tapRatio]) expect(ratio).toBeGreaterThan(0);
  });
  expect(data.protocols[0].steps.map(({ command }: { command: string }) => command)).toEqual([
    'MSE:Set AT',
    'nonce',
    'mapping',
    'key agreement',
    'token',
  ]);
  expect(data.targets.map(({ id }: { id: string }) => id)).toEqual([
    'card-protocol',
    'card-tap',
    'reader-protocol',
    'reader-tap',
    'card-read-record',
  ]);
  expect(data.readRecord.ratio).toBeGreaterThan(1);
});

it('counts what secure messaging adds to a command, in bytes', { timeout: 120_000 }, async () => {
  const io = fakeIo({ json: true });
  await benchCrypto({ ...SMALL, count: 1, curves: ['P-256'] }, io);
  const rows = JSON.parse(io.out.join('')).messages;
  expect(
    rows.map((row: { command: string; plain: object; protected: object; addedBytes: number }) => [
      row.command,
      row.plain,
      row.protected,
      row.addedBytes,
    ]),
  ).toEqual([
    // Out: header 4, Lc, 87 11 01 and one block, 97 01 00, 8E and 10, Le. In: 87 11 01 and one block, 99 and 4, 8E and 10, SW.
    ['SELECT by AID, FCI 11', { out: 13, in: 13 }, { out: 4 + 1 + 19 + 3 + 10 + 1, in: 19 + 4 + 10 + 2 }, 47],
    ['VERIFY', { out: 13, in: 2 }, { out: 4 + 1 + 19 + 10 + 1, in: 4 + 10 + 2 }, 36],
    // 100 bytes are seven blocks with their padding.
    ['READ RECORD 100', { out: 5, in: 102 }, { out: 4 + 1 + 3 + 10 + 1, in: 2 + 1 + 112 + 4 + 10 + 2 }, 43],
    ['UPDATE RECORD 100', { out: 105, in: 2 }, { out: 4 + 1 + 2 + 1 + 112 + 10 + 1, in: 16 }, 40],
    // 231 bytes are fifteen blocks, and the longest for a short answer: 87 81 F1 01.
    ['READ BINARY 231', { out: 5, in: 233 }, { out: 19, in: 3 + 1 + 240 + 4 + 10 + 2 }, 41],
    // Extended: Lc 00 00 0E, 97 02 03 E8, Le 00 00; 87 82 03 F1 01 and sixty-three blocks.
    ['READ BINARY 1000', { out: 7, in: 1002 }, { out: 4 + 3 + 4 + 10 + 2, in: 4 + 1 + 1008 + 4 + 10 + 2 }, 43],
  ]);
});

it('prints tables with the machine in their head', { timeout: 120_000 }, async () => {
  const io = fakeIo();
  await benchCrypto({ ...SMALL, count: 1, curves: ['P-256'] }, io);
  const text = io.out.join('');
  expect(text).toContain(`Node ${process.version}; 1 run of each protocol`);
  expect(text).toMatch(/^ {2}PACE-GM P-256, card( +[\d.]+){6}$/m);
  expect(text).toMatch(/^ {2}READ RECORD 100 +5>19 +102>131 +43( +[\d.]+){4}$/m);
  expect(text).toMatch(/^ {2}(met {4}|NOT MET) {2}card: protected READ RECORD of 100 bytes/m);
});

it('ends on Ctrl-C without a result', async () => {
  const io = fakeIo({ signal: AbortSignal.abort() });
  await expect(benchCrypto(SMALL, io)).rejects.toThrow();
  expect(io.out).toEqual([]);
});
