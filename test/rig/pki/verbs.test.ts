import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { readTerminalKeys } from '../../../rig/pki/terminal-keys.ts';
import { fromHex } from '../../../src/apdu/index.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { parseAuthorization, parseCertificate, rightsOf, roleOf } from '../../../src/secure-channel/index.ts';
import { loadVectors } from '../../vectors/load.ts';
import { fakeIo } from '../console/fake-io.ts';

/** Keys and signatures on large curves, on a machine that does other things too. */
vi.setConfig({ testTimeout: 30_000 });
const crypto = nobleCrypto();

let base: string;
let lab: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pki-'));
  lab = join(base, 'lab');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

async function vitap(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const io = fakeIo();
  const exit = await runCommandLine(args, '0.0.0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}
const pki = (...args: string[]) => vitap('pki', ...args);
const inLab = (name: string): string => join(lab, name);
const certificateOf = (name: string) => parseCertificate(readFileSync(inLab(name)));

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes; a wrong one fails the test that reads it
const { computedPki } = loadVectors<any>('eac-ta-ca');
const published = (id: string): string =>
  computedPki.chain.find((row: { id: string }) => row.id === id).certificate as string;

function writePublished(...ids: string[]): string[] {
  return ids.map((id) => {
    const file = join(base, `${id}.cvcert`);
    writeFileSync(file, fromHex(published(id)));
    return file;
  });
}

describe('pki init', () => {
  it('makes a root, a document verifier and a terminal, for their owner alone', async () => {
    const { exit, out } = await pki('init', lab, '--from', '2026-02-28', '--rights', 'read DG1, Read-DG8');
    expect(exit).toBe(0);
    expect(out).toContain('a hierarchy on brainpoolP256r1 with SHA-256');
    expect(readdirSync(lab).sort()).toEqual([
      'FRLABAT00001',
      'FRLABAT00001.keys.json',
      'FRLABAT00001.pkcs8',
      'FRLABCVCA00001',
      'FRLABCVCA00001.pkcs8',
      'FRLABDV00001',
      'FRLABDV00001.pkcs8',
    ]);
    for (const name of readdirSync(lab)) expect(statSync(inLab(name)).mode & 0o077).toBe(0);
    const terminal = certificateOf('FRLABAT00001');
    expect([terminal.effectiveDate, terminal.expirationDate]).toEqual([260228, 360228]);
    expect(rightsOf(terminal.authorization)).toEqual(['read DG1', 'read DG8']);
    const keys = readTerminalKeys(inLab('FRLABAT00001.keys.json'), crypto);
    expect(rightsOf(parseAuthorization(keys.chat)!)).toEqual(['read DG1', 'read DG8']);
  });

  it.each([
    ['IS', 'P-384', 'sha-384'],
    ['ST', 'brainpoolP512r1', 'sha-512'],
    ['AT', 'P-256', 'sha-256'],
  ])('takes type %s and curve %s, whose hash is %s', async (type, curve, hash) => {
    await pki('init', lab, '--type', type, '--curve', curve, '--prefix', 'DEX');
    const root = certificateOf('DEXCVCA00001');
    expect([root.authorization.type, root.publicKey.curve, root.publicKey.hash]).toEqual([type, curve, hash]);
    const terminal = certificateOf(`DEX${type}00001`);
    expect([terminal.authorization.type, terminal.publicKey.curve, terminal.publicKey.hash]).toEqual([
      type,
      null,
      hash,
    ]);
    const { exit } = await pki('show', inLab(`DEX${type}00001.keys.json`), '--trust', inLab('DEXCVCA00001'));
    expect(exit).toBe(0);
  });

  it('draws new keys each time, and the known ones with --test', async () => {
    const point = (folder: string, name: string) =>
      parseCertificate(readFileSync(join(base, folder, name))).publicKey.point;
    for (const folder of ['a', 'b']) await pki('init', join(base, folder));
    for (const folder of ['c', 'd']) await pki('init', join(base, folder), '--test');
    expect(point('a', 'FRLABCVCA00001')).not.toEqual(point('b', 'FRLABCVCA00001'));
    expect(point('c', 'FRVITAPCVCA00001')).toEqual(point('d', 'FRVITAPCVCA00001'));
  });

  it.each<[string, string[], string]>([
    ['a prefix that is too long', ['--prefix', 'FRLABORA'], '"FRLABORA" begins no names'],
    ['a prefix that is a path', ['--prefix', 'FR/..'], '"FR/.." begins no names'],
    ['an unknown right', ['--rights', 'read DG99'], 'AT terminals have no right "read DG99"; they have: age verif'],
    ['a right of another type', ['--type', 'ST', '--rights', 'read DG1'], 'ST terminals have no right "read DG1"'],
    ['no such day', ['--from', '2026-02-30'], '--from takes a day from 2000-01-01 to 2099-12-31, and "2026-02-30"'],
    ['another century', ['--to', '1999-12-31'], '--to takes a day from 2000-01-01'],
    ['an end before the beginning', ['--from', '2026-02-02', '--to', '2026-02-01'], '--to is before --from'],
    ['a curve that is none', ['--curve', 'secp256k1'], "argument 'secp256k1' is invalid"],
    ['test keys on another curve', ['--test', '--curve', 'P-256'], "'--test' cannot be used with"],
  ])('refuses %s, and makes nothing', async (_, args, why) => {
    const { exit, err } = await pki('init', lab, ...args);
    expect([exit, existsSync(lab)]).toEqual([2, false]);
    expect(err).toContain(why);
  });

  it('refuses a folder with something in it', async () => {
    await pki('init', lab);
    const before = readdirSync(lab).map((name) => readFileSync(inLab(name)));
    const { exit, err } = await pki('init', lab);
    expect([exit, err]).toEqual([
      2,
      `vitap: ${lab} is not empty; a hierarchy begins in a folder of its own: name another one\n`,
    ]);
    expect(readdirSync(lab).map((name) => readFileSync(inLab(name)))).toEqual(before);
  });
});

describe('pki issue', () => {
  beforeEach(async () => void (await pki('init', lab, '--from', '2026-01-01')));

  it('moves on to a new root on another curve, whose terminals bring the link certificate', async () => {
    const steps = [
      ['link', 'FRLABCVCA00002', '--curve', 'P-384', '--from', '2026-02-01'],
      ['dv-foreign', 'FRLABDV00002', '--by', 'FRLABCVCA00002', '--from', '2026-02-02'],
      ['terminal', 'FRLABAT00002', '--by', 'FRLABDV00002', '--rights', 'read DG4', '--from', '2026-02-03'],
    ];
    for (const step of steps) expect(await pki('issue', lab, ...step)).toMatchObject({ exit: 0, err: '' });
    expect(roleOf(certificateOf('FRLABDV00002').authorization)).toBe('DV-other');
    const keys = readTerminalKeys(inLab('FRLABAT00002.keys.json'), crypto);
    expect([keys.certificates.length, keys.key.curve, keys.key.hash]).toEqual([3, 'P-384', 'sha-384']);
    const shown = await pki('show', inLab('FRLABAT00002.keys.json'), '--trust', inLab('FRLABCVCA00001'), '--json');
    expect(JSON.parse(shown.out)).toMatchObject({
      verdict: 'PASS',
      certificates: [
        { id: 'FRLABCVCA00002', role: 'CVCA', authority: 'FRLABCVCA00001', curve: 'P-384', signature: 'right' },
        { id: 'FRLABDV00002', role: 'DV-other', curve: 'P-384', domainParameters: false },
        { id: 'FRLABAT00002', role: 'terminal', rights: ['read DG4'], effectiveDate: '2026-02-03' },
      ],
    });
  });

  it.each<[string, string[], string]>([
    ['a name that is there', ['terminal', 'FRLABAT00001'], 'FRLABAT00001.keys.json is there already'],
    ['a name that is none', ['terminal', '../../etc/passwd'], '"../../etc/passwd" is no holder reference'],
    ['a lower-case name', ['terminal', 'frlab00001'], '"frlab00001" is no holder reference'],
    ['an issuer that is not there', ['terminal', 'FRLABAT00002', '--by', 'FRLABDV00009'], 'there is no such file'],
    [
      'a root that issues a terminal',
      ['terminal', 'FRLABAT00002', '--by', 'FRLABCVCA00001'],
      'FRLABCVCA00001 has the role CVCA, which issues no such certificate',
    ],
    ['a terminal that issues', ['dv-domestic', 'FRLABDV00002', '--by', 'FRLABAT00001'], 'has the role terminal'],
    ['a curve below the root', ['terminal', 'FRLABAT00002', '--curve', 'P-256'], '--curve and --hash are for the next'],
    ['a role that is none', ['boss', 'FRLABAT00002'], "'boss' is invalid"],
  ])('refuses %s', async (_, args, why) => {
    const before = readdirSync(lab);
    const { exit, err } = await pki('issue', lab, ...args);
    expect([exit, readdirSync(lab)]).toEqual([2, before]);
    expect(err).toContain(why);
  });

  it('says who could sign when several can', async () => {
    await pki('issue', lab, 'dv-domestic', 'FRLABDV00002');
    const { exit, err } = await pki('issue', lab, 'terminal', 'FRLABAT00002');
    expect([exit, err]).toEqual([
      2,
      `vitap: ${lab}: several could issue a certificate of a terminal: name one with --by (FRLABDV00001, FRLABDV00002)\n`,
    ]);
  });

  it.each<[string, () => void, string]>([
    [
      'the key of another',
      () => writeFileSync(inLab('FRLABDV00001.pkcs8'), readFileSync(inLab('FRLABAT00001.pkcs8'))),
      'not the private key of the certificate',
    ],
    [
      'the certificate of another',
      () => writeFileSync(inLab('FRLABDV00001'), readFileSync(inLab('FRLABAT00001'))),
      'not the private key of the certificate',
    ],
    ['a key that is none', () => writeFileSync(inLab('FRLABDV00001.pkcs8'), 'x'), 'no private key in PKCS #8 or SEC 1'],
    ['a certificate that is none', () => writeFileSync(inLab('FRLABDV00001'), 'x'), 'FRLABDV00001: '],
  ])('notices %s', async (_, spoil, why) => {
    spoil();
    const { exit, err } = await pki('issue', lab, 'terminal', 'FRLABAT00002', '--by', 'FRLABDV00001');
    expect(exit).toBe(2);
    expect(err).toContain(why);
    expect(err).not.toContain('fault of vitap');
  });
});

describe('pki show', () => {
  it('shows a published chain in words', async () => {
    const { exit, out } = await pki('show', ...writePublished('dv', 'at'));
    expect(exit).toBe(0);
    expect(out).toBe(
      [
        'UTTESTDVUT00001',
        `  file       ${join(base, 'dv.cvcert')}`,
        '  role       document verifier, official and domestic; authentication terminals (AT)',
        '  issued by  UTTESTCVCA00002',
        '  valid      2026-01-01 to 2026-04-01',
        '  key        ECDSA with SHA-256 on its root’s curve',
        '  rights     CAN allowed, read DG1 to DG22, PSA, write DG22',
        '  signature  not checked: the key of UTTESTCVCA00002 was not given',
        '  verdict    INCONCLUSIVE: no trust anchor was given',
        '',
        'UTTESTATUT00001',
        `  file       ${join(base, 'at.cvcert')}`,
        '  role       terminal; authentication terminals (AT)',
        '  issued by  UTTESTDVUT00001',
        '  valid      2026-01-10 to 2026-02-10',
        '  key        ECDSA with SHA-256 on its root’s curve',
        '  rights     CAN allowed, read DG1 to DG8',
        '  signature  not checked: the key of UTTESTDVUT00001 was not given',
        '  verdict    INCONCLUSIVE: no trust anchor was given',
        '',
      ].join('\n'),
    );
  });

  it('judges it against the trust point, on a day', async () => {
    const files = writePublished('link', 'cvca2', 'dv', 'at');
    const [trust] = writePublished('cvca1') as [string];
    const on = async (date: string) =>
      JSON.parse((await pki('show', ...files, '--trust', trust, '--date', date, '--json')).out) as {
        verdict: string;
        certificates: { verdict: string; reason: string }[];
      };
    expect(await on('2026-01-15')).toMatchObject({ verdict: 'PASS', trust: { holder: 'UTTESTCVCA00001' } });
    const late = await on('2026-03-01');
    expect(late.verdict).toBe('FAIL');
    expect(late.certificates.map(({ verdict }) => verdict)).toEqual(['PASS', 'PASS', 'PASS', 'FAIL']);
    expect(late.certificates[3]?.reason).toBe('it has expired');
  });

  it('reads hexadecimal digits, and several certificates in a row', async () => {
    const [hex, row] = [join(base, 'hex.txt'), join(base, 'row.bin')];
    writeFileSync(hex, published('dv').replace(/(.{64})/g, '$1\n'));
    writeFileSync(row, fromHex(published('cvca2') + published('dv') + published('at')));
    expect((await pki('show', hex)).out).toContain('UTTESTDVUT00001');
    const { certificates } = JSON.parse((await pki('show', row, '--json')).out);
    expect(certificates.map(({ signature }: { signature: string }) => signature)).toEqual(['right', 'right', 'right']);
  });

  it.each<[string, string]>(computedPki.refusals.rows.map((row: { name: string }) => [row.name, row.name]))(
    'says of the published bad certificate, %s, that it is bad',
    async (_, name) => {
      const row = computedPki.refusals.rows.find((each: { name: string }) => each.name === name);
      const bad = join(base, 'bad.cvcert');
      writeFileSync(bad, fromHex(row.certificate));
      const before = writePublished(...(row.after as string[]));
      const [trust] = writePublished('cvca1') as [string];
      const { exit } = await pki('show', ...before, bad, '--trust', trust, '--date', '2026-01-15');
      expect(exit).not.toBe(0);
    },
  );

  it('fails on one bit that was changed', async () => {
    const file = join(base, 'changed.bin');
    const bytes = fromHex(published('cvca2') + published('dv'));
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    const { exit, out } = await pki('show', file);
    expect(exit).toBe(1);
    expect(out).toContain('FAIL: the signature is not one of UTTESTCVCA00002');
  });

  it.each<[string, string | Uint8Array, string]>([
    ['nothing', '', 'no card-verifiable certificate (object 7F21) is in it'],
    ['text', 'hello', 'not card-verifiable certificates: '],
    ['an X.509 certificate', fromHex('3003020101'), 'tag 30 where 7F21 should be'],
    ['a length of 4 GB', fromHex('7F2184FFFFFFFF'), 'not card-verifiable certificates: '],
    ['a certificate that ends early', fromHex(published('dv')).subarray(0, 200), 'not card-verifiable certificates: '],
    ['JSON of something else', '{"a":1}', 'no terminal keys: certificates is not as the format has it'],
    ['half JSON', '{"certificates":', 'neither certificates nor terminal keys'],
    ['an empty certificate', fromHex('7F2100'), 'tag 7F4E is missing'],
    ['too many', fromHex('7F2100'.repeat(65)), 'more than 64 certificates'],
  ])('says what is wrong with %s', async (_, content, why) => {
    const file = join(base, 'file');
    writeFileSync(file, content);
    const { exit, err } = await pki('show', file);
    expect(exit).toBe(2);
    expect(err).toContain(why);
    expect(err).not.toMatch(/fault of vitap|\n\s+at /);
  });

  it('takes a root alone as the trust anchor', async () => {
    const [dv, at] = writePublished('dv', 'at') as [string, string];
    const { exit, err } = await pki('show', at, '--trust', dv);
    expect([exit, err]).toEqual([2, `vitap: ${dv}: no trust anchor: a root certificate has its domain parameters\n`]);
  });
});
