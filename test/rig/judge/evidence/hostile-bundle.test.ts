import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { writeBundle } from '../../../../rig/judge/evidence/bundle.ts';
import { keyFileText, newLabKey } from '../../../../rig/judge/evidence/key-file.ts';
import { verifyBundle } from '../../../../rig/judge/evidence/verify.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { fakeIo } from '../../console/fake-io.ts';

const crypto = nobleCrypto();
const random = new SeededRandom('hostile');
const key = newLabKey(crypto, (target) => random.fill(target, 0, target.length));

let folder: string;
let bundle: string;
const make = (subject: Record<string, string> = {}): void => {
  const items = [{ path: 'traces/a.jsonl', role: 'trace' as const, content: Buffer.from('{}\n') }];
  writeBundle(bundle, { kind: 'replay', backend: 'simulated', verdict: 'PASS', subject, items }, key, crypto);
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-hostile-'));
  bundle = join(folder, 'bundle');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function verify(): Promise<{ exit: number; out: string; err: string }> {
  const pub = join(folder, 'lab.pub.json');
  writeFileSync(pub, keyFileText(key, 'public'));
  const io = fakeIo();
  const exit = await runCommandLine(['evidence', 'verify', bundle, '--key', pub], '0.0.0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

const fifo = (path: string): void => void execFileSync('mkfifo', [path]);
const instead = (name: string, put: (path: string) => void): void => {
  rmSync(join(bundle, name), { force: true, recursive: true });
  put(join(bundle, name));
};

describe('a hostile bundle', () => {
  describe.each(['manifest.json', 'manifest.cose', 'signer.pub.json', 'traces/a.jsonl'])('with %s', (name) => {
    it.each([
      ['a pipe', fifo],
      ['a link to a device without end', (path: string) => symlinkSync('/dev/zero', path)],
      ['a link to a file elsewhere', (path: string) => symlinkSync('/etc/passwd', path)],
      ['a folder', (path: string) => mkdirSync(path)],
    ])('being %s: FAIL, at once', async (_, put) => {
      make();
      instead(name, put);
      const { exit, out } = await verify();
      expect([exit, out.split('\n')[0]]).toEqual([1, `FAIL ${bundle} is not as it was signed:`]);
      expect(out).toContain(`  ${name}: `);
    });
  });

  it.each([
    ['manifest.json', 'has 1099511627776 bytes, more than such a file has'],
    ['manifest.cose', 'has 1099511627776 bytes, more than such a file has'],
    ['traces/a.jsonl', 'was changed: 1099511627776 bytes, 3 were signed'],
  ])('with a %s of a terabyte: FAIL without reading it', async (name, why) => {
    make();
    truncateSync(join(bundle, name), 2 ** 40);
    const { exit, out } = await verify();
    expect(exit).toBe(1);
    expect(out).toContain(why);
  });

  it('with a loop of links, and a file added through one', async () => {
    make();
    symlinkSync('.', join(bundle, 'loop'));
    const { exit, out } = await verify();
    expect(exit).toBe(1);
    expect(out).toContain('loop: was added');
  });

  it('ends when it is told to', async () => {
    make();
    const abort = new AbortController();
    abort.abort();
    await expect(verifyBundle(bundle, key, crypto, abort.signal)).rejects.toThrow(/abort/i);
  });

  it('writes no lines of its own by the names of its files', async () => {
    make();
    writeFileSync(join(bundle, `x\n\x1b[2J\x1b[HPASS bundle: 3 files as they were signed\u202e`), '');
    const { out } = await verify();
    expect(out.split('\n').filter((line) => line.startsWith('PASS'))).toEqual([]);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(out).toContain('x\\u000A\\u001B[2J\\u001B[HPASS bundle');
  });

  it('writes none by what it says of itself', async () => {
    make({ card: 'x\x1b[1A\nPASS other: 9 files as they were signed', 'a\u009b2K\nb': 'c\rd' });
    const { exit, out } = await verify();
    expect(exit).toBe(0);
    expect(out.split('\n').filter((line) => line.startsWith('PASS'))).toEqual([
      `PASS ${bundle}: 2 files as they were signed`,
    ]);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('a trace that is no plain file', () => {
  it.each([
    ['a pipe', fifo, 'a trace is read from a plain file, and this is none; - is standard input'],
    [
      'a device without end',
      (path: string) => symlinkSync('/dev/zero', path),
      'a trace is read from a plain file, and this is none; - is standard input',
    ],
  ])('%s: one sentence', async (_, put, why) => {
    const path = join(folder, 'trace');
    put(path);
    for (const args of [
      ['convert', path, join(folder, 'out.jsonl')],
      ['replay', path, '--profile', 'vitale2'],
      ['replay', path, '--as-card'],
      ['synth', path],
    ]) {
      const io = fakeIo();
      expect([args[0], await runCommandLine(args, '0.0.0', VERBS, io), io.err]).toEqual([
        args[0],
        2,
        [`vitap: ${path}: ${why}\n`],
      ]);
    }
  });

  it('a folder: one sentence', async () => {
    const io = fakeIo();
    expect(await runCommandLine(['convert', folder, join(folder, 'out.jsonl')], '0.0.0', VERBS, io)).toBe(2);
    expect(io.err).toEqual([`vitap: cannot read ${folder}: it is a folder\n`]);
  });
});

describe('what is no bundle', () => {
  it('does not exist: one sentence, exit 2', async () => {
    const { exit, err } = await verify();
    expect([exit, err]).toEqual([2, `vitap: cannot read the bundle ${bundle}: it does not exist\n`]);
  });

  it('is a file: one sentence, exit 2', async () => {
    writeFileSync(bundle, 'x');
    const { exit, err } = await verify();
    expect([exit, err]).toEqual([2, `vitap: cannot read the bundle ${bundle}: it is no folder\n`]);
  });
});
