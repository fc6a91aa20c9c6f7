import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { linkSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileNvm } from '../../../src/hal/nvm/file.ts';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';

const CHILD = join(import.meta.dirname, 'write-in-child.ts');
const KILLS = 25;
const SIZE = 200_000;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-killed-'));
  path = join(folder, 'card.img');
  FileNvm.create(path, new Uint8Array(SIZE)).close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function writer(file: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('an image whose writer is killed', { timeout: 300_000 }, () => {
  it(`is whole, free and alone in its folder after each of ${KILLS} kills`, async () => {
    let remains = 0;
    for (let i = 0; i < KILLS; i++) {
      const child = await writer(path);
      await sleep(3 * i);
      await kill(child);
      remains += readdirSync(folder).length - 1;
      const nvm = FileNvm.open(path);
      const contents = new Uint8Array(SIZE);
      nvm.read(0, contents, 0, SIZE);
      nvm.close();
      expect(contents.every((byte) => byte === contents[0])).toBe(true);
      // A lock that was not written yet may be one that is just being made: it goes when it is old enough not to be.
      const torn = readdirSync(folder).filter(
        (name) => name.endsWith('.tmp') && statSync(join(folder, name)).size === 0,
      );
      for (const name of torn) utimesSync(join(folder, name), 0, 0);
      if (torn.length > 0) FileNvm.open(path).close();
      expect(readdirSync(folder)).toEqual(['card.img']);
    }
    // Else the kills tested nothing.
    expect(remains).toBeGreaterThan(0);
  });

  it('is free for the next process at once, which is killed too', async () => {
    for (let i = 0; i < 3; i++) {
      const first = await writer(path);
      await sleep(20);
      await kill(first);
    }
    FileNvm.open(path).close();
    expect(readdirSync(folder)).toEqual(['card.img']);
  });
});

describe('temporary copies beside an image', () => {
  it('are removed when their process is dead, and left when it lives or they are not ours', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    const kept = [
      `.card.img.${process.ppid}.tmp`,
      '.card.img.copy.tmp',
      `.card.img.${child.pid}--00000000.tmp`,
      `.other.img.${child.pid}.tmp`,
      `card.img.${child.pid}.tmp`,
    ];
    const removed = [`.card.img.${child.pid}.tmp`, `.card.img.${process.pid}-1-${machine()}.tmp`];
    for (const name of [...kept, ...removed]) writeFileSync(join(folder, name), 'a card');
    FileNvm.open(path).close();
    expect(readdirSync(folder).sort()).toEqual(['card.img', ...kept].sort());
  });

  /** As a copy of this process has it in its name. */
  function machine(): string {
    return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
  }
});

describe('an image by another name', () => {
  it('is not opened while it has two names: under the other one it would keep its old state', () => {
    linkSync(path, join(folder, 'link.img'));
    const nvm = (): unknown => FileNvm.open(join(folder, 'link.img'));
    expect(nvm).toThrow(/link\.img has 2 names \(hard links\), and a card must have one/);
    rmSync(path);
    FileNvm.open(join(folder, 'link.img')).close();
    expect(readdirSync(folder)).toEqual(['link.img']);
  });

  it('is locked through a symbolic link as by its own name', () => {
    symlinkSync('card.img', join(folder, 'link.img'));
    const nvm = FileNvm.open(path);
    expect(() => FileNvm.open(join(folder, 'link.img'))).toThrow(/card\.img is in use by this very process/);
    nvm.close();
    FileNvm.open(join(folder, 'link.img')).close();
  });
});

it('a file of the longest name that a name may have is replaced', () => {
  const long = join(folder, 'n'.repeat(255));
  replaceFile(long, [Uint8Array.of(1)]);
  replaceFile(long, [Uint8Array.of(2)]);
  expect(readdirSync(folder)).toHaveLength(2);
});

it('a device is written, never replaced', () => {
  expect(() => replaceFile('/dev/full', [Uint8Array.of(1)])).toThrow(
    'cannot write /dev/full: no space is left on its disk',
  );
  expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
});
