import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildImage } from '../../../rig/card/open.ts';
import { openImage } from '../../../src/applet/image/card-image.ts';
import { ImageError } from '../../../src/applet/image/image-error.ts';
import { BODY, CARD, ENVIRONMENT, FILE, PIN, SUPERBLOCK } from '../../../src/applet/image/layout.ts';
import { crc32 } from '../../../src/hal/crc32.ts';
import { FileNvm } from '../../../src/hal/nvm/file.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { boot } from '../bench-card.ts';
import { checkedParts, type Mutation, mutated, tryImage } from './hostile-image.ts';

const PROFILES = ['apcv', 'eac', 'lab', 'ndef', 'phone', 'reference', 'vitale2', 'vitale2-t0'];
/** All the mutations of every byte and field; otherwise a sample. */
const DEEP = process.env.VITAP_DEEP_RUNS !== undefined;
const SAMPLE = 400;

const BYTES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];
const WORDS = [0x0000, 0x0001, 0x00ff, 0x0100, 0x7fff, 0x8000, 0xfffe, 0xffff];
const LONGS = [0, 1, 0x40, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff];

/** Where an image keeps a number of two or four bytes. */
function fieldsOf(image: Uint8Array): { readonly words: number[]; readonly longs: number[] } {
  const view = new DataView(image.buffer, image.byteOffset);
  const entries = (at: number, count: number, size: number): number[] =>
    Array.from({ length: view.getUint16(count) }, (_, i) => view.getUint32(at) + i * size);
  const card = view.getUint32(SUPERBLOCK.CARD);
  const files = entries(SUPERBLOCK.FILES, SUPERBLOCK.FILE_COUNT, FILE.SIZE);
  const pins = entries(SUPERBLOCK.PINS, SUPERBLOCK.PIN_COUNT, PIN.SIZE);
  const environments = entries(SUPERBLOCK.ENVIRONMENTS, SUPERBLOCK.ENVIRONMENT_COUNT, ENVIRONMENT.SIZE);
  const bodies = openImage(new MemoryNvm(image)).files.map(({ body }) => body);
  const of = (starts: readonly number[], ...fields: readonly number[]): number[] =>
    starts.flatMap((start) => fields.map((field) => start + field));
  return {
    words: [
      ...of([0], SUPERBLOCK.FILE_COUNT, SUPERBLOCK.PIN_COUNT, SUPERBLOCK.ENVIRONMENT_COUNT),
      ...of([card], CARD.WINDOW_SECONDS),
      ...of(files, FILE.FID, FILE.PARENT, FILE.ATTRIBUTES_LENGTH, FILE.RECORD_SIZE, FILE.CAPACITY),
      ...of(pins, PIN.DIRECTORY),
      ...of(environments, ENVIRONMENT.DIRECTORY),
      ...of(bodies, BODY.RECORD_COUNT, BODY.NEWEST, BODY.DATA),
    ],
    longs: [
      ...of(
        [0],
        SUPERBLOCK.IMAGE_SIZE,
        SUPERBLOCK.CARD,
        SUPERBLOCK.FILES,
        SUPERBLOCK.PINS,
        SUPERBLOCK.ENVIRONMENTS,
        SUPERBLOCK.BODIES,
        SUPERBLOCK.BODIES_SIZE,
        SUPERBLOCK.JOURNAL,
        SUPERBLOCK.JOURNAL_SIZE,
      ),
      ...of(files, FILE.BODY, FILE.DATA_SIZE),
    ],
  };
}

/**
 * Every byte before the journal, every field and every pair of a file's sizes at the limits of what they can hold; the
 * last ones, `fields` of them, are those of fields.
 */
function mutationsOf(image: Uint8Array): { readonly all: Mutation[][]; readonly fields: number } {
  const view = new DataView(image.buffer, image.byteOffset);
  const { words, longs } = fieldsOf(image);
  const all: Mutation[][] = [];
  for (let address = 0; address < view.getUint32(SUPERBLOCK.JOURNAL); address++) {
    const values = new Set([...BYTES, (image[address] as number) ^ 0x01, ((image[address] as number) + 1) & 0xff]);
    for (const value of values) all.push([{ address, bytes: [value] }]);
  }
  const bytes = all.length;
  for (const address of words) for (const value of WORDS) all.push([{ address, bytes: word(value) }]);
  for (const address of longs) {
    const stored = view.getUint32(address);
    for (const value of [...LONGS, image.length, image.length - 1, stored + 1, stored - 1]) {
      all.push([{ address, bytes: long(value) }]);
    }
  }
  const table = view.getUint32(SUPERBLOCK.FILES);
  for (let kind = 0; kind <= 7; kind++) {
    for (const size of LONGS) {
      for (const entry of [0, 1, 2]) {
        const at = table + entry * FILE.SIZE;
        all.push([
          { address: at + FILE.KIND, bytes: [kind] },
          { address: at + FILE.DATA_SIZE, bytes: long(size) },
        ]);
        all.push([
          { address: at + FILE.KIND, bytes: [kind] },
          { address: at + FILE.RECORD_SIZE, bytes: word(size & 0xffff) },
          { address: at + FILE.CAPACITY, bytes: word(254) },
        ]);
      }
    }
  }
  return { all, fields: all.length - bytes };
}

function word(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

function long(value: number): number[] {
  return [...word(value >>> 16), ...word(value & 0xffff)];
}

describe.each(PROFILES)('an image of %s that was changed, with right checksums', (profile) => {
  it('is refused with an image error, or is a card that works', { timeout: 3_600_000 }, async () => {
    const image = await buildImage(profile, 'hostile');
    const parts = checkedParts(image);
    expect(tryImage(image)).toBe('works');
    const { all, fields } = mutationsOf(image);
    const outcomes = new Map<string, number>();
    const check = (mutations: readonly Mutation[]): void => {
      try {
        const outcome = tryImage(mutated(image, parts, mutations));
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      } catch (error) {
        throw new Error(`${profile}, ${JSON.stringify(mutations)}: ${error}`, { cause: error });
      }
    };
    if (DEEP) for (const mutations of all) check(mutations);
    else {
      // Fields far more often than the bytes of contents.
      const any = fc.nat(all.length - 1).map((i) => all[i] as Mutation[]);
      const field = fc.nat(fields - 1).map((i) => all[all.length - 1 - i] as Mutation[]);
      const drawn = fc.oneof(
        { weight: 3, arbitrary: field },
        { weight: 2, arbitrary: any },
        { weight: 1, arbitrary: fc.tuple(field, any).map((two) => two.flat()) },
      );
      fc.assert(fc.property(drawn, check), { numRuns: SAMPLE });
    }
    expect(outcomes.get('refused')).toBeGreaterThan(SAMPLE / 10);
    expect(outcomes.get('works')).toBeGreaterThan(SAMPLE / 10);
  });
});

describe('what an image says is held against it', () => {
  const crafted = async (change: (image: Uint8Array, view: DataView) => Mutation[]): Promise<() => unknown> => {
    const image = await buildImage('ndef', 'hostile');
    const mutations = change(image, new DataView(image.buffer, image.byteOffset));
    const bytes = mutated(image, checkedParts(image), mutations);
    return () => boot({ nvm: new MemoryNvm(bytes) });
  };
  const fileEntry = (view: DataView, index: number): number => view.getUint32(SUPERBLOCK.FILES) + index * FILE.SIZE;
  const superblock = (field: number, value: number): Mutation => ({ address: field, bytes: long(value) });

  it.each<[string, (view: DataView) => Mutation[], string]>([
    [
      'a directory that claims data',
      (view) => [{ address: fileEntry(view, 0) + FILE.DATA_SIZE, bytes: long(1) }],
      'file 0',
    ],
    [
      'a directory that claims 4 GiB of data',
      (view) => [{ address: fileEntry(view, 1) + FILE.DATA_SIZE, bytes: long(0xffffffff) }],
      'file 1',
    ],
    [
      'a directory that claims records',
      (view) => [
        { address: fileEntry(view, 1) + FILE.RECORD_SIZE, bytes: word(0xffff) },
        { address: fileEntry(view, 1) + FILE.CAPACITY, bytes: word(0xffff) },
      ],
      'file 1',
    ],
    [
      'a transparent file that claims records',
      (view) => [{ address: fileEntry(view, 3) + FILE.RECORD_SIZE, bytes: word(0xffff) }],
      'file 3',
    ],
    ['a short identifier of 255', (view) => [{ address: fileEntry(view, 3) + FILE.SFI, bytes: [0xff] }], 'file 3'],
    ['a DF name of 40 bytes', (view) => [{ address: fileEntry(view, 1) + FILE.NAME_LENGTH, bytes: [40] }], 'file 1'],
    ['a label of 17 bytes', (view) => [{ address: fileEntry(view, 1) + FILE.LABEL_LENGTH, bytes: [17] }], 'file 1'],
    [
      'a code table over the file table',
      (view) => [superblock(SUPERBLOCK.PINS, fileEntry(view, 0)), { address: SUPERBLOCK.PIN_COUNT, bytes: word(1) }],
      'lies over',
    ],
    ['32 codes', () => [{ address: SUPERBLOCK.PIN_COUNT, bytes: word(32) }], '32 codes'],
    ['a journal over the superblock', () => [superblock(SUPERBLOCK.JOURNAL, 0)], 'lies over'],
    ['a journal of one byte', () => [superblock(SUPERBLOCK.JOURNAL_SIZE, 1)], 'journal of 1 bytes'],
    ['a journal that ends behind the image', () => [superblock(SUPERBLOCK.JOURNAL_SIZE, 0x7fffffff)], 'outside'],
    ['bodies that end behind the image', () => [superblock(SUPERBLOCK.BODIES_SIZE, 0xfffffff0)], 'outside'],
    [
      'a card object inside of the journal',
      (view) => [superblock(SUPERBLOCK.CARD, view.getUint32(SUPERBLOCK.JOURNAL) + 16)],
      'lies over',
    ],
    [
      'an escape sequence as the name of its profile',
      (view) => [{ address: view.getUint32(SUPERBLOCK.CARD), bytes: [0x1b, 0x5b, 0x32, 0x4a] }],
      'name of the profile',
    ],
  ])('%s', async (_, change, message) => {
    expect(await crafted((_, view) => change(view))).toThrow(message);
    expect(await crafted((_, view) => change(view))).toThrow(ImageError);
  });

  it.each<[string, number, number]>([
    ['over the superblock', 0, 16],
    ['behind the image', 0x7fffff00, 16],
    ['with more bytes than it has', 64, 0xffffffff],
  ])('a record of the journal that writes %s', async (_, address, length) => {
    const open = await crafted((_, view) => {
      const journal = view.getUint32(SUPERBLOCK.JOURNAL);
      const content = [...long(address), ...long(length), ...new Array(16).fill(0xee)];
      const sequence = 1;
      const sum = crc32(Uint8Array.from(content), 0, content.length);
      const crc = (sum ^ Math.imul(sequence, 0x9e3779b1) ^ Math.imul(content.length, 0x85ebca6b)) >>> 0;
      return [
        { address: journal, bytes: [0xa5, ...long(sequence), ...long(content.length), ...long(crc), 0, 0, 0] },
        { address: journal + 16, bytes: [0x5a, ...content.slice(0, 15)] },
        { address: journal + 32, bytes: [0x5a, ...content.slice(15), ...new Array(6).fill(0)] },
      ];
    });
    expect(open).toThrow('a record of its journal makes no sense');
    expect(open).toThrow(ImageError);
  });
});

/** Images that were once made to be believed: a DF whose entry claims data. */
it.each(['directory-size.bin', 'directory-size-large.bin'])('%s is refused', (name) => {
  const path = fileURLToPath(new URL(`../../vectors/images/hostile/${name}`, import.meta.url));
  expect(() => boot({ nvm: FileNvm.load(path) })).toThrow(ImageError);
});
