import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/*
 * Every verb that writes, on a disk that is full: a real tmpfs in a mount namespace of its own. The old file is as it
 * was, nothing is left beside it, and the person gets one sentence.
 */
const ROOT = new URL('../..', import.meta.url).pathname;
const PROGRAM = join(ROOT, 'bin', 'vitap.js');
const SUITE = join(ROOT, 'suites', 'vitale2');
const TRACE = join(SUITE, 'identity.jsonl');
const LIMIT_MS = 120_000;

/** Arguments, in which OUT is the file or folder to write, and KEY a private key; and what has the name before. */
interface Row {
  readonly args: readonly string[];
  readonly before?: 'file' | 'image' | 'nothing';
  /** A folder that was made stays, empty. */
  readonly folder?: boolean;
}

const TAP = ['tap', '--reader', 'loopback', '--profile', 'ndef'];
const CONFORM = ['conform', '--profile', 'vitale2', '--only', 'RBI-001'];
const REPLAY = ['replay', TRACE, '--profile', 'vitale2'];
const REPLAY_SUITE = ['replay', SUITE, '--reader', 'loopback', '--profile', 'vitale2'];
const BENCH = ['bench', 'tap', '--reader', 'loopback', '--profile', 'ndef', '--taps', '3', '--warm-up', '0'];

const ROWS: Readonly<Record<string, Row>> = {
  'card build': { args: ['card', 'build', 'ndef', '--force', '--out', 'OUT'], before: 'image' },
  'card build, a new file': { args: ['card', 'build', 'ndef', '--out', 'OUT'], before: 'nothing' },
  'tap --record': { args: [...TAP, '--record', 'OUT'] },
  convert: { args: ['convert', TRACE, 'OUT', '--to', 'pcapng'] },
  'conform --json': { args: [...CONFORM, '--json', 'OUT'] },
  'conform --junit': { args: [...CONFORM, '--junit', 'OUT'] },
  'conform --html': { args: [...CONFORM, '--html', 'OUT'] },
  'replay --html': { args: [...REPLAY, '--html', 'OUT'] },
  'replay --junit': { args: [...REPLAY, '--junit', 'OUT'] },
  'replay --record': { args: [...REPLAY, '--record', 'OUT'] },
  'replay --evidence': { args: [...REPLAY, '--evidence', 'OUT', '--evidence-key', 'KEY'], before: 'nothing' },
  'replay SUITE --html': { args: [...REPLAY_SUITE, '--html', 'OUT'] },
  'replay SUITE --junit': { args: [...REPLAY_SUITE, '--junit', 'OUT'] },
  synth: { args: ['synth', TRACE, '--out', 'OUT'] },
  'evidence keygen': { args: ['evidence', 'keygen', 'OUT'], before: 'nothing' },
  'pki init': { args: ['pki', 'init', 'OUT'], before: 'nothing', folder: true },
  'bench tap --save': { args: [...BENCH, '--save', 'OUT'] },
  'bench tap --csv': { args: [...BENCH, '--csv', 'OUT'] },
  'bench tap --html': { args: [...BENCH, '--html', 'OUT'] },
  'bench tap --traces': { args: [...BENCH, '--traces', 'OUT'], before: 'nothing', folder: true },
  'bench apdu --record': {
    args: ['bench', 'apdu', '--profile', 'reference', '--record', 'OUT'],
  },
};

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

describe('a full disk', { timeout: LIMIT_MS }, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-full-'));
    for (const args of [
      ['card', 'build', 'ndef', '--out', join(folder, 'image')],
      ['evidence', 'keygen', join(folder, 'key')],
    ]) {
      expect(spawnSync(process.execPath, [PROGRAM, ...args]).status).toBe(0);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.for(Object.entries(ROWS))('%s', ([, { args, before = 'file', folder: keepsFolder = false }], context) => {
    context.skip(!mayMount, 'needs the right to mount a tmpfs in a namespace (root)');
    const disk = join(folder, 'disk');
    const make = { file: `echo 'the old one' > "$1/out"`, image: `cp "$1/../image" "$1/out"`, nothing: ':' }[before];
    const script = `
      mkdir -p "$1"; mount -t tmpfs -o size=64k,nr_inodes=64 tmpfs "$1"
      ${make}; cat "$1/out" 2>/dev/null | sha256sum
      dd if=/dev/zero of="$1/filler" bs=4096 2>/dev/null || true
      set +e; shift; "$@" >/dev/null; echo "exit $?"; set -e
      cat "$DISK/out" 2>/dev/null | sha256sum; find "$DISK" -mindepth 1 -printf "%P\\n" | sort`;
    const given = args.map((arg) =>
      arg === 'OUT' ? join(disk, 'out') : arg === 'KEY' ? join(folder, 'key.key.json') : arg,
    );
    const ran = spawnSync('unshare', ['-m', 'bash', '-ec', script, 'bash', disk, process.execPath, PROGRAM, ...given], {
      encoding: 'utf8',
      env: { ...process.env, DISK: disk, HOME: folder, XDG_STATE_HOME: folder, VITAP_PIN: '1234' },
    });
    const [was, exit, is, ...left] = ran.stdout.trim().split('\n');
    expect(ran.stderr).toContain('no space is left on its disk');
    // What a conversion loses and a rule file lacks is said before, in lines of their own.
    expect(ran.stderr.split('\n').filter((line) => line.startsWith('vitap: cannot '))).toHaveLength(1);
    expect(ran.stderr).not.toMatch(/fault of vitap|\n\s+at /);
    expect(exit).toBe('exit 2');
    expect(is).toBe(was);
    expect(left).toEqual(before === 'nothing' && !keepsFolder ? ['filler'] : ['filler', 'out']);
  });
});
