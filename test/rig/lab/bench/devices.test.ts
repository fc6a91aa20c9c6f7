import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CAPABILITY, type Capability } from '../../../../rig/lab/api/capability.ts';
import { Baselines } from '../../../../rig/lab/bench/baselines.ts';
import { type BenchFile, parseBenchFile } from '../../../../rig/lab/bench/bench-file.ts';
import { devicesOf, type LocalDevice, type SeenReaders } from '../../../../rig/lab/bench/devices.ts';
import { referenceDrift } from '../../../../rig/lab/bench/reference.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-bench-'));
  writeFileSync(join(folder, 'blue.pin'), '274916\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A port that is there, as far as a path tells. */
function port(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  return path;
}
const keyOf = (path: string): string => path.slice(1).replaceAll('/', '_');
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
    const [a, b] = [port('a'), port('b')];
    const file = read(
      `inProcess: 0\nreaders: [{reader: "pn532:${a}", link: "pn532:${b}"}]\nboards: [{board: "pn532:${a}"}]\n`,
    );
    const all = await devicesOf(file, seen());
    expect(all[0]?.capability).toEqual({
      device: `pn532:${a}`,
      kind: 'reader',
      driver: 'pn532',
      model: `pn532:${a}`,
      backend: 'simulated',
      interfaces: ['contactless'],
      protocols: ['ISO-DEP'],
      // The chip of the card's board carries short APDUs.
      extended: false,
      ours: true,
      identity: null,
      card: null,
    });
    const [raw] = await capabilities(
      read(`inProcess: 0\nreaders: [{reader: "pn532:${a}", link: "pn532:${b},raw"}]\n`),
      seen(),
    );
    expect(raw?.extended).toBe(true);
    expect(all[1]?.capability).toMatchObject({
      device: `board:pn532:${a}`,
      kind: 'board',
      driver: 'pn532',
      backend: 'simulated',
    });
    // The board under test is that reader.
    expect(all.map(({ things }) => things)).toEqual([[`port:${a}`, `port:${b}`], [`port:${a}`]]);
  });

  it('is boards of four kinds, each known by its port, while they are there', async () => {
    const [a, b, boot] = [port('a'), port('b'), port('boot')];
    const drive = join(folder, 'drive');
    mkdirSync(drive);
    writeFileSync(
      join(drive, 'INFO_UF2.TXT'),
      'UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n',
    );
    symlinkSync(a, join(folder, 'by-id'));
    const file = read(
      `inProcess: 0\nboards:\n  - {board: "pn532:${a}", partner: "pn532:${b}"}\n  - {board: "stm32:${join(folder, 'by-id')}", bootLines: "boot0=rts,reset=!dtr@${boot}", line: 8n1, baud: 57600}\n  - {board: "firmware:${a}"}\n  - {board: "uf2:${drive}"}\n`,
    );
    const all = await devicesOf(file, seen());
    expect(all.map(({ capability: { driver, model, identity } }) => [driver, model, identity])).toEqual([
      ['pn532', 'PN532', `port-${keyOf(a)}`],
      ['stm32', 'STM32', `port-${keyOf(join(folder, 'by-id'))}`],
      ['firmware', 'firmware', `port-${keyOf(a)}`],
      ['uf2', 'Raspberry Pi RP2', `port-${keyOf(drive)}`],
    ]);
    for (const { capability } of all) CAPABILITY.parse(capability);
    // Board, partner, and the adapter whose lines start it: by each of their names.
    expect(all.map(({ things }) => things)).toEqual([
      [`port:${a}`, `port:${b}`],
      [`port:${join(folder, 'by-id')}`, `port:${a}`, `port:${boot}`],
      [`port:${a}`],
      [`port:${drive}`],
    ]);
    expect(all[1]?.board?.line).toEqual({
      baudRate: 57_600,
      framing: '8N1',
      boot: {
        how: 'lines',
        boot0: { line: 'rts', asserted: true },
        reset: { line: 'dtr', asserted: false },
        port: boot,
      },
    });
    rmSync(join(drive, 'INFO_UF2.TXT'));
    rmSync(a);
    expect(all.map((each) => each.isThere())).toEqual([false, false, false, false]);
    expect(await devicesOf(file, seen())).toEqual([]);
  });

  it('is the card in the firmware of a board, and the card that lies on one, by their labels', async () => {
    const [a, b] = [port('a'), port('b')];
    const file = read(
      `inProcess: 0\nreaders: [{reader: "firmware:${a}", extendedLength: yes}, {reader: "pn532:${b}"}, {reader: "pcsc:gone"}]\ncards: [{label: fw, reader: "${a}"}, {label: blue, reader: "pn532:${b}", atr: 3B80}]\n`,
    );
    expect(await capabilities(file, seen())).toMatchObject([
      {
        driver: 'firmware',
        interfaces: ['contact'],
        protocols: [],
        extended: true,
        ours: false,
        card: { atr: '', label: 'fw' },
      },
      { driver: 'pn532', interfaces: ['contactless'], card: { atr: '3B80', label: 'blue' } },
    ]);
  });

  it('never uses a reader of PC/SC twice, by whatever row', async () => {
    const file = read('inProcess: 0\npcsc: no\nreaders: [{reader: "pcsc:ACR122", link: "acr122:ACR122U B"}]\n');
    const all = await devicesOf(file, seen(['ACS ACR122U A', null], ['ACS ACR122U B', null]));
    expect(all.map(({ things }) => things)).toEqual([['pcsc:ACS ACR122U A', 'pcsc:ACS ACR122U B']]);
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
    [
      'a board of another kind',
      'boards: [{board: "avr:/dev/x"}]\n',
      'b.yaml:2:18: a board of a bench is pn532:PORT, stm32:PORT, uf2:FOLDER or firmware:PORT',
    ],
    [
      'a board twice',
      'boards: [{board: "uf2:/media/x"}, {board: "uf2:/media/x"}]\n',
      'b.yaml:2:43: another row has this board',
    ],
    [
      'a partner that is the board',
      'boards: [{board: "pn532:/tmp/a", partner: /tmp/a}]\n',
      'b.yaml:2:43: a partner is a second board',
    ],
    [
      'a partner of an STM32',
      'boards: [{board: "stm32:/tmp/a", partner: /tmp/b}]\n',
      'b.yaml:2:43: only a PN532 is tested with a partner',
    ],
    [
      'the line of a PN532',
      'boards: [{board: "pn532:/tmp/a", line: 8n1}]\n',
      'b.yaml:2:40: `line` is of the bootloader of an STM32, and this board is pn532:/tmp/a',
    ],
    [
      'boot lines that somebody works',
      'boards: [{board: "stm32:/tmp/a", bootLines: operator}]\n',
      'b.yaml:2:45: nobody is asked during a run: the board is in its bootloader, or lines bring it there',
    ],
    [
      'boot lines that say nothing',
      'boards: [{board: "stm32:/tmp/a", bootLines: x}]\n',
      /^b\.yaml:2:45: “x” does not say/,
    ],
    [
      'a reader of another bench',
      'readers: [{reader: "lab:blue"}]\n',
      'b.yaml:2:20: a reader of another bench is that bench’s own to lend',
    ],
    [
      'a reader twice',
      'readers: [{reader: "pcsc:A"}, {reader: "pcsc:A"}]\n',
      'b.yaml:2:40: another row has this reader',
    ],
  ])('%s: refused with line and column', (_, text, expected) => {
    expect(() => read(text)).toThrow(expected);
  });
});

describe('a reference card', () => {
  const device = { capability: { device: 'pcsc:SCM' }, card: { label: 'ref' } } as LocalDevice;
  const measured = (ms: number | null) =>
    referenceDrift(
      device,
      new Baselines(folder, 'references.json', () => {}),
      async () => ms,
      new AbortController().signal,
    );

  it('is compared with the first time that it was measured', async () => {
    expect(await measured(20)).toBe(null);
    expect(await measured(29.9)).toBe(null);
    expect(await measured(12)).toBe(null);
    expect(await measured(30.1)).toMatch(
      /^the reference card ref takes 30\.1 ms, and took 20\.0 ms on \d{4}-\d\d-\d\d$/,
    );
    // Half as long again of a short tap is what a busy machine adds.
    const short = { ...device, card: { label: 'short' } } as LocalDevice;
    const taps = (ms: number) =>
      referenceDrift(
        short,
        new Baselines(folder, 'references.json', () => {}),
        async () => ms,
        new AbortController().signal,
      );
    expect([await taps(2), await taps(6.9), await taps(7.1)]).toEqual([
      null,
      null,
      expect.stringContaining('takes 7.1 ms, and took 2.0 ms'),
    ]);
    expect(await measured(null)).toBe('no tap of the reference card ref was good');
  });

  it('that cannot be read is a drift too', async () => {
    const drift = referenceDrift(
      device,
      new Baselines(folder, 'references.json', () => {}),
      () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOENT', path: 'r' })),
      new AbortController().signal,
    );
    expect(await drift).toBe('the reference card ref cannot be read: r: there is no such file');
  });
});
