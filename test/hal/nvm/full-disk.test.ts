import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileNvm } from '../../../src/hal/nvm/file.ts';

/*
 * Real refusals of the operating system: a disk that is full, a file system that is read-only, a file size limit.
 * The first two mount a file system, in a mount namespace of their own where nobody else sees it.
 */
const CHILD = `'${process.execPath}' --import tsx '${join(import.meta.dirname, 'flush-in-child.ts')}'`;
const CONTENTS = Uint8Array.from({ length: 40_000 }, (_, i) => i & 0xff);

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-full-'));
  path = join(folder, 'card.img');
  FileNvm.create(path, CONTENTS).close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly flush: unknown;
  readonly again: unknown;
  readonly close: unknown;
}

/** Runs a shell script whose last line of output is the child's outcome. */
function outcomeOf(command: string, args: readonly string[]): { outcome: Outcome; lines: string[] } {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  const lines = stdout.trim().split('\n');
  return { outcome: JSON.parse(lines.pop() as string) as Outcome, lines };
}

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

const CANNOT_MOUNT = 'needs the right to mount a tmpfs in a namespace (root)';

describe('FileNvm where the system refuses', { timeout: 30_000 }, () => {
  it('a file may not be as long: says so each time, keeps the old file, leaves nothing beside', () => {
    const { outcome } = outcomeOf('bash', ['-c', `ulimit -f 8 && ${CHILD} '${path}'`]);
    const refused = {
      kind: 'storage',
      message: `cannot write ${path}: it would be longer than a file may be here; the file still holds what it held before`,
    };
    expect(outcome).toEqual({ flush: refused, again: refused, close: refused });
    expect([...FileNvm.load(path).snapshot()]).toEqual([...CONTENTS]);
    expect(readdirSync(folder)).toEqual(['card.img']);
  });

  it('the disk is full: the same', (context) => {
    context.skip(!mayMount, CANNOT_MOUNT);
    const inside = join(folder, 'disk');
    const { outcome, lines } = outcomeOf('unshare', [
      '-m',
      'bash',
      '-ec',
      // 64 KiB hold the image and its lock, but not the image twice.
      `mkdir '${inside}'; mount -t tmpfs -o size=64k tmpfs '${inside}'; cp '${path}' '${inside}/card.img'
       out=$(${CHILD} '${inside}/card.img'); ls -A '${inside}'; cmp '${path}' '${inside}/card.img' && echo same; echo "$out"`,
    ]);
    const refused = {
      kind: 'storage',
      message: `cannot write ${inside}/card.img: no space is left on its disk; the file still holds what it held before`,
    };
    expect(outcome).toEqual({ flush: refused, again: refused, close: refused });
    expect(lines).toEqual(['card.img', 'same']);
  });

  it('the disk is read-only: cannot even be locked', (context) => {
    context.skip(!mayMount, CANNOT_MOUNT);
    const inside = join(folder, 'disk');
    const before = readFileSync(path);
    const { status, stderr } = spawnSync(
      'unshare',
      [
        '-m',
        'bash',
        '-ec',
        `mkdir '${inside}'; mount -t tmpfs -o size=256k tmpfs '${inside}'; cp '${path}' '${inside}/card.img'
         mount -o remount,ro '${inside}'; ${CHILD} '${inside}/card.img'`,
      ],
      { encoding: 'utf8' },
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain(`cannot lock ${inside}/card.img: its file system is read-only`);
    expect(readFileSync(path)).toEqual(before);
  });
});
