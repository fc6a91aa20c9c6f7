import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/apdu/hex.ts';
import type { CardFile } from '../../../src/applet/files/card-file.ts';
import { openImage } from '../../../src/applet/image/card-image.ts';
import { personalise } from '../../../src/applet/image/personalise.ts';
import type { DirectorySpecification, PinSpecification } from '../../../src/applet/image/specification.ts';
import { BLOCKED, MISMATCH, type Pin, PinStore } from '../../../src/applet/pin/pin-store.ts';
import { nobleHashes } from '../../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../../src/hal/nvm/memory.ts';
import { benchSpecification, code, FREE } from '../bench-card.ts';

function directory(fid: number, more: Partial<DirectorySpecification> = {}): DirectorySpecification {
  return {
    kind: 'directory',
    fid,
    name: null,
    label: null,
    access: FREE,
    pins: [],
    environments: [],
    children: [],
    ...more,
  };
}

function store(masterFile: Partial<DirectorySpecification>) {
  const spec = { ...benchSpecification(), masterFile: directory(0x3f00, masterFile) };
  const nvm = new MemoryNvm(personalise(spec, nobleHashes()));
  const image = openImage(nvm);
  const find = (...path: number[]): CardFile =>
    path.reduce<CardFile>((at, fid) => at.children.get(fid) as CardFile, image.files[0] as CardFile);
  return { pins: new PinStore(nvm, nobleHashes(), image.secret, image.pins), find, all: image.pins, nvm };
}

/** MF with codes 02 and 01; A with 81 and 82; in A a DF with 82 and one below it without; B in A, an application without codes. */
const tree = store({
  pins: [code(0x02, '32323232'), code(0x01, '31313131')],
  children: [
    directory(0x1000, {
      name: fromHex('F001'),
      pins: [code(0x81, '38313831', { unblockedBy: 0x82 }), code(0x82, '38323832')],
      children: [
        directory(0x1100, { pins: [code(0x82, '30303030')], children: [directory(0x1110)] }),
        directory(0x1200, { name: fromHex('F002'), children: [directory(0x1210)] }),
      ],
    }),
    directory(0x2000, {
      name: fromHex('F003'),
      pins: [code(0x81, '39313931', { unblockedBy: 0x82 }), code(0x83, '39333933'), code(0x82, '39323932')],
    }),
    directory(0x3000),
  ],
});
const place = (pin: Pin | null): string | null =>
  pin === null ? null : `${pin.directory.fid.toString(16)}/${pin.reference.toString(16).padStart(2, '0')}`;

describe('which code is meant', () => {
  it.each([
    [0x01, [], '3f00/01'],
    [0x02, [], '3f00/02'],
    [0x01, [0x1000, 0x1100, 0x1110], '3f00/01'],
    [0x02, [0x2000], '3f00/02'],
    [0x03, [], null],
    [0x81, [], null],
    [0x81, [0x1000], '1000/81'],
    [0x81, [0x1000, 0x1100], '1000/81'],
    [0x81, [0x1000, 0x1100, 0x1110], '1000/81'],
    [0x82, [0x1000, 0x1100, 0x1110], '1100/82'],
    [0x82, [0x1000], '1000/82'],
    // Another application begins here: what is outside is not its own.
    [0x81, [0x1000, 0x1200], null],
    [0x81, [0x1000, 0x1200, 0x1210], null],
    [0x81, [0x2000], '2000/81'],
    [0x83, [0x2000], '2000/83'],
    [0x83, [0x1000], null],
    [0x81, [0x3000], null],
  ])('reference %i from %j', (reference, path, expected) => {
    expect(place(tree.pins.find(reference, tree.find(...path)))).toBe(expected);
  });

  it.each([
    ['the first of the card', [], '3f00/02'],
    ['of its own', [0x1000], '1000/81'],
    ['of the nearest that has any', [0x1000, 0x1100, 0x1110], '1100/82'],
    ['of the card where the application has none', [0x1000, 0x1200], '3f00/02'],
    ['of the card below such an application', [0x1000, 0x1200, 0x1210], '3f00/02'],
    ['of the card in a DF of no application', [0x3000], '3f00/02'],
  ])('without a reference: %s', (_, path, expected) => {
    expect(place(tree.pins.firstOf(tree.find(...path)))).toBe(expected);
  });

  it('without a reference on a card without codes: none', () => {
    const { pins, find } = store({ children: [directory(0x1000, { name: fromHex('F001') })] });
    expect(pins.firstOf(find(0x1000))).toBeNull();
    expect(pins.firstOf(find())).toBeNull();
  });

  it('the code that unblocks another is in the same directory', () => {
    const unblocking = (reference: number, fid: number) =>
      place(tree.pins.unblockingCode(tree.pins.find(reference, tree.find(fid))!));
    expect(unblocking(0x81, 0x1000)).toBe('1000/82');
    expect(unblocking(0x81, 0x2000)).toBe('2000/82');
    expect(unblocking(0x82, 0x1000)).toBeNull();
    expect(unblocking(0x83, 0x2000)).toBeNull();
  });
});

describe('what can be a code', () => {
  const made = (more: Partial<PinSpecification>) => {
    const { pins, all } = store({ pins: [code(0x01, '3132333435', more)] });
    return { pins, pin: all[0]! };
  };

  it.each([
    [3, false],
    [4, true],
    [8, true],
    [9, false],
  ])('%i bytes of 4 to 8', (length, accepted) => {
    const { pins, pin } = made({});
    expect(pins.acceptsLength(pin, length)).toBe(accepted);
    expect(pins.acceptsNew(pin, new Uint8Array(length).fill(0x31), 0, length)).toBe(accepted);
  });

  it('a code without padding may end in what pads others', () => {
    const { pins, pin } = made({ minLength: 5 });
    expect(pins.acceptsNew(pin, fromHex('31323334FF'), 0, 5)).toBe(true);
  });

  const PADDED = { minLength: 4, maxLength: 6, paddedLength: 8 };
  it.each([
    ['4 digits', '31323334FFFFFFFF', true],
    ['6 digits', '313233343536FFFF', true],
    ['3 digits', '313233FFFFFFFFFF', false],
    ['7 digits', '31323334353637FF', false],
    ['8 digits', '3132333435363738', false],
    ['nothing but padding', 'FFFFFFFFFFFFFFFF', false],
    ['padding inside, which counts', '3132FF34FFFFFFFF', true],
    ['a block cut short', '31323334FFFFFF', false],
    ['a block too long', '31323334FFFFFFFFFF', false],
  ])('padded to 8: %s', (_, block, accepted) => {
    const { pins, pin } = made(PADDED);
    const bytes = fromHex(`FFFF${block}`);
    expect(pins.acceptsNew(pin, bytes, 2, bytes.length - 2)).toBe(accepted);
  });

  it.each([
    [4, false],
    [7, false],
    [8, true],
    [9, false],
  ])('a padded block of %i bytes can be presented', (length, accepted) => {
    const { pins, pin } = made(PADDED);
    expect(pins.acceptsLength(pin, length)).toBe(accepted);
  });
});

describe('a comparison', () => {
  const CODE = '31323334';

  it('spends a try before, gives all back after a match, and none after a mismatch', () => {
    const { pins, all } = store({ pins: [code(0x01, CODE)] });
    const pin = all[0]!;
    expect(pins.comparePrefix(pin, fromHex('30303030'), 0, 4, 4)).toBe(MISMATCH);
    expect(pins.triesLeft(pin)).toBe(2);
    expect(pins.comparePrefix(pin, fromHex(`00${CODE}`), 1, 4, 4)).toBe(4);
    expect(pins.triesLeft(pin)).toBe(3);
    for (let i = 0; i < 3; i++) pins.comparePrefix(pin, fromHex('30303030'), 0, 4, 4);
    expect(pins.triesLeft(pin)).toBe(0);
    expect(pins.comparePrefix(pin, fromHex(CODE), 0, 4, 4)).toBe(BLOCKED);
    pins.restoreTries(pin);
    expect(pins.triesLeft(pin)).toBe(3);
  });

  it.each([
    ['the shortest beginning', '31323334 39', 4, 5, 4],
    ['the longest beginning', '31323334', 1, 4, 4],
    ['none, because it would be too short', '31323334 39', 5, 5, MISMATCH],
    ['none, because it would be too long', '31323334', 1, 3, MISMATCH],
    ['no lengths at all', '31323334', 5, 4, MISMATCH],
  ])('with %s', (_, data, least, most, found) => {
    const { pins, all } = store({ pins: [code(0x01, CODE)] });
    const bytes = fromHex(data);
    expect(pins.comparePrefix(all[0]!, bytes, 0, least, most)).toBe(found);
    expect(pins.triesLeft(all[0]!)).toBe(found === MISMATCH ? 2 : 3);
  });

  it('depends on the reference and the directory: equal codes have unequal hashes', () => {
    const { nvm, all } = store({
      pins: [code(0x01, CODE), code(0x02, CODE)],
      children: [
        directory(0x1000, { name: fromHex('F001'), pins: [code(0x81, CODE)] }),
        directory(0x2000, { name: fromHex('F002'), pins: [code(0x81, CODE)] }),
      ],
    });
    const hashes = all.map(({ address }) => {
      const hash = new Uint8Array(32);
      nvm.read(address + 24, hash, 0, 32);
      return hash.join();
    });
    expect(new Set(hashes).size).toBe(4);
  });

  it('a new code takes the place of the old one', () => {
    const { pins, all } = store({ pins: [code(0x01, CODE)] });
    const fresh = fromHex('3939393939');
    pins.store(all[0]!, fresh, 1, 4);
    expect(pins.comparePrefix(all[0]!, fromHex(CODE), 0, 4, 4)).toBe(MISMATCH);
    expect(pins.comparePrefix(all[0]!, fresh, 0, 4, 4)).toBe(4);
  });
});

describe('the requirement', () => {
  it.each([
    [true, false],
    [false, true],
  ])('of a code that can be disabled: %s', (canBeDisabled, stillRequired) => {
    const { pins, all } = store({ pins: [code(0x01, '31323334', { canBeDisabled })] });
    expect(pins.isRequired(all[0]!)).toBe(true);
    pins.setRequired(all[0]!, false);
    expect(pins.isRequired(all[0]!)).toBe(stillRequired);
    pins.setRequired(all[0]!, true);
    expect(pins.isRequired(all[0]!)).toBe(true);
  });

  it('has a rule for each interface', () => {
    const { pins, all } = store({
      pins: [code(0x01, '31323334', { access: { contact: 0x01, contactless: 0x02, wired: 0x03 } })],
    });
    expect(
      (['contact', 'contactless', 'wired'] as const).map((cardInterface) =>
        pins.accessCondition(all[0]!, cardInterface),
      ),
    ).toEqual([1, 2, 3]);
  });
});
