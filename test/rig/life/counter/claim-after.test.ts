import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { CounterFolder } from '../../../../rig/life/counter/counter-folder.ts';
import { FollowUps } from '../../../../rig/life/counter/follow-ups.ts';
import { ClaimQueue } from '../../../../rig/life/counter/queue.ts';
import { FileLock } from '../../../../src/hal/nvm/file-lock.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { CLAIM } from './issuer-double.ts';

let path: string;
let counter: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'vitap-claim-'));
  counter = join(path, 'counter');
});
afterEach(() => rmSync(path, { recursive: true }));

const PROOF = { kind: 'offline QR', tokenId: '1'.repeat(32), text: 'VT1:TEXT' } as const;
const ISSUER = 'http://127.0.0.1:9';
const scanned = (proof: typeof PROOF | (typeof PROOF & { tokenId: string }) = PROOF): string =>
  new FollowUps(new CounterFolder(counter)).keep({ at: '2026-11-29T12:00:00.000Z', issuer: ISSUER, proof });

function claimFile(number: string): string {
  const file = join(path, `${number}.yaml`);
  writeFileSync(
    file,
    `number: "${number}"\ndate: 20261129\nbeneficiary: 1\nprofessionalId: "991234567"\nprofessionalName: CABINET\n` +
      'total: 30.00\namo: 19.00\namc: 9.00\npatient: 2.00\nthirdParty: yes\n',
  );
  return file;
}

async function vitap(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const io = fakeIo();
  const exit = await runCommandLine(['counter', ...args], '0.0.0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

const queued = (): string[] => new ClaimQueue(new CounterFolder(counter)).all().map(({ claim }) => claim.number);

describe('counter context', () => {
  const keep = () =>
    new FollowUps(new CounterFolder(counter)).keep({
      ...{ at: '2026-11-29T12:01:00.000Z', issuer: ISSUER },
      proof: { kind: 'context', contextId: 'ctx_1', token: 'x'.repeat(43), expiresAt: '2026-11-29T12:15:00.000Z' },
    });
  const context = (...words: string[]) => vitap('context', ...words, '--keys', 'test', '--counter', counter);

  it('of an offline code there is none, and of a reading that is not here neither', async () => {
    const id = scanned();
    for (const action of ['renew', 'destroy']) {
      expect(await context(action, id)).toEqual({
        exit: 2,
        out: '',
        err: `vitap: the reading ${id} is of an offline code, which opens no context\n`,
      });
      expect((await context(action, 'nobody')).err).toBe('vitap: no reading here has the name nobody\n');
    }
  });

  it('that a waiting claim needs is not destroyed; one whose issuer is silent stays', async () => {
    keep();
    const silent = await context('destroy');
    expect([silent.exit, silent.err]).toEqual([2, expect.stringContaining('the issuer gives no answer')]);
    expect((await context('renew')).exit).toBe(2);
    await vitap('claim', claimFile('000000001'), '--after', 'last', '--keys', 'test', '--counter', counter);
    expect(queued()).toEqual(['000000001']);
    expect(await context('destroy')).toEqual({
      exit: 1,
      out: '',
      err: 'the last reading is ctx_1, of 2026-11-29T12:01:00.000Z\nvitap: a claim waits here that this context alone can prove: destroyed, it would be lost; `vitap counter queue send` first\n',
    });
  });
});

describe('counter claim --after', { timeout: 60_000 }, () => {
  it('looks and writes while nobody else does: the second of two claims finds the first', async () => {
    scanned();
    const lock = FileLock.acquire(join(counter, 'entries'));
    const second = vitap('claim', claimFile('000000002'), '--after', 'last', '--counter', counter);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(queued()).toEqual([]);
    const claim = { ...CLAIM, number: '000000001' };
    const queue = new ClaimQueue(new CounterFolder(counter));
    queue.add({ requestId: 'request-identifier-1', issuer: ISSUER, claim, proof: PROOF }, new Date());
    lock.release();
    expect(await second).toMatchObject({ exit: 1, err: expect.stringContaining('another claim follows this offline') });
    expect(queued()).toEqual(['000000001']);
  });

  it('takes one of several claims that four processes give for one offline code at the same time', async () => {
    scanned();
    const at = (name: string): string =>
      JSON.stringify(new URL(`../../../../rig/life/counter/${name}.ts`, import.meta.url).href);
    const script = `
      import { sendClaimAfter } from ${at('claim')};
      const io = { env: {}, stderr: () => {}, signal: new AbortController().signal };
      const options = { after: 'last', keys: null, counter: process.argv[1], timeoutMs: 1000 };
      process.stdout.write('r');
      process.stdin.once('data', async () => {
        try { process.stdout.write((await sendClaimAfter(JSON.parse(process.argv[2]), options, io)).state); }
        catch (error) { process.stdout.write(error.code ?? String(error)); }
        process.exit();
      });`;
    const children = ['1', '2', '3', '4'].map((number) => {
      const claim = JSON.stringify({ ...CLAIM, number: `00000000${number}` });
      const args = ['--import', 'tsx', '--input-type=module', '-e', script, counter, claim];
      return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    });
    try {
      await Promise.all(children.map((child) => once(child.stdout, 'data')));
      const outcomes = children.map(async (child) => String((await once(child.stdout, 'data'))[0]));
      for (const child of children) child.stdin.write('go');
      const refused = 'claim-follows-already';
      expect((await Promise.all(outcomes)).sort()).toEqual([refused, refused, refused, 'waiting']);
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });

  it('after a scan that failed says which reading the last one is, and of when', async () => {
    const id = scanned();
    const { at } = new FollowUps(new CounterFolder(counter)).find(id);
    expect((await vitap('scan', '--image', join(path, 'nothing.png'), '--counter', counter)).exit).toBe(2);
    const { exit, err } = await vitap('claim', claimFile('000000001'), '--after', 'last', '--counter', counter);
    expect({ exit, err }).toEqual({ exit: 0, err: `the last reading is ${id}, of ${at}\n` });
    const context = await vitap('context', 'destroy', '--keys', 'test', '--counter', counter);
    expect(context.err).toContain(`the last reading is ${id}, of ${at}\n`);
    const named = await vitap('context', 'destroy', id, '--keys', 'test', '--counter', counter);
    expect(named.err).not.toContain('the last reading');
  });

  it('refuses a claim that is dated after tomorrow', async () => {
    scanned();
    const file = claimFile('000000001');
    writeFileSync(file, readFileSync(file, 'utf8').replace('20261129', '20991231'));
    expect(await vitap('claim', file, '--after', 'last', '--counter', counter)).toMatchObject({
      exit: 1,
      err: 'vitap: the claim is dated after tomorrow\n',
    });
    expect(queued()).toEqual([]);
  });

  it('says what is missing by the options that a counter has', async () => {
    const claim = await vitap('claim', claimFile('000000001'), '--keys', 'test');
    expect(claim).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/--after READING.*--can-file FILE or VITAP_CAN/),
    });
    const onCard = await vitap('claim', claimFile('000000001'), '--keys', 'test', '--profile', 'apcv');
    const tap = await vitap('tap', '--keys', 'test', '--profile', 'apcv');
    for (const { exit, err } of [onCard, tap]) {
      expect({ exit, err }).toMatchObject({ exit: 2, err: expect.stringContaining('--can-file FILE or VITAP_CAN') });
      expect(err).not.toContain('--channel');
    }
  });

  it('a damaged reading keeps no other one, and is not passed over as the last', async () => {
    scanned({ ...PROOF, tokenId: '2'.repeat(32) as typeof PROOF.tokenId });
    const damaged = join(counter, 'readings', `${'2'.repeat(32)}.json`);
    writeFileSync(damaged, '{');
    const id = scanned();
    const [file, folder] = [claimFile('000000001'), ['--counter', counter]];
    expect(await vitap('claim', file, '--after', 'last', ...folder)).toMatchObject({
      exit: 2,
      err: expect.stringContaining(`${damaged} is damaged`),
    });
    expect(await vitap('claim', file, '--after', id, ...folder)).toMatchObject({ exit: 0 });
  });
});

describe('counter queue', () => {
  it('shows a damaged file by its name beside the other claims, exit 1', async () => {
    scanned();
    await vitap('claim', claimFile('000000001'), '--after', 'last', '--counter', counter);
    const damaged = join(counter, 'queue', 'other-request-identifier.json');
    writeFileSync(damaged, '{');
    const words = await vitap('queue', '--counter', counter);
    expect(words).toMatchObject({ exit: 1, out: expect.stringContaining('1 waiting, 0 sent, 0 refused\n') });
    expect(words.err).toContain(`${damaged} is damaged`);
    const json = JSON.parse((await vitap('queue', '--json', '--counter', counter)).out);
    expect(json).toMatchObject({ claims: [{ number: '000000001' }], damaged: [damaged] });
    expect(readFileSync(damaged, 'utf8')).toBe('{');
  });

  it('takes no folder that is not there, no file, and no folder of something else', async () => {
    const nowhere = join(path, 'nowhere');
    expect(await vitap('queue', '--counter', nowhere)).toMatchObject({
      exit: 2,
      err: `vitap: ${nowhere}: there is no such folder\n`,
    });
    expect(existsSync(nowhere)).toBe(false);
    const file = claimFile('000000001');
    expect(await vitap('queue', '--counter', file)).toMatchObject({
      exit: 2,
      err: `vitap: ${file} is a file, and a counter keeps a folder\n`,
    });
    const issuer = join(path, 'issuer');
    mkdirSync(join(issuer, 'store'), { recursive: true });
    for (const name of ['issuer.json', 'trust.json', 'keys.json']) writeFileSync(join(issuer, name), '{}');
    for (const verb of [['queue'], ['scan', '--offline'], ['claim', file, '--after', 'last']]) {
      const { exit, err } = await vitap(...verb, '--counter', issuer);
      expect({ exit, err }).toMatchObject({ exit: 2, err: expect.stringContaining('nothing of a counter') });
    }
    expect(readdirSync(issuer).sort()).toEqual(['issuer.json', 'keys.json', 'store', 'trust.json']);
  });
});
