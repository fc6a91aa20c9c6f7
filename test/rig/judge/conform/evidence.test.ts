import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageNames } from '../../../../rig/card/image-name.ts';
import { buildImage, FIXED_SEED } from '../../../../rig/card/open.ts';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { redactedDeclaration } from '../../../../rig/judge/conform/declaration-redaction.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { filesOf, flipEachFile } from '../evidence/flip-each-file.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-conform-evidence-'));
  await vitap('evidence', 'keygen', join(folder, 'lab'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function vitap(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  return interruptible(new AbortController().signal, ...args);
}

async function interruptible(signal: AbortSignal, ...args: string[]) {
  const io = fakeIo({ env: { XDG_STATE_HOME: join(folder, 'state') }, signal });
  const exit = await runCommandLine(args, '0.0.0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

const judge = (bundle: string, ...more: string[]) =>
  vitap('conform', '--profile', 'lab', '--evidence', bundle, '--evidence-key', join(folder, 'lab.key.json'), ...more);
const read = (bundle: string, file: string) => JSON.parse(readFileSync(join(bundle, file), 'utf8'));

/** Two EFs and a code, said of the lab card; READ BINARY of the first does not give what is declared. */
const DECLARATION = `card: ours # its code is 1234
masterFile:
  codes:
    - { reference: 81, code: "1234", wrong: 39393939, tries: 3 }
  files:
    - { fid: 2F01, structure: transparent, access: { read: free }, content: 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F }
`;

describe('conform --evidence', { timeout: 120_000 }, () => {
  it('writes a bundle that verifies; one flipped bit in any file is found', async () => {
    const bundle = join(folder, 'pass');
    const { exit, err } = await judge(bundle, '--only', 'RBI-00*,VER-A02', '--html', join(folder, 'page.html'));
    expect(exit).toBe(0);
    expect(err).toMatch(/evidence in .*pass, signed with the key /);
    expect(filesOf(bundle)).toEqual([
      'environment.json',
      'manifest.cose',
      'manifest.json',
      'report.html',
      'signer.pub.json',
      'traces/conform.jsonl',
      'verdicts.json',
    ]);
    expect(read(bundle, 'verdicts.json')).toMatchObject({ id: 'conform', verdict: 'pass', selected: 7 });
    const name = imageNames(null, { XDG_STATE_HOME: join(folder, 'state') }).of(await buildImage('lab', FIXED_SEED));
    expect(read(bundle, 'environment.json')).toMatchObject({
      image: { of: 'profile lab', ...name },
      secretsKept: false,
    });
    expect(read(bundle, 'manifest.json')).toMatchObject({
      kind: 'conform',
      verdict: 'PASS',
      backend: 'simulated',
      subject: { suite: 'iso7816-4', image: expect.stringContaining(name.hmac) },
    });
    const trace = readFileSync(join(bundle, 'traces/conform.jsonl'), 'utf8');
    expect(trace).toMatch(/"apdu":"0020....0[0-9A-F](XX)+"/);
    const verified = await vitap('evidence', 'verify', bundle, '--key', join(folder, 'lab.pub.json'));
    expect(verified.exit).toBe(0);
    expect(verified.out).toContain('of a conformance run; what it judged: PASS');
    await flipEachFile(bundle, join(folder, 'lab.pub.json'));
  });

  it('of a card that fails is evidence of that, with the declaration and without its codes', async () => {
    const [bundle, declaration] = [join(folder, 'fail'), join(folder, 'ours.yaml')];
    writeFileSync(declaration, DECLARATION);
    expect((await judge(bundle, '--only', 'RBI-002', '--declare', declaration)).exit).toBe(1);
    expect(read(bundle, 'manifest.json')).toMatchObject({ kind: 'conform', verdict: 'FAIL' });
    const handed = readFileSync(join(bundle, 'rules/declaration.yaml'), 'utf8');
    expect(handed).not.toContain('1234');
    expect(handed).toContain('XXXX');
    expect(handed).toContain('00 01 02 03');
    await flipEachFile(bundle, join(folder, 'lab.pub.json'));
  });

  it('copies the trace that --record writes', async () => {
    const [bundle, trace] = [join(folder, 'recorded'), join(folder, 'mine.jsonl')];
    expect((await judge(bundle, '--only', 'RBI-001', '--record', trace)).exit).toBe(0);
    expect(readFileSync(join(bundle, 'traces/conform.jsonl'), 'utf8')).toBe(readFileSync(trace, 'utf8'));
  });

  it('that is interrupted leaves no bundle, and says so', async () => {
    const bundle = join(folder, 'interrupted');
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    const key = join(folder, 'lab.key.json');
    const args = ['conform', '--profile', 'lab', '--only', '!RRX-*', '--evidence', bundle, '--evidence-key', key];
    const { exit, err } = await interruptible(controller.signal, ...args);
    expect(exit).toBe(2);
    expect(err).toContain('no evidence was written');
    expect(existsSync(bundle)).toBe(false);
  });

  it.each([
    [['--evidence', 'x'], 'go together'],
    [['--image-key', 'x'], '--image-key goes with --evidence'],
    [['--list', '--evidence', 'x', '--evidence-key', 'y'], '--list judges nothing'],
    [['--evidence', '.', '--evidence-key', 'y'], 'is there and holds files'],
  ])('%j is refused before a card is met', async (args, words) => {
    const { exit, err, out } = await vitap('conform', '--profile', 'lab', '--only', 'RBI-001', ...args);
    expect(exit).toBe(2);
    expect(err).toContain(words);
    expect(out).toBe('');
  });
});

describe('a declaration that is handed over', () => {
  it.each([
    ['in flow', '{code: "2749"}', '2749'],
    ['in a block', 'code: 2749', '2749'],
    ['as bytes', 'block: 32 37 34 39', '32 37'],
    ['a wrong one', 'wrong: 39393939', '39393939'],
    ['in a comment', '# 2749\ntries: 3 # 2749', '2749'],
    ['by an anchor', 'code: &c "2749"\nblock: *c', '2749'],
  ])('hides a code %s', (_, text, secret) => {
    expect(redactedDeclaration(text)).not.toContain(secret);
  });
});
