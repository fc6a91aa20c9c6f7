import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { OTHER_NODES, otherNodePath } from '../../scripts/other-nodes.mjs';
import { run, serveProfile } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds } from './real-parts.ts';
import type { VpcdCard } from './vpcd-card.ts';

/** One install, three Nodes: nfc-pcsc is compiled for the one that runs the tests, and the others read by FFI. */

const ROOT = new URL('../..', import.meta.url).pathname;
const NODES = [
  { node: process.execPath, version: process.version, driver: 'pcsc' },
  ...OTHER_NODES.map((other) => ({ node: otherNodePath(other), version: `v${other.version}`, driver: 'pcsc-ffi' })),
];

/** What the contract of `Reader` asks for, in a process of the other Node: it prints a line for each promise kept. */
const CONTRACT = `
  import { HalError, openPcsc, openPcscFfi } from '${ROOT}dist/src/hal/drivers/index.js';
  const hex = (bytes) => Buffer.from(bytes).toString('hex').toUpperCase();
  const kind = (promise) => promise.then(() => 'none', (error) => (error instanceof HalError ? error.kind : String(error)));
  const select = Uint8Array.from(Buffer.from('00A4000C023F00', 'hex'));
  console.log(process.version, (await openPcsc('shared')).driver);
  const reader = await openPcscFfi('shared');
  const seen = (await reader.list()).find((each) => each.cardPresent);
  console.log('lists', seen.name);
  const session = await reader.connect({ timeoutMs: 5000, mode: 'cold' });
  console.log('atr', hex(session.atr) === hex(seen.atr), session.protocol);
  const { response, startNs, endNs } = await session.transmit(select);
  console.log('answers', hex(response), Number.isInteger(startNs) && endNs > startNs);
  const large = await session.transmit(Uint8Array.from(Buffer.from('00B0820000', 'hex')));
  console.log('reads', large.response.length > 2);
  await session.reset('warm');
  console.log('after a reset', hex((await session.transmit(select)).response));
  console.log('short', await kind(session.transmit(Uint8Array.of(0))));
  await session.disconnect();
  await session.disconnect();
  console.log('over', await kind(session.transmit(select)));
  const stop = new AbortController();
  const waiting = kind(reader.connect({ reader: SLOT, timeoutMs: 60000, signal: stop.signal }));
  stop.abort();
  console.log('aborted', await waiting);
  console.log('no card', await kind(reader.connect({ reader: SLOT, timeoutMs: 200 })));
  console.log('no reader', await kind(reader.connect({ reader: 'nobody', timeoutMs: 200 })));
  await reader.close();
`.replaceAll('SLOT', "'Virtual PCD 00 01'");

describeNeeds(['pcscd', 'vpcd', 'nfc-pcsc', 'other Nodes'], 'PC/SC under every Node, from one install', () => {
  let daemon: Pcscd;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());

  let card: VpcdCard;
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-nodes-'));
    card = await serveProfile('vitale2', 'contact');
  });
  afterEach(async () => {
    await card.remove();
    rmSync(folder, { recursive: true });
  });

  it.each(NODES)(
    '$version: tap --reader pcsc reads the card, and says that $driver served',
    async ({ node, driver }) => {
      const trace = join(folder, 'tap.jsonl');
      const args = [join(ROOT, 'bin', 'vitap.js'), 'tap', '--reader', 'pcsc'];
      const plain = await run(node, [...args, '--record', trace]);
      expect(plain).toMatchObject({ exit: 0 });
      expect(plain.out).toContain('ZOE ADRUN');
      expect(plain.out.includes('(by FFI)')).toBe(driver === 'pcsc-ffi');
      expect(JSON.parse(readFileSync(trace, 'utf8').split('\n', 1)[0]!)).toMatchObject({ driver });
    },
  );

  it.each(NODES)('$version: PC/SC by FFI keeps the contract', async ({ node, version, driver }) => {
    const { out, err } = await run(node, ['--input-type=module', '-e', CONTRACT]);
    expect(err).toBe('');
    expect(out.trim().split('\n')).toEqual([
      `${version} ${driver}`,
      'lists Virtual PCD 00 00',
      'atr true T=1',
      'answers 9000 true',
      'reads true',
      'after a reset 9000',
      'short protocol',
      'over aborted',
      'aborted aborted',
      'no card no-card',
      'no reader no-reader',
    ]);
  });
});
