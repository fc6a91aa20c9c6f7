import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROGRAM } from './running-verb.ts';

/*
 * The issuer's registry on a disk that is full (a real tmpfs), and killed for good in the middle of its work.
 */
const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
const CANNOT_MOUNT = 'needs the right to mount a tmpfs in a namespace (root)';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-issuer-faults-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const vitap = (...args: string[]) => spawnSync(process.execPath, [PROGRAM, 'issuer', ...args], { encoding: 'utf8' });

/** Runs a script of verbs on a disk of so many megabytes. */
function onDisk(megabytes: number, script: string): { stdout: string; stderr: string } {
  const whole = `mkdir -p "$1"; mount -t tmpfs -o size=${megabytes}m tmpfs "$1"; cd "$1"
    NODE="$2"; PROGRAM="$3"; vitap() { "$NODE" "$PROGRAM" issuer "$@"; }
    ${script}`;
  const disk = join(folder, 'disk');
  return spawnSync('unshare', ['-m', 'sh', '-c', whole, 'sh', disk, process.execPath, PROGRAM], { encoding: 'utf8' });
}

describe('a full disk', { timeout: 300_000 }, () => {
  it('leaves no half of an issuer', (context) => {
    context.skip(!mayMount, CANNOT_MOUNT);
    const { stdout, stderr } = onDisk(20, 'vitap init i; echo "exit $?"; find i -mindepth 1');
    expect(stderr).toMatch(/^vitap: cannot make the database i\/store: its disk has less than 50 MB left\n$/);
    expect(stdout).toBe('exit 2\n');
  });

  it('loses nothing that was registered, and says what to do', (context) => {
    context.skip(!mayMount, CANNOT_MOUNT);
    const { stdout, stderr } = onDisk(
      95,
      `vitap init i >/dev/null; vitap insured generate i --count 60000; echo "exit $?"
       vitap audit i --json; vitap status i --json`,
    );
    expect(stderr).toBe('vitap: the database i/store: it has no space or memory left; make room and try again\n');
    const [, exit, audit, status] = /^(exit 2)\n(\{[\s\S]*?\n\})\n(\{[\s\S]*\n\})\n$/.exec(stdout) ?? [];
    expect(exit).toBe('exit 2');
    const { verdict, lines } = JSON.parse(audit as string);
    const { insured, auditLines } = JSON.parse(status as string);
    // Each thousand has its line, after those of the registry and of the roll-out.
    expect({ verdict, auditLines, insured }).toEqual({
      verdict: 'pass',
      auditLines: lines,
      insured: (lines - 2) * 1000,
    });
    expect(insured).toBeGreaterThan(1000);
  });
});

describe('a killed issuer', { timeout: 300_000 }, () => {
  it('has what it committed and nothing else, and the same command goes on', async () => {
    const issuer = join(folder, 'killed');
    expect(vitap('init', issuer).status).toBe(0);
    const generate = ['insured', 'generate', issuer, '--count', '20000'];
    for (const afterMs of [2500, 4000]) {
      const child = spawn(process.execPath, [PROGRAM, 'issuer', ...generate], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.on('close', resolve));
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      child.kill('SIGKILL');
      await ended;
      const { insured, auditLines } = JSON.parse(vitap('status', issuer, '--json').stdout);
      expect(insured % 1000).toBe(0);
      expect(auditLines).toBe(2 + insured / 1000);
    }
    const { count, added, known } = JSON.parse(vitap(...generate, '--json').stdout);
    expect(added + known).toBe(count);
    expect(JSON.parse(vitap('audit', issuer, '--json').stdout)).toMatchObject({ verdict: 'pass', lines: 22 });
  });
});
