import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HalError } from '../../../src/hal/errors.ts';
import { decodeContainer } from '../../../src/hal/nvm/container.ts';
import { FileNvm } from '../../../src/hal/nvm/file.ts';
import { nvmContract } from '../../contract/nvm.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-nvm-'));
  path = join(folder, 'card.img');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

nvmContract('file', 'durable', (content) => {
  const nvm = FileNvm.create(path, content);
  return {
    nvm,
    // A process that is gone holds no lock, and has closed nothing.
    reopen: () => {
      rmSync(`${path}.lock`);
      return FileNvm.open(path);
    },
  };
});

function thrown(action: () => unknown): HalError {
  try {
    action();
  } catch (error) {
    if (error instanceof HalError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('FileNvm', () => {
  it('writes a container: header, checksum, contents', () => {
    FileNvm.create(path, Uint8Array.of(0xde, 0xad), { eraseValue: 0x00, writeGranule: 4 }).close();
    // "VITAPNVM", version 1, header of 64, erase value 00, granule 4, size 2.
    const hashed = `56495441504e564d000100400000000400000002${'00'.repeat(12)}`;
    const checksum = createHash('sha256')
      .update(Buffer.from(`${hashed}dead`, 'hex'))
      .digest('hex');
    expect(readFileSync(path).toString('hex')).toBe(`${hashed}${checksum}dead`);
  });

  it('is for its owner alone when new, and keeps the rights that it has', () => {
    FileNvm.create(path, Uint8Array.of(1)).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o640);
    const nvm = FileNvm.open(path);
    nvm.write(0, Uint8Array.of(2), 0, 1);
    nvm.close();
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('keeps a state over open, write, flush, close and open', () => {
    FileNvm.create(path, Uint8Array.of(1, 2, 3)).close();
    const first = FileNvm.open(path);
    first.write(1, Uint8Array.of(9), 0, 1);
    first.flush();
    first.write(2, Uint8Array.of(8), 0, 1);
    first.close();
    const second = FileNvm.open(path);
    expect([0, 1, 2].map((address) => second.readByte(address))).toEqual([1, 9, 8]);
    second.close();
  });

  it('stores nothing before flush', () => {
    const nvm = FileNvm.create(path, Uint8Array.of(1));
    nvm.write(0, Uint8Array.of(2), 0, 1);
    expect(FileNvm.load(path).readByte(0)).toBe(1);
    nvm.flush();
    expect(FileNvm.load(path).readByte(0)).toBe(2);
    nvm.close();
  });

  it('writes the file only when something has changed', () => {
    const nvm = FileNvm.create(path, Uint8Array.of(1, 2));
    const inode = statSync(path).ino;
    nvm.flush();
    nvm.write(0, Uint8Array.of(1, 2), 0, 2);
    nvm.flush();
    nvm.close();
    // A replaced file is another one.
    expect(statSync(path).ino).toBe(inode);
    const again = FileNvm.open(path);
    again.write(1, Uint8Array.of(3), 0, 1);
    again.flush();
    expect(statSync(path).ino).not.toBe(inode);
    again.close();
  });

  it('leaves nothing beside the file after close', () => {
    const nvm = FileNvm.create(path, Uint8Array.of(1));
    expect(readdirSync(folder).sort()).toEqual(['card.img', 'card.img.lock']);
    nvm.close();
    nvm.close();
    expect(readdirSync(folder)).toEqual(['card.img']);
  });

  it('is of no use after close', () => {
    const nvm = FileNvm.create(path, Uint8Array.of(1));
    nvm.close();
    for (const use of [
      () => nvm.readByte(0),
      () => nvm.read(0, new Uint8Array(1), 0, 1),
      () => nvm.write(0, Uint8Array.of(2), 0, 1),
      () => nvm.flush(),
    ]) {
      expect(use).toThrow(/was closed/);
    }
  });

  it('replaces what stands in its place when it is created', () => {
    FileNvm.create(path, Uint8Array.of(1, 2, 3)).close();
    FileNvm.create(path, Uint8Array.of(7)).close();
    expect([...FileNvm.load(path).snapshot()]).toEqual([7]);
  });

  it('follows a symbolic link and leaves it one', () => {
    FileNvm.create(path, Uint8Array.of(1)).close();
    const link = join(folder, 'link.img');
    symlinkSync(path, link);
    const nvm = FileNvm.open(link);
    nvm.write(0, Uint8Array.of(5), 0, 1);
    nvm.close();
    expect([...FileNvm.load(path).snapshot()]).toEqual([5]);
    expect(FileNvm.load(link).readByte(0)).toBe(5);
  });

  it.each([0, 64 * 1024 * 1024 + 1])('refuses to hold %s bytes', (size) => {
    expect(() => FileNvm.create(path, new Uint8Array(size))).toThrow(RangeError);
  });

  it('says that there is no image, and what to do', () => {
    const error = thrown(() => FileNvm.open(path));
    expect(error.kind).toBe('storage');
    expect(error.message).toBe(`there is no card image ${path}: make one with \`vitap card build\``);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says that the folder of a new image is missing', () => {
    const error = thrown(() => FileNvm.create(join(folder, 'none', 'card.img'), Uint8Array.of(1)));
    expect([error.kind, error.message]).toEqual([
      'storage',
      `cannot lock ${join(folder, 'none', 'card.img')}: there is no such file or folder`,
    ]);
  });

  it.each([
    ['a name that is too long', 'x'.repeat(300), 'the name is too long'],
    ['a file as a folder', 'card.img/inside.img', 'a part of the path is not a folder'],
  ])('says that it cannot make or open an image with %s', (_, name, reason) => {
    writeFileSync(path, '');
    const bad = join(folder, name);
    expect(thrown(() => FileNvm.create(bad, Uint8Array.of(1))).message).toBe(`cannot write ${bad}: ${reason}`);
    expect(thrown(() => FileNvm.open(bad)).message).toBe(`cannot read ${bad}: ${reason}`);
  });

  it('says that a folder is no image', () => {
    mkdirSync(path);
    expect(thrown(() => FileNvm.open(path)).message).toBe(`cannot read ${path}: it is a folder`);
  });
});

describe('FileNvm and a damaged file', () => {
  const contents = Uint8Array.from({ length: 40 }, (_, i) => i);

  it.each([
    ['empty', (_: Buffer) => Buffer.alloc(0), /is not a card image/],
    [
      'of another kind',
      (_: Buffer) => Buffer.from('%PDF-1.7 and so on, for some length'.repeat(9)),
      /is not a card image/,
    ],
    ['cut off in its header', (file: Buffer) => file.subarray(0, 30), /is cut off: 30 bytes are not even its header/],
    ['cut off by one byte', (file: Buffer) => file.subarray(0, -1), /is cut off: 103 bytes of 104/],
    ['too long', (file: Buffer) => Buffer.concat([file, Buffer.of(0)]), /is too long: 105 bytes instead of 104/],
    [
      'of a newer format',
      (file: Buffer) => {
        file.writeUInt16BE(2, 8);
        return file;
      },
      /is a card image of format 2, and this vitap reads format 1: use a newer vitap/,
    ],
    [
      'changed in its contents',
      (file: Buffer) => {
        file[80] = 0xee;
        return file;
      },
      /is damaged: its bytes do not fit its checksum/,
    ],
  ])('that is %s: says so and how to go on', (_, damage, sentence) => {
    FileNvm.create(path, contents).close();
    writeFileSync(path, damage(readFileSync(path)));
    const error = thrown(() => FileNvm.open(path));
    expect(error.kind).toBe('damaged');
    expect(error.message).toMatch(sentence);
    expect(error.message).toContain('`vitap card build`');
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('notices every single flipped bit and every truncation', () => {
    FileNvm.create(path, contents).close();
    const whole = readFileSync(path);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const file = Buffer.from(whole);
      file[bit >> 3] = (file[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(thrown(() => decodeContainer(file, path)).kind, `bit ${bit}`).toBe('damaged');
    }
    for (let length = 0; length < whole.length; length++) {
      expect(thrown(() => decodeContainer(whole.subarray(0, length), path)).kind, `${length} bytes`).toBe('damaged');
    }
    expect([...decodeContainer(whole, path).contents]).toEqual([...contents]);
  });
});
