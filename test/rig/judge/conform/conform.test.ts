import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../../../rig/card/open.ts';
import { conform } from '../../../../rig/judge/conform/conform.ts';
import type { ConformOptions } from '../../../../rig/judge/conform/options.ts';
import { FileNvm } from '../../../../src/hal/nvm/file.ts';
import { temporaryCopyOf } from '../../../../src/hal/nvm/replace-file.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { conformOptions } from './conform-options.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-conform-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const options = (more: Partial<ConformOptions>): ConformOptions =>
  conformOptions({
    reader: { driver: 'loopback' },
    card: { kind: 'profile', name: 'lab' },
    only: 'RBI-00*',
    timeoutMs: 1000,
    ...more,
  });

async function run(more: Partial<ConformOptions>): Promise<{ exit: number; out: string; err: string }> {
  const io = fakeIo();
  const exit = await conform(options(more), io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

/** A declaration that says of the lab card what is not so. */
function wrongDeclaration(): string {
  const file = join(folder, 'wrong.yaml');
  writeFileSync(
    file,
    'card: not this one\nmasterFile:\n  files:\n    - { fid: 2F01, structure: transparent, access: { read: free }, content: 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F }\n',
  );
  return file;
}

describe('vitap conform', () => {
  it('judges, says how many, and exits with 0 when nothing failed', { timeout: 30_000 }, async () => {
    const { exit, out, err } = await run({});
    expect(exit).toBe(0);
    expect(out).toContain('6 PASS, 0 FAIL, 0 INCONCLUSIVE, 0 NOT APPLICABLE');
    expect(out).not.toContain('commands reached');
    expect(out.trimEnd().split('\n').at(-1)).toBe('PASS');
    expect((await run({ coverage: true })).out).toContain('commands reached: 1 of');
    expect(err).toBe('6 of 6 cases\n');
  });

  it('exits with 1 when a case failed, and says which and why', async () => {
    const { exit, out } = await run({ declare: wrongDeclaration() });
    expect(exit).toBe(1);
    expect(out).toMatch(
      /FAIL {2}RBI-002 {2}READ BINARY gives the first bytes\n {4}step 3, READ BINARY: the data differ/,
    );
    expect(out).toContain('declared as not this one');
  });

  it('exits with 1 when a case could not be judged', async () => {
    const { exit, out } = await run({ suite: 't4t', only: 'T4T-003', declare: writeTag() });
    expect(out).toContain('0 PASS, 0 FAIL, 1 INCONCLUSIVE');
    expect(exit).toBe(1);
  });

  it('refuses ids that no case has, and a suite that does not apply', async () => {
    await expect(run({ only: 'XYZ-*' })).rejects.toThrow('no case of iso7816-4 has an id like XYZ-*');
    await expect(run({ suite: 't4t', only: null })).rejects.toThrow(
      /^no case applies to this card, declared as profile lab\. \d+ (of \d+ )?cases: the card has not /,
    );
    await expect(run({ card: { kind: 'image', fileOrName: join(folder, 'none.img') } })).rejects.toThrow(
      'there is no image',
    );
  });

  it('writes a trace of every exchange, codes masked', async () => {
    const file = join(folder, 'run.jsonl');
    const { exit } = await run({ only: 'VER-A01,VER-A02', record: { file, keepSecrets: false } });
    expect(exit).toBe(0);
    const [header, ...events] = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(header).toMatchObject({ source: 'vitap conform', backend: 'simulated', secretsKept: false });
    // The first meeting, and a card that was switched on for each case.
    expect(events.filter(({ type, state }) => type === 'power' && state === 'on')).toHaveLength(3);
    const commands = events.filter(({ type }) => type === 'command').map(({ apdu }) => `${apdu}`);
    expect(events.filter(({ type }) => type === 'response')).toHaveLength(commands.length);
    const verify = commands.filter((apdu) => /^0020....0/.test(apdu));
    expect(verify.length).toBeGreaterThan(0);
    for (const apdu of verify) expect(apdu).toMatch(/^.{10}(XX)+$/);
  });

  it('lists cases without a card', async () => {
    const { exit, out } = await run({ list: true, card: null, only: 'UBI-01?' });
    expect(exit).toBe(0);
    expect(out).toContain('UBI-011        UPDATE BINARY touches nothing before and nothing after (changes the card)\n');
    expect(out).toMatch(/9 cases\n$/);
  });

  it("never changes a user's image, whatever the cases do to the card", async () => {
    const path = join(folder, 'lab.img');
    FileNvm.create(path, await buildImage('lab', 'conform')).close();
    const before = digest(path);
    const { exit, out } = await run({ card: { kind: 'image', fileOrName: path }, only: 'VER-A05,UBI-0*,CRE-0*' });
    expect(exit).toBe(0);
    expect(out).toContain('a copy of image');
    expect(digest(path)).toBe(before);
  });

  it('each case finds the card as it was: a code blocked by one is whole for the next', async () => {
    expect((await run({ only: 'VER-A05,VER-A02,VER-A09,VER-A01' })).out).toContain('4 PASS');
  });
});

describe('Ctrl-C', () => {
  it('ends a run in process at the next case, is said, and is no verdict in any report', async () => {
    const controller = new AbortController();
    const io = fakeIo({ signal: controller.signal });
    const files = { json: join(folder, 'run.json'), junit: join(folder, 'run.xml'), html: join(folder, 'run.html') };
    setTimeout(() => controller.abort(), 20);
    expect(await conform(options({ only: '!RRX-*', ...files }), io)).toBe(2);
    const said = /interrupted after (\d+) of (\d+) cases; this is no verdict/;
    const [, done, selected] = said.exec(io.err.join('')) as RegExpExecArray;
    expect(Number(done)).toBeLessThan(Number(selected));
    expect(io.out.join('')).toMatch(said);
    expect(readFileSync(files.html, 'utf8')).toMatch(said);
    expect(readFileSync(files.junit, 'utf8')).toMatch(/<error message="interrupted after/);
    const document = JSON.parse(readFileSync(files.json, 'utf8'));
    expect(document).toMatchObject({ verdict: 'interrupted', run: Number(done), selected: Number(selected) });
    expect(document.cases).toHaveLength(Number(done));
  });
});

describe('its reports', () => {
  it.each(['json', 'junit', 'html'] as const)(
    '%s: one that cannot be written leaves the old one as it was',
    async (kind) => {
      const file = join(folder, 'report');
      writeFileSync(file, 'the old one');
      // In the place of the temporary file is what cannot be removed.
      mkdirSync(temporaryCopyOf(file));
      await expect(run({ [kind]: file })).rejects.toMatchObject({ kind: 'storage' });
      expect(readFileSync(file, 'utf8')).toBe('the old one');
    },
  );

  it('a full device is one sentence', async () => {
    await expect(run({ html: '/dev/full' })).rejects.toThrow(/^cannot write \/dev\/full: no space is left/);
  });

  it('JSON on standard output is JSON and nothing else, with ids and verdicts', async () => {
    const { out } = await run({ json: '-', only: 'RBI-001,ACR-R1,INS-01*' });
    const document = JSON.parse(out);
    expect(document).toMatchObject({
      id: 'conform',
      verdict: 'pass',
      suite: 'iso7816-4',
      counts: { pass: 5, fail: 0, inconclusive: 0, linkLimited: 0 },
      environment: { backend: 'simulated', reader: 'in process', card: 'lab, a fresh card in memory, contact' },
    });
    expect(document.cases.map(({ id, verdict }: { id: string; verdict: string }) => [id, verdict])).toContainEqual([
      'RBI-001',
      'pass',
    ]);
    expect(document.cases[0].steps.at(-1)).toMatchObject({ role: 'judged', faults: [] });
  });

  it('JSON in a file leaves standard output to people', async () => {
    const file = join(folder, 'run.json');
    expect((await run({ json: file })).out).toContain('6 PASS');
    expect(JSON.parse(readFileSync(file, 'utf8')).verdict).toBe('pass');
  });

  it('JUnit has failures, errors and skipped ones apart', async () => {
    const file = join(folder, 'run.xml');
    await run({ junit: file, declare: wrongDeclaration(), only: 'RBI-002,RBI-022,CLA-001' });
    const xml = readFileSync(file, 'utf8');
    expect(xml).toContain('tests="3" failures="1" errors="0" skipped="1"');
    expect(xml).toMatch(/<skipped message="[^"]{10,}"\/>/);
    expect(xml).toMatch(
      /<testcase classname="iso7816-4\.RBI" name="RBI-002 READ BINARY gives the first bytes" time="0\.\d+">/,
    );
    expect(xml).toMatch(/<testsuite name="vitap conform iso7816-4" timestamp="[-\dT:]{19}" time="[\d.]+"/);
    expect(xml.match(/<testcase [^>]*time="[\d.]+"/g)).toHaveLength(3);
    expect(xml).toMatch(/<failure message="step 3, READ BINARY: the data differ/);
  });

  it('HTML is one file that loads nothing, runs nothing, and says what failed', async () => {
    const file = join(folder, 'run.html');
    await run({ html: file, declare: wrongDeclaration(), only: 'RBI-00*,RBI-022' });
    const page = readFileSync(file, 'utf8');
    expect(page).not.toMatch(/<script|<link|<img|src=|href="(?!#)|url\(|@import/i);
    const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] as string;
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page).toContain(`content="default-src 'none'; style-src 'sha256-${hash}'"`);
    expect(page).not.toContain('style="');
    expect(page).toContain('✘ FAIL');
    expect(page).toContain('– NOT APPLICABLE');
    expect(page).toContain('the data differ from byte');
    expect(page.indexOf('What went wrong')).toBeLessThan(page.indexOf('Every case'));
  });

  it('are written even when something failed, and not when nothing could be run', async () => {
    const file = join(folder, 'none.html');
    await expect(run({ html: file, suite: 't4t', only: null })).rejects.toThrow();
    expect(existsSync(file)).toBe(false);
  });
});

/** A lab card declared as a tag: its application is not there. */
function writeTag(): string {
  const file = join(folder, 'tag.yaml');
  writeFileSync(file, 'card: no tag at all\napplications:\n  - { name: D2760000850101 }\n');
  return file;
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
