import { describe, expect, it, vi } from 'vitest';
import { issueHolder, linkCertificate, makeRoot, matchingHash } from '../../../rig/pki/holder.ts';
import { encodeReference, isReference, referenceText } from '../../../rig/pki/reference.ts';
import { testPrivateKey, testRoot } from '../../../rig/pki/test-hierarchy.ts';
import type { CurveName } from '../../../src/hal/crypto.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import {
  type Accepted,
  authorizationOf,
  type ImportedKey,
  judgeCertificate,
  parseCertificate,
  rightsOfType,
  rootTrustPoint,
} from '../../../src/secure-channel/index.ts';

/** Keys and signatures on large curves, on a machine that does other things too. */
vi.setConfig({ testTimeout: 30_000 });
const crypto = nobleCrypto();

describe('a link certificate', () => {
  it.each<CurveName>(['P-256', 'P-384', 'brainpoolP512r1'])('moves a chip on to a new root, on %s', (curve) => {
    const old = testRoot(crypto);
    const next = makeRoot(
      crypto,
      {
        name: 'FRVITAPCVCA00002',
        privateKey: testPrivateKey(crypto, curve, 'next'),
        authorization: authorizationOf('AT', 'CVCA', rightsOfType('AT')),
        validity: { from: 260101, to: 360101 },
      },
      { curve, hash: matchingHash(curve) },
    );
    const oldKey = rootTrustPoint(crypto, parseCertificate(old.certificate)) as ImportedKey;
    const link = judgeCertificate(
      crypto,
      { trustPoints: [oldKey], date: 250101 },
      oldKey,
      parseCertificate(linkCertificate(crypto, old, next)),
    ) as Accepted;
    expect(link.state.trustPoints.map(({ holderReference }) => referenceText(holderReference))).toEqual([
      'FRVITAPCVCA00002',
      'FRVITAPCVCA00001',
    ]);
    const documentVerifier = issueHolder(crypto, next, {
      name: 'FRVITAPDV00002',
      privateKey: testPrivateKey(crypto, curve, 'verifier'),
      authorization: authorizationOf('AT', 'DV-other', ['read DG1']),
      validity: { from: 260102, to: 270101 },
    });
    const judged = judgeCertificate(crypto, link.state, link.key, parseCertificate(documentVerifier.certificate));
    expect(judged).toHaveProperty('state.date', 260102);
  });
});

describe('a reference', () => {
  it.each([
    ['FRVITAPCVCA00001', true],
    ['DE00001', true],
    ['FRVITAPCVCA000012', false],
    ['FR0001', false],
    ['frVITAP00001', false],
    ['FR../../00001', false],
    ['FR VITAP00001', false],
  ])('%s: %s', (text, is) => expect(isReference(text)).toBe(is));

  it('reads back, and hides what cannot be shown', () => {
    expect(referenceText(encodeReference('FRVITAPAT00001'))).toBe('FRVITAPAT00001');
    expect(referenceText(Uint8Array.of(0x46, 0x1b, 0x52, 0xe9))).toBe('F?R?');
  });
});
