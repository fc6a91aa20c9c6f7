import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { testAuthorityKey } from '../../rig/card/profile/test-keys.ts';
import { runCommandLine } from '../../rig/command/program.ts';
import { VERBS } from '../../rig/command/verbs/index.ts';
import { makeRoot } from '../../rig/pki/holder.ts';
import { decodePrivateKey } from '../../rig/pki/private-key.ts';
import { TlvReader } from '../../src/apdu/index.ts';
import { signFiles, TEST_AUTHORITY, TEST_SIGNER } from '../../src/applet/vitale/index.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { authorizationOf, parseCertificate, rightsOf, roleOf } from '../../src/secure-channel/index.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { describeNeeds, itNeeds, type RealPart } from './real-parts.ts';

vi.setConfig({ testTimeout: 60_000 });

/** OpenPACE's programs: one makes card-verifiable certificates, the other checks them. */
const NEEDS: readonly RealPart[] = ['openpace', 'openssl'];

const crypto = nobleCrypto();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certificates-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function pki(...args: string[]): Promise<{ exit: number; out: string }> {
  const io = fakeIo();
  const exit = await runCommandLine(['pki', ...args], '0.0.0', VERBS, io);
  if (io.err.length > 0) throw new Error(io.err.join(''));
  return { exit, out: io.out.join('') };
}

/** What cvc-print says of a certificate of a folder in which each has the name of its holder. */
function cvcPrint(lab: string, name: string): string {
  const { stdout } = spawnSync('cvc-print', [`--cvc=${join(lab, name)}`, `--cvc-dir=${lab}`], { encoding: 'utf8' });
  return stdout;
}

const CURVES = ['P-256', 'P-384', 'P-521', 'brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1'];
const TYPES = { AT: 'Authentication terminal', IS: 'Inspection system', ST: 'Signature terminal' };

describeNeeds(NEEDS, 'cvc-print verifies what pki makes', () => {
  for (const curve of CURVES) {
    itNeeds(NEEDS, `on ${curve}: root, link, both kinds of document verifiers, terminals`, async () => {
      const lab = join(folder, 'lab');
      const other = curve === 'P-256' ? 'brainpoolP384r1' : 'P-256';
      await pki('init', lab, '--curve', curve, '--rights', 'read DG4, write DG17, PIN management');
      await pki('issue', lab, 'dv-foreign', 'FRLABDV00002');
      await pki('issue', lab, 'terminal', 'FRLABAT00002', '--by', 'FRLABDV00002', '--rights', 'none');
      await pki('issue', lab, 'link', 'FRLABCVCA00002', '--curve', other);
      await pki('issue', lab, 'dv-domestic', 'FRLABDV00003', '--by', 'FRLABCVCA00002');
      await pki('issue', lab, 'terminal', 'FRLABAT00003', '--by', 'FRLABDV00003');
      const names = readdirSync(lab).filter((name) => !/\.(pkcs8|json)$/.test(name));
      expect(names).toHaveLength(9);
      for (const name of names) expect(cvcPrint(lab, name), name).toContain('certificate verified');
      expect(cvcPrint(lab, 'FRLABAT00001')).toContain(
        '    Authentication terminal\n      PIN Management\n      Read DG 4 (Given Names)\n      Write DG 17 (Normal Place of Residence)',
      );
    });
  }

  for (const type of ['AT', 'IS', 'ST'] as const) {
    for (const hash of ['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']) {
      itNeeds(NEEDS, `${type} with ${hash}`, async () => {
        const lab = join(folder, 'lab');
        await pki('init', lab, '--type', type, '--hash', hash);
        for (const name of ['FRLABCVCA00001', 'FRLABDV00001', `FRLAB${type}00001`]) {
          const said = cvcPrint(lab, name);
          expect(said).toContain('certificate verified');
          expect(said).toContain(TYPES[type]);
        }
      });
    }
  }

  itNeeds(NEEDS, 'and not one of which a bit was changed', async () => {
    const lab = join(folder, 'lab');
    await pki('init', lab);
    const file = join(lab, 'FRLABDV00001');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    expect(cvcPrint(lab, 'FRLABDV00001')).toContain('certificate not verified');
    // The terminal's chain leads through it.
    expect(cvcPrint(lab, 'FRLABAT00001')).toContain('certificate not verified');
    expect(cvcPrint(lab, 'FRLABCVCA00001')).toContain('certificate verified');
  });
});

function run(program: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}\n${stderr}`);
}

/** Has cvc-create make a chain of three in the folder. */
function makeChain(curve: string, type: string, scheme: string, rights: readonly string[]): void {
  const root = ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`, '-outform', 'DER', '-out', 'root.p8'];
  run('openssl', 'genpkey', ...root);
  const options = [`--type=${type}`, `--scheme=${scheme}`, '--issued=260101', '--expires=301231', ...rights];
  makeOne('DECVCATEST00001', '--role=cvca', '--key=root.p8', '--sign-with=root.p8', ...options);
  const byRoot = ['--sign-as=DECVCATEST00001.cvcert', '--sign-with=root.p8'];
  makeOne('DEDVTEST00001', '--role=dv_domestic', ...byRoot, ...options);
  const byVerifier = ['--sign-as=DEDVTEST00001.cvcert', '--sign-with=DEDVTEST00001.pkcs8'];
  makeOne('DETERMTEST00001', '--role=terminal', ...byVerifier, ...options);
}

/**
 * Until the signature has its whole length: cvc-create leaves out zeros that both r and s begin with, on P-521 every
 * fourth time. BSI TR-03111 has r and s as long as the order.
 */
function makeOne(name: string, ...args: string[]): void {
  for (let tries = 0; ; tries++) {
    run('cvc-create', `--chr=${name}`, ...args);
    const { signature } = parseCertificate(readFileSync(join(folder, `${name}.cvcert`)));
    if (WHOLE_SIGNATURES.includes(signature.length)) return;
    if (tries === 50) throw new Error(`a signature of ${signature.length} bytes`);
  }
}

/** Of orders of 256, 384, 512 and 521 bits. */
const WHOLE_SIGNATURES = [64, 96, 128, 132];

const CHAIN = ['DECVCATEST00001.cvcert', 'DEDVTEST00001.cvcert', 'DETERMTEST00001.cvcert'];

describeNeeds(NEEDS, 'we verify what cvc-create makes', () => {
  const rows: [curve: string, hash: string][] = [
    ['prime256v1', '256'],
    ['secp384r1', '384'],
    ['secp521r1', '512'],
    ['brainpoolP256r1', '1'],
    ['brainpoolP256r1', '224'],
    ['brainpoolP384r1', '384'],
    ['brainpoolP512r1', '512'],
  ];
  for (const [curve, hash] of rows) {
    for (const [type, right, said] of [
      ['at', '--read-dg4', 'read DG4'],
      ['is', '--read-finger', 'read DG3'],
      ['st', '--gen-qualified-sig', 'generate qualified electronic signature'],
    ] as const) {
      itNeeds(NEEDS, `on ${curve}, ${type}, with SHA-${hash}`, async () => {
        makeChain(curve, type, `ECDSA_SHA_${hash}`, [right]);
        const files = CHAIN.map((file) => join(folder, file));
        const { exit, out } = await pki('show', ...files, '--trust', files[0]!, '--date', '2026-06-01', '--json');
        expect(exit).toBe(0);
        const { verdict, certificates } = JSON.parse(out);
        expect(verdict).toBe('PASS');
        expect(certificates).toMatchObject([
          { id: 'DECVCATEST00001', role: 'CVCA', signature: 'right', rights: [said], hash: `sha-${hash}` },
          { id: 'DEDVTEST00001', role: 'DV-official-domestic', signature: 'right', rights: [said] },
          { id: 'DETERMTEST00001', role: 'terminal', terminalType: type.toUpperCase(), rights: [said] },
        ]);
        expect(certificates[2]).toMatchObject({ effectiveDate: '2026-01-01', expirationDate: '2030-12-31' });
      });
    }
  }

  itNeeds(NEEDS, 'a foreign document verifier, one right each', async () => {
    makeChain('brainpoolP256r1', 'at', 'ECDSA_SHA_256', []);
    const options = ['--issued=260101', '--expires=301231', '--scheme=ECDSA_SHA_256', '--write-dg17'];
    const byRoot = ['--sign-as=DECVCATEST00001.cvcert', '--sign-with=root.p8'];
    run('cvc-create', '--role=dv_foreign', '--chr=DEDVTEST00002', ...byRoot, ...options);
    const { authorization } = parseCertificate(readFileSync(join(folder, 'DEDVTEST00002.cvcert')));
    expect([roleOf(authorization), rightsOf(authorization)]).toEqual(['DV-other', ['write DG17']]);
  });

  itNeeds(NEEDS, 'and issue below them, with their keys', async () => {
    makeChain('brainpoolP256r1', 'at', 'ECDSA_SHA_256', ['--read-dg4']);
    for (const file of CHAIN) renameSync(join(folder, file), join(folder, file.replace('.cvcert', '')));
    const key = decodePrivateKey(readFileSync(join(folder, 'DEDVTEST00001.pkcs8')), 'its key');
    expect(crypto.publicKey(key.curve, key.privateKey)).toEqual(
      parseCertificate(readFileSync(join(folder, 'DEDVTEST00001'))).publicKey.point,
    );
    await pki('issue', folder, 'terminal', 'FRLABAT00001', '--by', 'DEDVTEST00001');
    expect(cvcPrint(folder, 'FRLABAT00001')).toContain('certificate verified');
  });

  itNeeds(NEEDS, 'not one of P-521 whose signature lacks its first zeros, and say so', async () => {
    run(
      'openssl',
      'genpkey',
      '-algorithm',
      'EC',
      '-pkeyopt',
      'ec_paramgen_curve:secp521r1',
      '-outform',
      'DER',
      '-out',
      'root.p8',
    );
    const options = ['--type=at', '--scheme=ECDSA_SHA_512', '--expires=301231', '--key=root.p8', '--sign-with=root.p8'];
    const file = join(folder, 'DECVCATEST00001.cvcert');
    // One in four: none in 200 will not happen.
    let length = 132;
    for (let tries = 0; tries < 200 && length === 132; tries++) {
      run('cvc-create', '--role=cvca', '--chr=DECVCATEST00001', ...options);
      length = parseCertificate(readFileSync(file)).signature.length;
    }
    expect(length).toBe(130);
    const { exit, out } = await pki('show', file);
    expect(exit).toBe(1);
    expect(out).toContain('FAIL: the signature has 130 bytes, and 132 on P-521, the curve of DECVCATEST00001');
  });

  itNeeds(NEEDS, 'not those with RSA, and say so', async () => {
    run(
      'openssl',
      'genpkey',
      '-algorithm',
      'RSA',
      '-pkeyopt',
      'rsa_keygen_bits:1024',
      '-outform',
      'DER',
      '-out',
      'rsa.p8',
    );
    const options = [
      '--type=at',
      '--scheme=RSA_v1_5_SHA_256',
      '--expires=301231',
      '--key=rsa.p8',
      '--sign-with=rsa.p8',
    ];
    run('cvc-create', '--role=cvca', '--chr=DECVCATEST00001', ...options);
    await expect(pki('show', join(folder, 'DECVCATEST00001.cvcert'))).rejects.toThrow(
      'the public key is for another algorithm than ECDSA',
    );
  });
});

describeNeeds(NEEDS, 'the certificate in E00F', () => {
  itNeeds(NEEDS, 'is verified by cvc-print under its authority', () => {
    const privateKey = testAuthorityKey(crypto);
    const authority = makeRoot(
      crypto,
      {
        name: TEST_AUTHORITY,
        privateKey,
        authorization: authorizationOf('ST', 'CVCA', []),
        validity: { from: 240101, to: 991231 },
      },
      { curve: 'P-256', hash: 'sha-256' },
    );
    const signer = crypto.privateKey('P-256', new Uint8Array(40).fill(7));
    const content = signFiles(crypto, { authority: privateKey, signer }, [[], [], []], '20240229');
    const certificate = new TlvReader(content);
    certificate.next();
    writeFileSync(join(folder, TEST_AUTHORITY), authority.certificate);
    writeFileSync(join(folder, TEST_SIGNER), content.subarray(0, certificate.valueOffset + certificate.valueLength));
    const said = cvcPrint(folder, TEST_SIGNER);
    expect(said).toContain('certificate verified');
    expect(said).toContain('Effective Date: 2024-02-29\n  Expiration Date: 2034-02-28');
  });
});
