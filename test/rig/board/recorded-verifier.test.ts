import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Verifier } from '../../../rig/board/flash-board.ts';
import { recordedVerifier } from '../../../rig/board/recorded-verifier.ts';
import { openReader } from '../../../rig/endpoint/open-reader.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-verifier-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const verifier: Verifier = {
  name: 'pn532:/p',
  open: async () => ({
    reader: (await openReader({ driver: 'loopback' }, { card: { kind: 'profile', name: 'ndef' } })).reader,
    readerName: null,
  }),
};

it('writes down what is read back', async () => {
  const file = join(folder, 'back.jsonl');
  const recorded = await recordedVerifier(verifier, { file, keepSecrets: false }, 'simulated');
  for (let board = 0; board < 2; board++) {
    const { reader } = await (recorded.verifier as Verifier).open();
    const session = await reader.connect({ timeoutMs: 1000 });
    await session.transmit(Uint8Array.of(0x00, 0xa4, 0x00, 0x00));
    await reader.close();
  }
  await recorded.close();
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(JSON.parse(lines[0] as string)).toMatchObject({
    source: 'vitap board flash',
    backend: 'simulated',
    reader: 'pn532:/p',
  });
  expect(lines.filter((line) => line.includes('"apdu":"00A40000"'))).toHaveLength(2);
});

it.each([
  [null, { file: 'x', keepSecrets: false }],
  [verifier, undefined],
  [verifier, { file: null, keepSecrets: false }],
])('leaves the verifier as it is where there is nothing to write', async (given, record) => {
  const recorded = await recordedVerifier(given, record, 'hardware');
  expect(recorded.verifier).toBe(given);
  await recorded.close();
  expect(readdirSync(folder)).toEqual([]);
});
