import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileLock } from '../../../src/hal/nvm/file-lock.ts';

let folder: string;
let path: string;
let lockPath: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-lock-'));
  path = join(folder, 'card.img');
  lockPath = `${path}.lock`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const busy = (message: RegExp) => expect.objectContaining({ kind: 'busy', message: expect.stringMatching(message) });
const acquire = () => () => FileLock.acquire(path);
const lockOf = (pid: number, host: string = hostname(), started: string | null = null) =>
  writeFileSync(lockPath, `${JSON.stringify({ pid, host, started })}\n`);

/** The number of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('FileLock', { timeout: 30_000 }, () => {
  it('names its holder in a file beside, until it is released', () => {
    const lock = FileLock.acquire(path);
    expect(JSON.parse(readFileSync(lockPath, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
    lock.release();
    expect(existsSync(lockPath)).toBe(false);
    lock.release();
    FileLock.acquire(path).release();
  });

  it('refuses a second holder in the same process', () => {
    const lock = FileLock.acquire(path);
    expect(acquire()).toThrow(busy(/is in use by this very process/));
    lock.release();
  });

  it('refuses while another process lives, and takes over when it was killed', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      await once(other, 'spawn');
      lockOf(other.pid as number);
      expect(acquire()).toThrow(busy(new RegExp(`is in use by process ${other.pid}$`)));
    } finally {
      other.kill('SIGKILL');
      await once(other, 'exit');
    }
    FileLock.acquire(path).release();
  });

  it('takes over from a dead process', () => {
    lockOf(deadPid());
    const lock = FileLock.acquire(path);
    expect(JSON.parse(readFileSync(lockPath, 'utf8'))).toMatchObject({ pid: process.pid });
    expect(existsSync(`${lockPath}.takeover`)).toBe(false);
    lock.release();
  });

  it('takes over when the number of the dead process now belongs to another one', (context) => {
    if (!existsSync('/proc/1/stat')) return context.skip('this system does not tell when a process started');
    lockOf(process.pid, hostname(), '1');
    FileLock.acquire(path).release();
  });

  it('takes over from a process that was killed and whose parent has not asked for its end', async (context) => {
    if (!existsSync('/proc/1/stat')) return context.skip('this system does not tell the state of a process');
    // The shell becomes a program that never waits for its child.
    const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000']);
    try {
      const child = Number(String((await once(parent.stdout, 'data'))[0]));
      lockOf(child);
      expect(acquire()).toThrow(busy(new RegExp(`is in use by process ${child}$`)));
      process.kill(child, 'SIGKILL');
      const state = (): string | undefined => /\) (.)/.exec(readFileSync(`/proc/${child}/stat`, 'utf8'))?.[1];
      await expect.poll(state, { timeout: 20_000 }).toBe('Z');
      FileLock.acquire(path).release();
    } finally {
      parent.kill('SIGKILL');
      await once(parent, 'exit');
    }
  });

  it('never takes over from another machine', () => {
    lockOf(deadPid(), 'somewhere-else');
    expect(acquire()).toThrow(busy(/on somewhere-else; if that is gone, remove .*card\.img\.lock$/));
  });

  it.each(['x', '{}', '{"pid":"1"}', '{"pid":0,"host":"h"}', '[]', 'null'])(
    'does not touch a lock that it does not understand: %s',
    (text) => {
      writeFileSync(lockPath, text);
      expect(acquire()).toThrow(busy(/seems to be in use; if it is not, remove .*card\.img\.lock$/));
      expect(readFileSync(lockPath, 'utf8')).toBe(text);
    },
  );

  const TORN: [string, string][] = [
    ['nothing', ''],
    ['zeros', '\0'.repeat(64)],
    ['its beginning', '{"pid":12'],
    ['its beginning, with a host', `{"pid":12,"host":"${hostname()}","star`],
  ];
  it.each(TORN)('takes over what a loss of power left of a lock: %s', (_, text) => {
    writeFileSync(lockPath, text);
    const before = new Date(Date.now() - 60_000);
    utimesSync(lockPath, before, before);
    FileLock.acquire(path).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(TORN)('leaves a lock that may just be being written: %s', (_, text) => {
    writeFileSync(lockPath, text);
    expect(acquire()).toThrow(busy(/is just being opened by another process; try again in 10 s$/));
    expect(readFileSync(lockPath, 'utf8')).toBe(text);
  });

  const guardOf = (name: string, dead: string): string =>
    `${lockPath}.takeover-${createHash('sha256').update(name).update(dead).digest('hex').slice(0, 16)}`;

  it('does not take over while another process is doing so', async () => {
    lockOf(deadPid());
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      await once(other, 'spawn');
      const guard = guardOf('card.img.lock', readFileSync(lockPath, 'utf8'));
      writeFileSync(guard, `${JSON.stringify({ pid: other.pid, host: hostname(), started: null })}\n`);
      expect(acquire()).toThrow(busy(new RegExp(`is in use by process ${other.pid}$`)));
    } finally {
      other.kill('SIGKILL');
      await once(other, 'exit');
    }
    FileLock.acquire(path).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes over from a process that was killed while it took over', () => {
    lockOf(deadPid());
    const guard = guardOf('card.img.lock', readFileSync(lockPath, 'utf8'));
    writeFileSync(guard, `${JSON.stringify({ pid: deadPid(), host: hostname(), started: null })}\n`);
    FileLock.acquire(path).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['a dead holder', () => lockOf(deadPid())],
    [
      'an empty lock of long ago',
      () => {
        writeFileSync(lockPath, '');
        utimesSync(lockPath, 1, 1);
      },
    ],
    [
      'a dead holder, and a dead one that took over',
      () => {
        lockOf(deadPid());
        const guard = guardOf('card.img.lock', readFileSync(lockPath, 'utf8'));
        writeFileSync(guard, `${JSON.stringify({ pid: deadPid(), host: hostname(), started: null })}\n`);
      },
    ],
  ])('goes to one of several that find %s at the same time', async (_, leave) => {
    leave();
    const module = new URL('../../../src/hal/nvm/file-lock.ts', import.meta.url);
    // Each waits for the same moment, tries, and stays alive with what it got.
    const script = `
      import { FileLock } from ${JSON.stringify(module.href)};
      process.stdout.write('r');
      process.stdin.once('data', () => {
        try { FileLock.acquire(process.argv[1]); process.stdout.write('got'); }
        catch (error) { process.stdout.write(error.kind ?? String(error)); }
      });`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script, path];
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    try {
      await Promise.all(children.map((child) => once(child.stdout, 'data')));
      const outcomes = children.map(async (child) => String((await once(child.stdout, 'data'))[0]));
      for (const child of children) child.stdin.write('go');
      expect((await Promise.all(outcomes)).sort()).toEqual(['busy', 'busy', 'busy', 'got']);
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });

  it('does not remove the lock of somebody who came after', () => {
    const lock = FileLock.acquire(path);
    lockOf(deadPid());
    lock.release();
    expect(existsSync(lockPath)).toBe(true);
  });
});
