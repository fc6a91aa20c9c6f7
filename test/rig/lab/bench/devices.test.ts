import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CAPABILITY, type Capability } from '../../../../rig/lab/api/capability.ts';
import { type BenchFile, parseBenchFile } from '../../../../rig/lab/bench/bench-file.ts';
import { devicesOf, type LocalDevice, type SeenReaders } from '../../../../rig/lab/bench/devices.ts';
import { referenceDrift } from '../../../../rig/lab/bench/reference.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-bench-'));
  writeFileSync(join(folder, 'blue.pin'), '274916\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (text: string): BenchFile => parseBenchFile(`version: 1\n${text}`, 'b.yaml', folder);
const seen = (...readers: readonly [name: string, atr: string | null][]): SeenReaders => ({
  driver: 'pcsc',
  readers: readers.map(([name, atr]) => ({ name, cardPresent: atr !== null, atr })),
});
const capabilities = async (file: BenchFile, readers: SeenReaders): Promise<Capability[]> =>
  (await devicesOf(file, readers)).map(({ capability }) => CAPABILITY.parse(capability));

/** PC/SC part 3: contactless, with the historical bytes of a smart card. */
const CONTACTLESS = '3B8880010073C84013009000D1';
/** ISO/IEC 7816-3: TA1 11, TD1 80 offers T=0, TD2 01 offers T=1. */
const BOTH_PROTOCOLS = '3B9011800100';
/** No TD1: T=0. */
const T0_ALONE = '3B6500002063CB6800';

describe('what a bench has', () => {
  it('is as many readers in process as it says, and the readers of PC/SC', async () => {
    const file = read('inProcess: 2\ncards: [{label: blue, atr: 3B8880010073C84013009000D1, pinFile: blue.pin}]\n');
    const all = await devicesOf(
      file,
      seen(['ACS ACR1252 00 00', CONTACTLESS], ['Virtual PCD 00 00', null], ['Virtual PCD 00 01', null]),
    );
    expect(all.map(({ capability }) => [capability.device, capability.backend, capability.ours])).toEqual([
      ['loopback:1', 'simulated', true],
      ['loopback:2', 'simulated', true],
      ['pcsc:ACS ACR1252 00 00', 'hardware', false],
      ['pcsc:Virtual PCD 00 00', 'simulated', true],
      // Only the first slot has the port that our link reaches.
      ['pcsc:Virtual PCD 00 01', 'simulated', false],
    ]);
    expect(all[2]).toMatchObject({
      capability: { interfaces: ['contactless'], protocols: ['T=1'], card: { atr: CONTACTLESS, label: 'blue' } },
      card: { label: 'blue', pinFile: join(folder, 'blue.pin') },
    });
    expect(all[3]?.link).toMatchObject({ driver: 'vpcd' });
  });

  it.each([
    ['offers both', BOTH_PROTOCOLS, ['T=0', 'T=1']],
    ['says nothing', T0_ALONE, ['T=0']],
  ])('has the protocols that an ATR %s', async (_, atr, protocols) => {
    const [found] = await capabilities(read('inProcess: 0\n'), seen(['SCM', atr]));
    expect([found?.interfaces, found?.protocols]).toEqual([['contact'], protocols]);
  });

  it('puts no card of ours where another one lies, in vpcd too', async () => {
    const [found] = await capabilities(read('inProcess: 0\n'), seen(['Virtual PCD 00 00', BOTH_PROTOCOLS]));
    expect(found).toMatchObject({ ours: false, card: { atr: BOTH_PROTOCOLS, label: null } });
  });

  it('joins two boards: a reader, and where the card is put', async () => {
    const file = read(
      'inProcess: 0\nreaders: [{reader: "pn532:/tmp/a", link: "pn532:/tmp/b"}]\nboards: [{board: "pn532:/tmp/a"}]\n',
    );
    const all = await devicesOf(file, seen());
    expect(all[0]?.capability).toEqual({
      device: 'pn532:/tmp/a',
      kind: 'reader',
      driver: 'pn532',
      model: 'pn532:/tmp/a',
      backend: 'simulated',
      interfaces: ['contactless'],
      protocols: ['ISO-DEP'],
      extended: true,
      ours: true,
      identity: null,
      card: null,
    });
    expect(all[1]?.capability).toMatchObject({
      device: 'board:/tmp/a',
      kind: 'board',
      driver: 'pn532',
      backend: 'simulated',
    });
    // The board under test is that reader.
    expect(all.map(({ things }) => things)).toEqual([['port:/tmp/a', 'port:/tmp/b'], ['port:/tmp/a']]);
  });

  it('is not what PC/SC lists where the file says so', async () => {
    expect(await devicesOf(read('inProcess: 0\npcsc: no\n'), seen(['SCM', null]))).toEqual([]);
  });
});

describe('the file of a bench', () => {
  it.each([
    ['a reader that is none', 'readers: [{reader: "usb:1"}]\n', /^b\.yaml:2:20: a reader is loopback, /],
    [
      'a reader in process',
      'readers: [{reader: loopback}]\n',
      'b.yaml:2:20: `inProcess` says how many readers in process there are',
    ],
    ['a link that is none', 'readers: [{reader: "pn532:/tmp/a", link: x}]\n', /^b\.yaml:2:42: a link is vpcd, /],
    [
      'one board for both',
      'readers: [{reader: "pn532:/tmp/a", link: "pn532:/tmp/a"}]\n',
      'b.yaml:2:42: the card is on another board than its reader',
    ],
    [
      'a card that nothing knows',
      'cards: [{label: a}]\n',
      'b.yaml:2:9: a card is known by its `atr`, by the `reader` that it lies in, or by both',
    ],
    [
      'a label twice',
      'cards: [{label: a, reader: x}, {label: a, reader: y}]\n',
      'b.yaml:2:40: another card has the label `a`',
    ],
    [
      'a code that is not there',
      'cards: [{label: a, reader: x, pinFile: red.pin}]\n',
      /^b\.yaml:2:40: there is no file .*red\.pin$/,
    ],
    [
      'a code in it',
      'cards: [{label: a, reader: x, pin: 274916}]\n',
      'b.yaml:2:31: `pin` is not a key that is known here',
    ],
    ['a board of another kind', 'boards: [{board: "uf2:/media/x"}]\n', 'b.yaml:2:18: a board of a bench is pn532:PORT'],
  ])('%s: refused with line and column', (_, text, expected) => {
    expect(() => read(text)).toThrow(expected);
  });
});

describe('a reference card', () => {
  const device = { capability: { device: 'pcsc:SCM' }, card: { label: 'ref' } } as LocalDevice;
  const measured = (ms: number | null) => referenceDrift(device, folder, async () => ms, new AbortController().signal);

  it('is compared with the first time that it was measured', async () => {
    expect(await measured(20)).toBe(null);
    expect(await measured(29.9)).toBe(null);
    expect(await measured(12)).toBe(null);
    expect(await measured(30.1)).toMatch(
      /^the reference card ref takes 30\.1 ms, and took 20\.0 ms on \d{4}-\d\d-\d\d$/,
    );
    expect(await measured(null)).toBe('no tap of the reference card ref was good');
  });

  it('that cannot be read is a drift too', async () => {
    const drift = referenceDrift(
      device,
      folder,
      () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOENT', path: 'r' })),
      new AbortController().signal,
    );
    expect(await drift).toBe('the reference card ref cannot be read: r: there is no such file');
  });
});
