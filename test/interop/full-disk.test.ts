import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeNeeds } from './real-parts.ts';

/*
 * Every verb that writes, on a disk that is full: a real tmpfs in a mount namespace of its own. The old file is as it
 * was, nothing is left beside it, and the person gets one sentence.
 */
const ROOT = new URL('../..', import.meta.url).pathname;
const PROGRAM = join(ROOT, 'bin', 'vitap.js');
const SUITE = join(ROOT, 'suites', 'vitale2');
const TRACE = join(SUITE, 'identity.jsonl');
const LIMIT_MS = 120_000;

/**
 * Arguments, in which OUT is the file or folder to write, FOLDER one on a disk with space, BOARD and OTHER simulated
 * boards in one field; and what has the name before.
 */
interface Row {
  readonly args: readonly string[];
  readonly before?: 'file' | 'image' | 'nothing';
  /** A folder that was made stays, empty. */
  readonly folder?: boolean;
  /** The state folder is on the full disk too. */
  readonly state?: boolean;
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
  'replay --evidence': {
    args: [...REPLAY, '--evidence', 'OUT', '--evidence-key', 'FOLDER/key.key.json'],
    before: 'nothing',
  },
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

const BOARD = ['--board', 'pn532:BOARD'];
const TEST = ['board', 'test', ...BOARD, '--only', 'firmware'];
const FLASH = ['board', 'flash', ...BOARD, '--image', 'FOLDER/image', '--force'];
const BATCH = ['board', 'flash', '--boards', 'pn532:BOARD', '--force', '--list'];
const SIGN = ['--evidence', 'OUT', '--evidence-key', 'FOLDER/key.key.json'];

const BOARD_ROWS: Readonly<Record<string, Row>> = {
  'board test --html': { args: [...TEST, '--html', 'OUT'] },
  'board test --junit': { args: [...TEST, '--junit', 'OUT'] },
  'board test --record': { args: [...TEST, '--record', 'OUT'] },
  'board test --evidence': { args: [...TEST, ...SIGN], before: 'nothing' },
  'board flash --record': { args: [...FLASH, '--verify-with', 'pn532:OTHER', '--record', 'OUT'] },
  'board flash, the state': { args: [...FLASH, '--image-key', 'FOLDER/image.key'], before: 'nothing', state: true },
  'board flash --boards --junit': { args: [...BATCH, 'FOLDER/one.csv', '--junit', 'OUT'] },
  'board flash --boards --evidence': { args: [...BATCH, 'FOLDER/two.csv', ...SIGN], before: 'nothing' },
  'emulate --record': { args: ['emulate', '--profile', 'ndef', '--link', 'pn532:BOARD', '--record', 'OUT'] },
  record: { args: ['record', 'OUT', '--reader', 'loopback', '--profile', 'ndef', '--to', 'pn532:BOARD'] },
};

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

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

function check({ args, before = 'file', folder: keepsFolder = false, state = false }: Row): void {
  const disk = join(folder, 'disk');
  const make = { file: `echo 'the old one' > "$1/out"`, image: `cp "$1/../image" "$1/out"`, nothing: ':' }[before];
  // Folders need no block there: one that was made is left out of what is left.
  const script = `
    mkdir -p "$1"; mount -t tmpfs -o size=64k,nr_inodes=64 tmpfs "$1"
    ${make}; cat "$1/out" 2>/dev/null | sha256sum
    dd if=/dev/zero of="$1/filler" bs=4096 2>/dev/null || true
    set +e; shift; "$@" >/dev/null; echo "exit $?"; set -e
    cat "$DISK/out" 2>/dev/null | sha256sum; find "$DISK" -mindepth 1 ${state ? '-type f ' : ''}-printf "%P\\n" | sort`;
  const places = { OUT: join(disk, 'out'), BOARD: join(folder, 'a'), OTHER: join(folder, 'b'), FOLDER: folder };
  const given = args.map((arg) => arg.replace(/OUT|BOARD|OTHER|FOLDER/, (name) => places[name as keyof typeof places]));
  const ran = spawnSync('unshare', ['-m', 'bash', '-ec', script, 'bash', disk, process.execPath, PROGRAM, ...given], {
    encoding: 'utf8',
    env: { ...process.env, DISK: disk, HOME: folder, XDG_STATE_HOME: state ? disk : folder, VITAP_PIN: '1234' },
  });
  const [was, exit, is, ...left] = ran.stdout.trim().split('\n');
  expect(ran.stderr).toContain('no space is left on its disk');
  // What a conversion loses and a rule file lacks is said before, in lines of their own.
  expect(ran.stderr.split('\n').filter((line) => line.startsWith('vitap: cannot '))).toHaveLength(1);
  expect(ran.stderr).not.toMatch(/fault of vitap|\n\s+at /);
  expect(exit).toBe('exit 2');
  expect(is).toBe(was);
  expect(left).toEqual(before === 'nothing' && !keepsFolder ? ['filler'] : ['filler', 'out']);
}

const CANNOT_MOUNT = 'needs the right to mount a tmpfs in a namespace (root)';

describe('a full disk', { timeout: LIMIT_MS }, () => {
  it.for(Object.entries(ROWS))('%s', ([, row], context) => {
    context.skip(!mayMount, CANNOT_MOUNT);
    check(row);
  });
});

describeNeeds(['socat'], 'a full disk, with boards', () => {
  let boards: ChildProcess;
  beforeAll(async () => {
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    boards = spawn(process.execPath, [PROGRAM, 'board', 'sim', '--pair', '--link-a', a, '--link-b', b]);
    await vi.waitFor(() => expect([existsSync(a), existsSync(b)]).toEqual([true, true]), 20_000);
    writeFileSync(join(folder, 'image.key'), '32 bytes that name card images..', { mode: 0o600 });
    for (const list of ['one', 'two']) {
      writeFileSync(join(folder, `${list}.csv`), `serial,profile,port\n${list},ndef,${a}\n`);
    }
  }, LIMIT_MS);
  afterAll(() => boards.kill());

  it.for(Object.entries(BOARD_ROWS))('%s', { timeout: LIMIT_MS }, ([, row], context) => {
    context.skip(!mayMount, CANNOT_MOUNT);
    check(row);
  });
});
