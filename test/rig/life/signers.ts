import type { DeviceSigner } from '../../../rig/life/api/device-request.ts';
import { softwareSigner } from '../../../rig/life/credential/jws.ts';
import { type Holder, issueHolder, makeRoot, type Validity } from '../../../rig/pki/holder.ts';
import type { TrustAnchor } from '../../../rig/pki/judge-certificates.ts';
import type { TerminalKeys } from '../../../rig/pki/terminal-keys.ts';
import { testPrivateKey } from '../../../rig/pki/test-hierarchy.ts';
import type { CurveName } from '../../../src/hal/crypto.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { authorizationOf, matchingHash, parseCertificate, rootTrustPoint } from '../../../src/secure-channel/index.ts';

const crypto = nobleCrypto();

/** A device key in memory, in place of a card's. */
export function device(label: string): DeviceSigner {
  const privateKey = testPrivateKey(crypto, 'P-256', label);
  return { publicKey: crypto.publicKey('P-256', privateKey), signDigest: softwareSigner(crypto, privateKey) };
}

/** What a test wants to be different in a hierarchy of terminals. */
export interface HierarchyOrder {
  readonly curve?: CurveName;
  readonly rights?: readonly string[];
  /** Makes other keys under the same names. */
  readonly label?: string;
  readonly verifier?: Validity;
  readonly terminal?: Validity;
  readonly names?: { readonly root?: string; readonly verifier?: string; readonly terminal?: string };
}

export interface TestHierarchy {
  readonly root: Holder;
  readonly keys: Pick<TerminalKeys, 'certificates' | 'key'>;
  anchor(date: number): TrustAnchor;
}

const LONG: Validity = { from: 200101, to: 991231 };

/** Root, document verifier and terminal on one curve. */
export function hierarchy(order: HierarchyOrder = {}): TestHierarchy {
  const { curve = 'brainpoolP256r1', rights = ['read DG1', 'write DG18'], label = '', names = {} } = order;
  const {
    root: rootName = 'FRLABCVCA00001',
    verifier: verifierName = 'FRLABDV00001',
    terminal: terminalName = 'FRLABAT00001',
  } = names;
  const key = (name: string): Uint8Array => testPrivateKey(crypto, curve, `${label}${name}`);
  const all = authorizationOf('AT', 'CVCA', ['read DG1', 'read DG2', 'write DG18']);
  const root = makeRoot(
    crypto,
    { name: rootName, privateKey: key(rootName), authorization: all, validity: LONG },
    { curve, hash: matchingHash(curve) },
  );
  const verifier = issueHolder(crypto, root, {
    name: verifierName,
    privateKey: key(verifierName),
    authorization: authorizationOf('AT', 'DV-official-domestic', ['read DG1', 'read DG2', 'write DG18']),
    validity: order.verifier ?? LONG,
  });
  const terminal = issueHolder(crypto, verifier, {
    name: terminalName,
    privateKey: key(terminalName),
    authorization: authorizationOf('AT', 'terminal', rights),
    validity: order.terminal ?? LONG,
  });
  return {
    root,
    keys: { certificates: [verifier.certificate, terminal.certificate], key: terminal.key },
    anchor: (date) => ({ key: anchorKey(root.certificate), date }),
  };
}

function anchorKey(certificate: Uint8Array): TrustAnchor['key'] {
  const key = rootTrustPoint(crypto, parseCertificate(certificate));
  if ('reason' in key) throw new Error(key.reason);
  return key;
}
