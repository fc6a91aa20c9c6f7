import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { REASONS } from '../../../../rig/command/verbs/issuer.ts';
import { TRUST } from '../../../../rig/life/api/wire.ts';
import { commitActivation } from '../../../../rig/life/issuer/activation.ts';
import { apply, REFUSAL_REASONS } from '../../../../rig/life/issuer/application.ts';
import { enrol } from '../../../../rig/life/issuer/enrolment.ts';
import {
  COUNTER_TERMINAL,
  DEFAULT_ORIGIN,
  ISSUER_TERMINAL,
  openIssuer,
  readIssuerKeys,
} from '../../../../rig/life/issuer/issuer-folder.ts';
import type { IssuerStore } from '../../../../rig/life/issuer/store.ts';
import { readTerminalKeys } from '../../../../rig/pki/terminal-keys.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { FileLock } from '../../../../src/hal/nvm/file-lock.ts';
import { effectiveAuthorization, parseCertificate, rightsOf } from '../../../../src/secure-channel/index.ts';
import { fakeIo } from '../../console/fake-io.ts';
import { ADRUN, deviceKey, holderKey, NAMESAKE, serial, ZOE } from './people.ts';

let folder: string;
let issuer: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-issuer-verbs-'));
  issuer = join(folder, 'issuer');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function vitap(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const io = fakeIo({ env: {} });
  const exit = await runCommandLine(['issuer', ...args], '0.0.0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

async function withStore<T>(work: (store: IssuerStore) => Promise<T>): Promise<T> {
  const { store } = await openIssuer(issuer, Date.now());
  try {
    return await work(store);
  } finally {
    await store.sql.close();
  }
}

const lines = (...families: unknown[]): string => families.map((each) => `${JSON.stringify(each)}\n`).join('');
const file = (name: string, text: string | Uint8Array): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('vitap issuer', { timeout: 120_000 }, () => {
  it('init makes a folder with registry, keys and terminals, for its owner alone', async () => {
    const { exit, out, err } = await vitap('init', issuer);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toContain(`a test issuer at ${DEFAULT_ORIGIN}`);
    expect(readdirSync(issuer).sort()).toEqual([
      ...['applications', 'counter.keys.json', 'issuer.json', 'issuer.keys.json', 'keys.json', 'store', 'trust.json'],
    ]);
    for (const secret of ['keys.json', 'issuer.keys.json', 'counter.keys.json', 'store', 'applications']) {
      expect(statSync(join(issuer, secret)).mode & 0o077, secret).toBe(0);
    }
    const crypto = nobleCrypto();
    chmodSync(join(issuer, 'keys.json'), 0o644);
    expect(() => readIssuerKeys(issuer, crypto)).toThrow(/keys\.json: others than its owner .*: chmod 600 it$/);
    chmodSync(join(issuer, 'keys.json'), 0o600);
    const keys = readIssuerKeys(issuer, crypto);
    const { keys: published, statusList } = TRUST.parse(JSON.parse(readFileSync(join(issuer, 'trust.json'), 'utf8')));
    expect(Buffer.from(published[0]?.x as string, 'base64url')).toEqual(
      Buffer.from(keys.signer.publicKey.subarray(1, 33)),
    );
    expect(statusList).toBe(`${DEFAULT_ORIGIN}/v1/status/token-list`);
    for (const [name, terminal, rights] of [
      ['issuer.keys.json', ISSUER_TERMINAL, ['write DG17']],
      ['counter.keys.json', COUNTER_TERMINAL, ['read DG1', 'read DG2', 'read DG3', 'write DG18']],
    ] as const) {
      const { holderReference, certificates } = readTerminalKeys(join(issuer, name), crypto);
      expect(Buffer.from(holderReference).toString()).toBe(terminal);
      const authorizations = certificates.map((each) => parseCertificate(each).authorization);
      expect([...rightsOf(effectiveAuthorization(authorizations) as never)].sort()).toEqual([...rights].sort());
    }
  });

  it('init does not begin in a folder that holds something, nor at an address that is none', async () => {
    expect((await vitap('init', issuer)).err).toContain('is not empty; an issuer begins in a folder of its own');
    for (const origin of ['127.0.0.1:8620', 'http://127.0.0.1/issuer', 'ftp://x']) {
      expect((await vitap('init', join(folder, 'other'), '--origin', origin)).err).toContain('is no origin');
    }
    const password = await vitap('init', join(folder, 'other2'), '--store', 'postgresql://u:geheim@localhost/x');
    expect(password.err).toContain('put it into PGPASSWORD');
    expect(password.err).not.toContain('geheim');
    expect((await vitap('init', join(folder, 'other3'), '--store', '/tmp/x')).err).toContain(
      'is a PostgreSQL database',
    );
    expect((await vitap('init', join(folder, 'other4'), '--departments', '20')).err).toContain('"20" is no department');
  });

  it('needs an issuer', async () => {
    mkdirSync(join(folder, 'empty'));
    for (const verb of ['status', 'audit', 'review', 'rollout']) {
      expect(await vitap(verb, join(folder, 'empty'))).toMatchObject({
        exit: 2,
        err: expect.stringContaining('no issuer is there'),
      });
    }
    expect(readdirSync(join(folder, 'empty'))).toEqual([]);
  });

  it('insured import takes all lines of a file or none, and tells the line of each fault', async () => {
    const bad = { ...NAMESAKE, insured: { ...NAMESAKE.insured, key: '00' } };
    const faults = file('bad.jsonl', `${lines(ADRUN, bad)}\n{"half":\n${lines(ADRUN)}`);
    expect(await vitap('insured', 'import', issuer, faults)).toEqual({
      exit: 1,
      out: '',
      err:
        `${faults}:2: insured: not the key of this NIR\n${faults}:4: not JSON\n` +
        `${faults}:5: this NIR is registered already\nnothing was imported: 3 lines cannot be\n`,
    });
    expect((await vitap('status', issuer)).out).toContain('insured       0\n');
    const good = file('good.jsonl', lines(ADRUN, NAMESAKE));
    expect(await vitap('insured', 'import', issuer, good)).toEqual({ exit: 0, out: '2 insured imported\n', err: '' });
    expect(await vitap('insured', 'import', issuer, good)).toMatchObject({
      exit: 1,
      err: expect.stringContaining(
        `${good}:1: this NIR is registered already\n${good}:2: this NIR is registered already\n`,
      ),
    });
  });

  it.each([
    ['a line without end', () => file('long', 'x'.repeat(10_000_000)), 1, ':1: longer than 65536 bytes'],
    ['bytes that are no text', () => file('bytes', Uint8Array.of(0xff, 0xfe, 0x0a)), 1, ':1: not UTF-8'],
    ['nothing', () => file('nothing', ''), 0, ''],
    ['a folder', () => folder, 2, 'families are read from a plain file'],
    ['no file', () => join(folder, 'absent'), 2, 'there is no such file'],
  ])('insured import of %s', async (_, path, exit, err) => {
    expect(await vitap('insured', 'import', issuer, path())).toMatchObject({ exit, err: expect.stringContaining(err) });
  });

  it('init makes anew what a killed one left, and touches nothing that may be more', async () => {
    const left = join(folder, 'left');
    mkdirSync(join(left, 'store.new'), { recursive: true });
    mkdirSync(join(left, 'applications'));
    writeFileSync(join(left, 'store.new', 'PG_VERSION'), '17');
    writeFileSync(join(left, 'store.lock'), `${JSON.stringify({ pid: 4194304, host: hostname(), started: '1' })}\n`);
    expect(await vitap('status', left)).toMatchObject({ exit: 2, err: expect.stringContaining('vitap issuer init') });
    expect(await vitap('init', left)).toMatchObject({ exit: 0, err: '' });
    expect(await vitap('status', left)).toMatchObject({ exit: 0 });
    // A whole issuer that has lost its first file is no unfinished one.
    rmSync(join(left, 'issuer.json'));
    expect(await vitap('init', left)).toMatchObject({ exit: 2, err: expect.stringContaining('is not empty') });
    expect(existsSync(join(left, 'store', 'PG_VERSION'))).toBe(true);
    const busy = join(folder, 'busy');
    mkdirSync(join(busy, 'store.new'), { recursive: true });
    const lock = FileLock.acquire(join(busy, 'store'));
    expect(await vitap('init', busy)).toMatchObject({ exit: 2, err: expect.stringContaining('is in use') });
    lock.release();
    expect(readdirSync(busy)).toEqual(['store.new']);
  });

  it('init that is interrupted says so and leaves nothing', async () => {
    const cut = join(folder, 'cut');
    const controller = new AbortController();
    const io = fakeIo({ env: {}, signal: controller.signal });
    const made = runCommandLine(['issuer', 'init', cut], '0.0.0', VERBS, io);
    setTimeout(() => controller.abort(), 50);
    expect({ exit: await made, err: io.err.join('') }).toEqual({ exit: 2, err: 'vitap: interrupted\n' });
    expect(existsSync(cut) ? readdirSync(cut) : []).toEqual([]);
  });

  it.each([['insured', 'generate', '--count', '60000', '--seed', 'cut'], ['audit']])(
    '%s lets an interruption come between its statements',
    async (...words) => {
      const [verb, ...rest] = words;
      const [path, options] = verb === 'audit' ? [['audit'], rest] : [['insured', 'generate'], rest.slice(1)];
      const controller = new AbortController();
      const io = fakeIo({ env: {}, signal: controller.signal });
      const timer = setInterval(() => existsSync(join(issuer, 'store.lock')) && controller.abort(), 1);
      const exit = await runCommandLine(['issuer', ...path, issuer, ...options], '0.0.0', VERBS, io);
      clearInterval(timer);
      expect({ exit, err: io.err.join('') }).toEqual({ exit: 2, err: 'vitap: interrupted\n' });
    },
  );

  it('insured generate adds the same people for the same seed, and goes on where it was interrupted', async () => {
    const args = ['insured', 'generate', issuer, '--seed', 'lab', '--count'];
    expect((await vitap(...args, '1200')).out).toBe('1200 synthetic insured added\n');
    expect((await vitap(...args, '1500')).out).toBe('300 synthetic insured added; 1200 were registered already\n');
    expect((await vitap(...args, '2000001')).err).toContain('2000000 families at most');
  });

  it('rollout opens and closes departments', async () => {
    expect((await vitap('rollout', issuer, '--close', 'all', '--open', '2a,974')).out).toBe(
      'every department: closed now\n2A: open now\n974: open now\n',
    );
    expect((await vitap('rollout', issuer, '--close', '2A,974')).out).toContain('no department is open');
    expect((await vitap('rollout', issuer, '--open', 'all')).out).toBe('every department: open now\n');
    expect(await vitap('rollout', issuer, '--open', '96')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('"96" is no department'),
    });
  });

  it('review lists with masks, and decides once', async () => {
    const files = new Map([
      ['document-front', Uint8Array.of(1)],
      ['video', Uint8Array.of(2)],
    ] as const);
    const { id } = await withStore((store) => apply(store, { identity: ZOE, files, now: Date.now() }));
    const masked = await vitap('review', issuer);
    expect(masked.out).toContain(`${id}  •••  •••\n`);
    expect(masked.out).not.toMatch(/ADRUN|63 220|1975/);
    const shown = await vitap('review', issuer, '--show');
    expect(shown.out).toContain(`${id}  ADRUN ZOÉ  2 75 12 63 220 749 74\n  born      19751231\n`);
    const video = join(issuer, 'applications', id, 'video');
    expect(shown.out).toContain(video);
    expect(await vitap('review', issuer, id)).toMatchObject({
      exit: 2,
      err: expect.stringContaining('--accept or --refuse REASON'),
    });
    expect(await vitap('review', issuer, '--accept')).toMatchObject({ exit: 2 });
    expect((await vitap('review', issuer, id, '--refuse', 'unreadable')).out).toBe(
      `${id}: refused (unreadable); its files are destroyed\n`,
    );
    expect(existsSync(video)).toBe(false);
    expect((await vitap('review', issuer, id, '--accept')).err).toContain('this application was decided already');
    expect((await vitap('review', issuer)).out).toBe('no application waits\n');
    expect(REASONS).toEqual(REFUSAL_REASONS);
  });

  it('status and revoke: a card is revoked once, and who it is stays masked', async () => {
    const activationId = await withStore(async (store) => {
      const { activationId } = await enrol(store, { deviceKey: deviceKey('A'), identity: ZOE, now: Date.now() });
      const keys = { deviceKey: deviceKey('A'), holderKey: holderKey(1), cardSerial: serial(1) };
      await commitActivation(store, { activationId, ...keys, cardSecurity: Uint8Array.of(1), now: Date.now() });
      return activationId;
    });
    const masked = await vitap('status', issuer);
    expect(masked.out).toMatch(new RegExp(`${activationId}  •••  •••  number 1  active since `));
    expect(masked.out).not.toMatch(/ADRUN|63 220/);
    const nir = file('nir', '2 75 12 63 220 749 74\n');
    const shown = await vitap('status', issuer, '--show', '--nir-file', nir);
    expect(shown.out).toContain(`${activationId}  ADRUN ZOÉ  2 75 12 63 220 749 74  number 1  active`);
    expect((await vitap('revoke', issuer, activationId, '--lost')).out).toBe(
      `${activationId}: revoked (lost); its phone wipes itself when it asks next\n`,
    );
    expect((await vitap('revoke', issuer, activationId)).out).toContain('revoked already, since ');
    expect((await vitap('revoke', issuer, 'act_none')).err).toBe(
      `vitap: there is no such activation: vitap issuer status ${issuer} lists them\n`,
    );
    expect((await vitap('review', issuer, 'app_00', '--accept')).err).toBe(
      `vitap: there is no such application: vitap issuer review ${issuer} lists those that wait\n`,
    );
    expect((await vitap('status', issuer)).out).toContain('(lost, wipe queued)');
    expect(await vitap('status', issuer, '--nir-file', file('no-nir', '123'))).toMatchObject({
      exit: 2,
      err: expect.stringContaining('no NIR'),
    });
  });

  it('audit says that the chain is whole, takes a noted end, and finds a line that was changed', async () => {
    const first = await vitap('audit', issuer, '--tail', '1');
    expect(first.out).toMatch(
      /^\d+ {2}20\d\d-.* UTC {2}refused {2}application app_00, code application-unknown, verb decide\nPASS: \d+ lines, each hashed/,
    );
    const [, noted] = /note (\d+:[0-9a-f]{64}) elsewhere/.exec(first.out) ?? [];
    expect(await vitap('audit', issuer, '--expect', noted as string)).toMatchObject({ exit: 0 });
    expect(await vitap('audit', issuer, '--expect', '3:xyz')).toMatchObject({ exit: 2 });
    await withStore((store) =>
      store.sql.query(
        `update audit_log set line = replace(line, 'lost', 'operator') where line like '%"reason":"lost"%'`,
      ),
    );
    expect(await vitap('audit', issuer)).toMatchObject({
      exit: 1,
      out: expect.stringMatching(/^FAIL: line \d+: this line is not the one that was written\n$/),
    });
  });
});
