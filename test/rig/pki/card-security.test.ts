import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signCardSecurity, testDocumentSigner, testSigningAuthority } from '../../../rig/pki/card-security.ts';
import { readCardSecurity } from '../../../rig/pki/passive-authentication.ts';
import { testPrivateKey, testTerminalKeys } from '../../../rig/pki/test-hierarchy.ts';
import { TEST_SIGNING_AUTHORITY } from '../../../rig/pki/test-signing-authority.ts';
import { issueX509 } from '../../../rig/pki/x509.ts';
import { fromHex } from '../../../src/apdu/index.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import {
  chipAuthenticationInfo,
  chipAuthenticationPublicKeyInfo,
  encodeSecurityInfos,
  paceInfo,
  parseSecurityInfos,
  terminalAuthenticationInfo,
} from '../../../src/secure-channel/index.ts';

const crypto = nobleCrypto();
const chipKey = crypto.publicKey('brainpoolP256r1', testPrivateKey(crypto, 'brainpoolP256r1', 'a chip'));
const infos = encodeSecurityInfos([
  paceInfo({ mapping: 'GM', cipher: 'AES-128' }, 13),
  chipAuthenticationInfo('AES-128', 1),
  chipAuthenticationPublicKeyInfo('brainpoolP256r1', chipKey, 1),
  terminalAuthenticationInfo(),
]);
const signer = testDocumentSigner(crypto);
const authority = testSigningAuthority(crypto);
const file = signCardSecurity(crypto, infos, signer);
const day = new Date('2026-06-01T12:00:00Z');
const trusted = [authority.certificate];

const never = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2049-12-31T00:00:00Z') };
const other = issueX509(
  crypto,
  { commonName: 'Vitap test CSCA', serialNumber: 1, authority: true, ...never },
  testPrivateKey(crypto, 'P-256', 'somebody else'),
  null,
);

describe('EF.CardSecurity', () => {
  it('holds the infos, and is believed under its authority or its signer', () => {
    for (const certificate of [authority.certificate, signer.certificate]) {
      const read = readCardSecurity(file, [certificate], day);
      expect(read).toEqual({ infos, signer: 'C=FR, CN=Vitap test document signer', doubt: null });
    }
    const kinds = parseSecurityInfos(infos).map(({ kind }) => kind);
    expect(kinds).toEqual(['pace', 'chip-authentication', 'chip-authentication-public-key', 'terminal-authentication']);
  });

  it('is the same each time, and may have padding after it', () => {
    expect(signCardSecurity(crypto, infos, testDocumentSigner(crypto))).toEqual(file);
    expect(readCardSecurity(Uint8Array.of(...file, 0, 0, 0), trusted, day).doubt).toBeNull();
  });

  it.each<[string, readonly Uint8Array[], Date, string]>([
    ['nobody', [], day, 'nobody who is trusted issued the certificate of its signer'],
    ['another authority of the same name', [other.certificate], day, 'nobody who is trusted issued'],
    ['something that is no certificate', [fromHex('3003020101')], day, 'nobody who is trusted issued'],
    [
      'the authority, before its time',
      trusted,
      new Date('2019-12-31'),
      "its signer's certificate does not hold on this",
    ],
    [
      'the authority, after its time',
      trusted,
      new Date('2050-01-01'),
      "its signer's certificate does not hold on this",
    ],
  ])('is doubted when %s is trusted', (_, certificates, at, why) => {
    expect(readCardSecurity(file, certificates, at).doubt).toContain(why);
  });

  it('is doubted when a signer that issues nothing issued its signer', () => {
    const below = issueX509(
      crypto,
      { commonName: 'below', serialNumber: 3, authority: false, ...never },
      testPrivateKey(crypto, 'P-256', 'below'),
      signer,
    );
    const signed = signCardSecurity(crypto, infos, below);
    expect(readCardSecurity(signed, [authority.certificate, signer.certificate], day).doubt).toContain('nobody who is');
    expect(readCardSecurity(signed, [below.certificate], day).doubt).toBeNull();
  });

  it('is doubted when its content, or its signature, is that of another file', () => {
    const otherInfos = encodeSecurityInfos([paceInfo({ mapping: 'GM', cipher: 'AES-128' }, 12)]);
    const swapped = Buffer.from(file);
    swapped.set(
      Buffer.from(infos).map((byte, index) => (index === infos.length - 1 ? byte ^ 3 : byte)),
      swapped.indexOf(infos),
    );
    expect(readCardSecurity(swapped, trusted, day).doubt).toBe('its content is not what was signed');
    const theirs = signCardSecurity(crypto, otherInfos, signer);
    const forged = Buffer.from(file);
    // The signature alone, from the end: a SEQUENCE of about 70 bytes.
    forged.set(theirs.subarray(-60), forged.length - 60);
    expect(readCardSecurity(forged, trusted, day).doubt).toMatch(/its signature is wrong|cannot be used/);
  });

  it('is never believed with other infos, whichever bit is changed', { timeout: 60_000 }, () => {
    const outcomes = { believed: 0, doubted: 0, malformed: 0 };
    for (let at = 0; at < file.length; at++) {
      const changed = Uint8Array.from(file);
      changed[at]! ^= 1 << (at % 8);
      try {
        const read = readCardSecurity(changed, trusted, day);
        if (read.doubt === null) expect(read.infos).toEqual(infos);
        outcomes[read.doubt === null ? 'believed' : 'doubted']++;
      } catch (error) {
        expect(error).toMatchObject({ name: 'ChannelError', fault: 'malformed' });
        outcomes.malformed++;
      }
    }
    // Versions and the list of digests are not under the signature.
    expect(outcomes.believed).toBeLessThan(file.length / 20);
    expect(outcomes.doubted).toBeGreaterThan(file.length / 2);
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['zeros', new Uint8Array(100)],
    ['the infos alone', infos],
    ['a length of 4 GB', fromHex('3084FFFFFFFF0609')],
    ['half of it', file.subarray(0, 400)],
    ['an empty sequence', fromHex('3000')],
    ['a certificate', signer.certificate],
  ])('is malformed when it is %s', (_, bytes) => {
    expect(() => readCardSecurity(bytes, trusted, day)).toThrow(
      expect.objectContaining({ name: 'ChannelError', fault: 'malformed' }),
    );
  });
});

describe('an X.509 certificate', () => {
  it('of the test authority is the one that terminals have', () => {
    expect(TEST_SIGNING_AUTHORITY).toEqual(authority.certificate);
    expect(testTerminalKeys(crypto).signers).toEqual([authority.certificate]);
  });

  it('verifies under its own key, whatever its signature begins with', () => {
    for (let serialNumber = 1; serialNumber < 60; serialNumber++) {
      const fields = { commonName: 'many', serialNumber, authority: true, ...never };
      const { certificate } = issueX509(crypto, fields, testPrivateKey(crypto, 'P-256', 'many'), null);
      const read = new X509Certificate(certificate);
      expect(read.verify(read.publicKey)).toBe(true);
    }
  });
});
