import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/apdu/hex.ts';
import { openImage } from '../../../src/applet/image/card-image.ts';
import { KEY, KEY_REGION, KEY_USE, SUPERBLOCK, TRUST } from '../../../src/applet/image/layout.ts';
import { personalise } from '../../../src/applet/image/personalise.ts';
import type {
  CardSpecification,
  DirectorySpecification,
  KeySpecification,
} from '../../../src/applet/image/specification.ts';
import { KeyStore } from '../../../src/applet/keys/key-store.ts';
import { openMemory } from '../../../src/applet/nvm/open-memory.ts';
import { crc32 } from '../../../src/hal/crc32.ts';
import { nobleHashes } from '../../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { PowerLoss, PowerLossNvm } from '../../../src/hal/nvm/power-loss.ts';
import type { Nvm } from '../../../src/hal/nvm.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import {
  authorizationOf,
  domainParameters,
  type ImportedKey,
  type TrustState,
} from '../../../src/secure-channel/index.ts';
import { benchSpecification } from '../bench-card.ts';

const ALWAYS = { contact: 0x00, contactless: 0x00, wired: 0x00 };
const NEVER = { contact: 0xff, contactless: 0xff, wired: 0xff };

const AES_KEY: KeySpecification = {
  reference: 0x05,
  uses: ['external-authentication', 'mutual-authentication'],
  algorithm: { kind: 'aes', bytes: 16 },
  value: fromHex('000102030405060708090A0B0C0D0E0F'),
  ciphers: [],
  tries: 5,
  access: ALWAYS,
  generate: NEVER,
};
const CHIP_KEY: KeySpecification = {
  ...AES_KEY,
  reference: 0x41,
  uses: ['chip-authentication'],
  algorithm: { kind: 'ec', curve: 'brainpoolP256r1' },
  value: new Uint8Array(32).fill(0x11),
  ciphers: ['AES-128', 'AES-256'],
  tries: 0,
  access: NEVER,
};
const SIGNATURE_KEY: KeySpecification = {
  ...AES_KEY,
  reference: 0x84,
  uses: ['signature'],
  algorithm: { kind: 'ec', curve: 'P-521' },
  value: null,
  tries: 0,
  generate: ALWAYS,
};

function root(name: string, effectiveDate: number): ImportedKey {
  return {
    holderReference: fromHex(Buffer.from(name, 'latin1').toString('hex')),
    hash: 'sha-256',
    curve: 'brainpoolP256r1',
    point: domainParameters('brainpoolP256r1').generator,
    chain: [authorizationOf('AT', 'CVCA', ['read DG1', 'write DG17'])],
    effectiveDate,
    expirationDate: 291231,
    extensions: null,
  };
}

const TRUSTED: TrustState = {
  date: 260101,
  trustPoints: [root('FRTESTCVCA00002', 250101), root('FRTESTCVCA00001', 240101)],
};

function specification(
  keys: readonly KeySpecification[] = [AES_KEY, CHIP_KEY],
  local: readonly KeySpecification[] = [SIGNATURE_KEY],
  trust: TrustState | null = TRUSTED,
): CardSpecification {
  const spec = benchSpecification();
  const withKeys = (directory: DirectorySpecification): DirectorySpecification => ({
    ...directory,
    keys: directory.fid === 0x3f00 ? keys : directory.fid === 0xdf01 ? local : [],
    children: directory.children.map((child) => (child.kind === 'directory' ? withKeys(child) : child)),
  });
  return { ...spec, trust, masterFile: withKeys(spec.masterFile) };
}

const image = (spec = specification()): Uint8Array => personalise(spec, nobleHashes());
const open = (bytes: Uint8Array) => openImage(new MemoryNvm(bytes));

function store(bytes: Uint8Array) {
  const below = new MemoryNvm(bytes);
  const nvm = openMemory(below);
  const opened = openImage(nvm);
  return { below, nvm, opened, keys: new KeyStore(nvm, opened.keys, opened.trust) };
}

describe('key region', () => {
  it('gives back what was specified', () => {
    const { opened, keys } = store(image());
    expect(opened.keys.map(({ reference, uses, tries, ciphers }) => [reference, uses, tries, ciphers])).toEqual([
      [0x05, KEY_USE.EXTERNAL_AUTHENTICATION | KEY_USE.MUTUAL_AUTHENTICATION, 5, []],
      [0x41, KEY_USE.CHIP_AUTHENTICATION, 0, ['AES-128', 'AES-256']],
      [0x84, KEY_USE.SIGNATURE, 0, []],
    ]);
    expect(opened.keys.map((key) => keys.value(key))).toEqual([AES_KEY.value, CHIP_KEY.value, null]);
    expect(keys.trust()).toEqual(TRUSTED);
  });

  it('is not there on a card without keys, whose image stays as it was', () => {
    const bytes = image(benchSpecification());
    expect([...bytes.subarray(SUPERBLOCK.KEYS, SUPERBLOCK.CRC)]).toEqual(new Array(8).fill(0xff));
    expect(open(bytes).keys).toEqual([]);
    expect(open(bytes).trust).toBeNull();
  });

  it('is found from the directory of the command: local keys first in theirs, keys of the MF from anywhere', () => {
    const { opened, keys } = store(image());
    const directory = (fid: number) => opened.files.find((file) => file.fid === fid)!;
    const find = (reference: number, fid: number, use: number) =>
      keys.find(reference, directory(fid), use)?.reference ?? null;
    expect(find(0x05, 0xdf01, KEY_USE.MUTUAL_AUTHENTICATION)).toBe(0x05);
    expect(find(0x05, 0xdf01, KEY_USE.INTERNAL_AUTHENTICATION)).toBeNull();
    expect(find(0x84, 0xdf01, KEY_USE.SIGNATURE)).toBe(0x84);
    expect(find(0x84, 0x3f00, KEY_USE.SIGNATURE)).toBeNull();
    expect(find(0x06, 0xdf01, KEY_USE.MUTUAL_AUTHENTICATION)).toBeNull();
  });

  it('notices every flipped bit of what stands below a checksum', () => {
    const whole = image();
    const view = new DataView(whole.buffer);
    const start = view.getUint32(SUPERBLOCK.KEYS);
    const size = view.getUint32(SUPERBLOCK.KEYS_SIZE);
    expect(size).toBe(KEY_REGION.SIZE + 3 * KEY.SIZE + TRUST.SIZE);
    for (let at = 0; at < size; at++) {
      const inKeys = at - KEY_REGION.SIZE;
      const [slot, field] = [Math.floor(inKeys / KEY.SIZE), inKeys % KEY.SIZE];
      // The counter is state; the two bytes behind it are nothing; the third key is not there yet.
      if (inKeys >= 0 && slot < 3 && (field === KEY.TRIES_LEFT || (field >= 22 && field < KEY.VALUE))) continue;
      if (slot === 2 && field > KEY.PRESENT) continue;
      if (inKeys >= 0 && slot < 3 && field >= KEY.VALUE + 66 && field < KEY.VALUE_CRC) continue;
      const bytes = Uint8Array.from(whole);
      bytes[start + at] = bytes[start + at]! ^ (1 << (at % 8));
      expect(() => open(bytes), `byte ${at} of the region`).toThrow('the card image is damaged');
    }
  });

  it.each([
    [
      'an address outside of the image',
      (view: DataView) => view.setUint32(SUPERBLOCK.KEYS, view.byteLength),
      'key region',
    ],
    ['an address over another region', (view: DataView) => view.setUint32(SUPERBLOCK.KEYS, 64), 'lies over its'],
    ['a size of 4 GB', (view: DataView) => view.setUint32(SUPERBLOCK.KEYS_SIZE, 0xffff_fff0), 'lies outside'],
    [
      'a size that is not that of its keys',
      (view: DataView) => view.setUint32(SUPERBLOCK.KEYS_SIZE, 12),
      'size of its key region',
    ],
    [
      'a size below its own head',
      (view: DataView) => view.setUint32(SUPERBLOCK.KEYS_SIZE, 4),
      'size of its key region',
    ],
  ])('refuses %s', (_, change, message) => {
    const bytes = image();
    const view = new DataView(bytes.buffer);
    change(view);
    view.setUint32(SUPERBLOCK.CRC, crc32(bytes, 0, SUPERBLOCK.CRC));
    expect(() => open(bytes)).toThrow(message);
  });

  it.each([
    ['more tries than there are', KEY.TRIES_LEFT, 6],
    ['a key neither there nor not', KEY.PRESENT, 2],
    ['an AES key that is not there', KEY.PRESENT, 0],
  ])('refuses %s', (_, at, value) => {
    const bytes = image();
    bytes[new DataView(bytes.buffer).getUint32(SUPERBLOCK.KEYS) + KEY_REGION.SIZE + at] = value;
    expect(() => open(bytes)).toThrow('key 0 makes no sense');
  });
});

describe('what commands change', () => {
  it('a generated key, a counter and trust points are there at the next boot, and not before the transaction ends', () => {
    const { below, nvm, opened, keys } = store(image());
    const [aes, , signature] = opened.keys;
    const value = new Uint8Array(66).fill(0x01);
    const moved = { date: 260315, trustPoints: [root('FRTESTCVCA00003', 260301), ...TRUSTED.trustPoints.slice(0, 1)] };
    keys.store(signature!, value);
    keys.storeTrust(moved);
    nvm.rollback();
    expect(keys.value(signature!)).toBeNull();
    keys.store(signature!, value);
    keys.storeTrust(moved);
    nvm.flush();
    keys.payTry(aes!);
    const later = store(below.bytes);
    expect(later.keys.value(later.opened.keys[2]!)).toEqual(value);
    expect(later.keys.trust()).toEqual(moved);
    expect(later.keys.triesLeft(later.opened.keys[0]!)).toBe(4);
    later.keys.restoreTries(later.opened.keys[0]!);
    expect(later.keys.triesLeft(later.opened.keys[0]!)).toBe(5);
  });

  it('a trust point that fits no image is a fault of the card, and none is written for it', () => {
    const { keys } = store(image());
    expect(() => keys.storeTrust({ date: 261301, trustPoints: TRUSTED.trustPoints })).toThrow('no room');
    expect(keys.trust()).toEqual(TRUSTED);
  });
});

describe('power lost at every byte', () => {
  const value = new Uint8Array(66).fill(0x01);
  const moved = { date: 260315, trustPoints: [root('FRTESTCVCA00003', 260301), ...TRUSTED.trustPoints.slice(0, 1)] };

  /** What a command writes that changes everything at once. */
  function change(memory: Nvm): void {
    const nvm = openMemory(memory);
    const { keys, trust } = openImage(nvm);
    const store = new KeyStore(nvm, keys, trust);
    store.store(keys[2]!, value);
    store.storeTrust(moved);
    nvm.flush();
  }

  it('key, trust points and date are all old or all new, and the card boots', { timeout: 120_000 }, () => {
    const bytes = image();
    const whole = new PowerLossNvm(bytes);
    change(whole);
    const seen = new Set<string>();
    for (let step = 0; step < whole.steps; step++) {
      const failing = new PowerLossNvm(bytes, { losesPowerAt: step });
      expect(() => change(failing)).toThrow(PowerLoss);
      for (const kept of ['kept', 'lost', new SeededRandom(`cut ${step}`)] as const) {
        const { opened, keys } = store(failing.survivor(kept).snapshot());
        const stored = keys.value(opened.keys[2]!);
        const state = `${stored === null ? 'old' : 'new'} ${keys.trust()?.date}`;
        expect(['old 260101', 'new 260315']).toContain(state);
        if (stored !== null) expect(stored).toEqual(value);
        seen.add(state);
      }
    }
    expect(whole.steps).toBeGreaterThan(800);
    expect([...seen].sort()).toEqual(['new 260315', 'old 260101']);
  });
});

describe('personalise', () => {
  it.each<readonly [string, readonly KeySpecification[], readonly KeySpecification[], string]>([
    ['two keys of one reference', [AES_KEY, AES_KEY], [], 'two keys of reference 05'],
    ['a local reference in the MF', [{ ...AES_KEY, reference: 0x85 }], [], 'references 01 to 1F belong to the MF'],
    ['a reference of the MF in a DF', [], [AES_KEY], 'references 01 to 1F belong to the MF'],
    ['an AES key of another length', [{ ...AES_KEY, value: new Uint8Array(15) }], [], 'an AES key of 16 bytes'],
    ['an AES key to be generated', [{ ...AES_KEY, value: null }], [], 'an AES key of 16 bytes'],
    ['an AES key that signs', [{ ...AES_KEY, uses: ['signature'] }], [], 'signature is not done with an AES key'],
    ['a private key of 0', [{ ...CHIP_KEY, value: new Uint8Array(32) }], [], 'no private key on brainpoolP256r1'],
    [
      'a private key that is the order',
      [{ ...CHIP_KEY, value: domainParameters('brainpoolP256r1').order }],
      [],
      'no private key on brainpoolP256r1',
    ],
    ['a chip key in a DF', [], [CHIP_KEY], 'stands in the MF'],
    ['a chip key without ciphers', [{ ...CHIP_KEY, ciphers: [] }], [], 'names its ciphers'],
    [
      'a chip key that does something else',
      [{ ...CHIP_KEY, uses: ['chip-authentication', 'signature'] }],
      [],
      'does nothing else',
    ],
    [
      'ciphers of another key',
      [{ ...AES_KEY, ciphers: ['AES-128'] }],
      [],
      'only a key for chip authentication has ciphers',
    ],
    [
      'a key that signs and answers challenges',
      [],
      [{ ...SIGNATURE_KEY, uses: ['signature', 'internal-authentication'] }],
      'a key has one use',
    ],
    [
      'a key for both sides',
      [{ ...AES_KEY, uses: ['external-authentication', 'internal-authentication'] }],
      [],
      'a key has one use',
    ],
    ['32 keys', Array.from({ length: 32 }, (_, i) => ({ ...CHIP_KEY, reference: i })), [], 'keys of the card: 32'],
    [
      'a rule with an environment that is not there',
      [{ ...AES_KEY, access: { ...ALWAYS, contact: 0x21 } }],
      [],
      'security environment 1',
    ],
  ])('refuses %s', (_, keys, local, message) => {
    expect(() => image(specification(keys, local))).toThrow(message);
  });

  it('refuses trust points that an image cannot hold', () => {
    expect(() => image(specification([], [], { date: 0, trustPoints: TRUSTED.trustPoints }))).toThrow('trust point');
    expect(() => image(specification([], [], { date: 260101, trustPoints: [] }))).toThrow('trust point');
  });
});

it('a directory that is deleted takes its keys with it, values wiped', async () => {
  const { Card } = await import('../../../src/applet/card.ts');
  const { VirtualClock } = await import('../../../src/hal/virtual/clock.ts');
  const present = { ...SIGNATURE_KEY, value: new Uint8Array(66).fill(0x01) };
  const spec = specification([AES_KEY], [present]);
  const free = [0, 0, 0, 0, 0, 0, 0] as const;
  const bytes = image({
    ...spec,
    masterFile: { ...spec.masterFile, access: { contact: free, contactless: free, wired: free } },
  });
  const nvm = new MemoryNvm(bytes);
  const card = new Card({ nvm, clock: new VirtualClock(), crypto: nobleHashes(), random: new SeededRandom('keys') });
  const port = card.port('contact');
  port.powerOn();
  const command = fromHex('00E4000002DF01');
  const length = port.process(command, 0, command.length);
  expect(Buffer.from(port.response.subarray(0, length)).toString('hex')).toBe('9000');
  const start = new DataView(bytes.buffer).getUint32(SUPERBLOCK.KEYS) + KEY_REGION.SIZE + KEY.SIZE;
  expect(open(nvm.bytes).keys.map(({ reference }) => reference)).toEqual([0x05]);
  expect([...nvm.bytes.subarray(start + KEY.VALUE, start + KEY.VALUE + 66)]).toEqual(new Array(66).fill(0));
});
