import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { signCardSecurity, testDocumentSigner, testSigningAuthority } from '../../rig/pki/card-security.ts';
import { readCardSecurity } from '../../rig/pki/passive-authentication.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { encodeSecurityInfos, paceInfo, terminalAuthenticationInfo } from '../../src/secure-channel/index.ts';
import { describeNeeds, itNeeds, type RealPart } from './real-parts.ts';

const NEEDS: readonly RealPart[] = ['openssl'];
/** bsi-de applications(3) eID(2) securityObject(1). */
const SECURITY_OBJECT = '0.4.0.127.0.7.3.2.1';

const crypto = nobleCrypto();
const infos = encodeSecurityInfos([paceInfo({ mapping: 'GM', cipher: 'AES-128' }, 13), terminalAuthenticationInfo()]);

let folder: string;
const at = (name: string): string => join(folder, name);

function openssl(...args: string[]): { readonly status: number | null; readonly err: string } {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8', cwd: folder });
  return { status, err: stderr };
}

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
const der = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/-----.*?-----|\s/g, ''), 'base64'));

describeNeeds(NEEDS, 'EF.CardSecurity and OpenSSL', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'card-security-'));
    writeFileSync(at('infos'), infos);
    writeFileSync(at('authority.pem'), pem(testSigningAuthority(crypto).certificate));
    writeFileSync(at('ours'), signCardSecurity(crypto, infos, testDocumentSigner(crypto)));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  itNeeds(NEEDS, 'openssl cms verifies ours, and gives the infos back', () => {
    const verified = openssl(
      'cms',
      '-verify',
      '-inform',
      'DER',
      '-in',
      'ours',
      '-CAfile',
      'authority.pem',
      '-out',
      'out',
    );
    expect(verified).toMatchObject({ status: 0, err: expect.stringContaining('CMS Verification successful') });
    expect(new Uint8Array(readFileSync(at('out')))).toEqual(infos);
  });

  itNeeds(NEEDS, 'openssl cms refuses ours with one bit changed', () => {
    const changed = readFileSync(at('ours'));
    const inInfos = changed.indexOf(infos) + infos.length - 1;
    changed[inInfos]! ^= 1;
    writeFileSync(at('changed'), changed);
    const verified = openssl(
      'cms',
      '-verify',
      '-inform',
      'DER',
      '-in',
      'changed',
      '-CAfile',
      'authority.pem',
      '-out',
      'out',
    );
    expect(verified.status).not.toBe(0);
  });

  for (const [name, key] of [
    ['P-256', ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256']],
    ['brainpoolP384r1', ['EC', '-pkeyopt', 'ec_paramgen_curve:brainpoolP384r1']],
    [
      'brainpoolP256r1, its parameters written out',
      ['EC', '-pkeyopt', 'ec_paramgen_curve:brainpoolP256r1', '-pkeyopt', 'ec_param_enc:explicit'],
    ],
    ['RSA', ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048']],
  ] as const) {
    itNeeds(NEEDS, `we verify what OpenSSL signs: ${name}`, () => {
      const make = (...args: string[]): void => {
        const { status, err } = openssl(...args);
        if (status !== 0) throw new Error(err);
      };
      for (const who of ['root', 'signer']) make('genpkey', '-algorithm', ...key, '-out', `${who}.key`);
      make('req', '-new', '-x509', '-key', 'root.key', '-subj', '/CN=Other CSCA', '-days', '10', '-out', 'root.pem');
      make('req', '-new', '-key', 'signer.key', '-subj', '/CN=Other signer', '-out', 'signer.csr');
      make(
        'x509',
        '-req',
        '-in',
        'signer.csr',
        '-CA',
        'root.pem',
        '-CAkey',
        'root.key',
        '-days',
        '5',
        '-out',
        'signer.pem',
      );
      make(
        ...['cms', '-sign', '-in', 'infos', '-binary', '-nodetach', '-econtent_type', SECURITY_OBJECT],
        ...['-signer', 'signer.pem', '-inkey', 'signer.key', '-outform', 'DER', '-out', 'theirs'],
      );
      const theirs = new Uint8Array(readFileSync(at('theirs')));
      const root = der(readFileSync(at('root.pem'), 'utf8'));
      const now = new Date();
      expect(readCardSecurity(theirs, [root], now)).toEqual({ infos, signer: 'CN=Other signer', doubt: null });
      const ours = testSigningAuthority(crypto).certificate;
      expect(readCardSecurity(theirs, [ours], now).doubt).toContain('nobody who is trusted');
    });
  }
});
