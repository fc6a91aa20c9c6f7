/**
 * The hierarchy whose root the shipped profiles' cards trust. Its keys come from labels alone, so that anyone can make
 * them again: they protect nothing and are for tests.
 */
import type { Crypto, CurveName } from '../../src/hal/crypto.ts';
import { authorizationOf, rightsOfType } from '../../src/secure-channel/index.ts';
import { type Holder, issueHolder, makeRoot, matchingHash, type Validity } from './holder.ts';
import { parseTerminalKeys, type TerminalKeys, terminalKeysText } from './terminal-keys.ts';
import { TEST_SIGNING_AUTHORITY } from './test-signing-authority.ts';

export const TEST_ROOT = 'FRVITAPCVCA00001';
export const TEST_DOCUMENT_VERIFIER = 'FRVITAPDV00001';
export const TEST_TERMINAL = 'FRVITAPAT00001';
const TEST_CURVE: CurveName = 'brainpoolP256r1';

/** As long as a certificate's two digits of a year can say, for cards that are made on any day. */
const VALIDITY: Validity = { from: 200101, to: 991231 };

type TestCrypto = Pick<Crypto, 'hash' | 'privateKey' | 'publicKey' | 'ecdsaSign'>;

/** The private key that a label stands for, on any curve. */
export function testPrivateKey(
  crypto: Pick<Crypto, 'hash' | 'privateKey'>,
  curve: CurveName,
  label: string,
): Uint8Array {
  const half = (part: number): Uint8Array => crypto.hash('sha-512', Buffer.from(`vitap test ${label} ${part}`));
  return crypto.privateKey(curve, Uint8Array.of(...half(1), ...half(2)));
}

/** The root, with all rights of authentication terminals. `certificate` is what cards take as their trust point. */
export function testRoot(crypto: TestCrypto): Holder {
  return makeRoot(
    crypto,
    {
      name: TEST_ROOT,
      privateKey: testPrivateKey(crypto, TEST_CURVE, TEST_ROOT),
      authorization: authorizationOf('AT', 'CVCA', rightsOfType('AT')),
      validity: VALIDITY,
    },
    { curve: TEST_CURVE, hash: matchingHash(TEST_CURVE) },
  );
}

/** The document verifier below it: official and domestic, so that its terminals' dates advance a card's. */
export function testDocumentVerifier(crypto: TestCrypto): Holder {
  return issueHolder(crypto, testRoot(crypto), {
    name: TEST_DOCUMENT_VERIFIER,
    privateKey: testPrivateKey(crypto, TEST_CURVE, TEST_DOCUMENT_VERIFIER),
    authorization: authorizationOf('AT', 'DV-official-domestic', rightsOfType('AT')),
    validity: VALIDITY,
  });
}

/**
 * The keys of a terminal below both.
 * @param rights as `rightsOfType('AT')` names them; default: all of them
 */
export function testTerminalKeys(crypto: TestCrypto, rights: readonly string[] = rightsOfType('AT')): TerminalKeys {
  const documentVerifier = testDocumentVerifier(crypto);
  const terminal = issueHolder(crypto, documentVerifier, {
    name: TEST_TERMINAL,
    privateKey: testPrivateKey(crypto, TEST_CURVE, TEST_TERMINAL),
    authorization: authorizationOf('AT', 'terminal', rights),
    validity: VALIDITY,
  });
  const certificates = [documentVerifier.certificate, terminal.certificate];
  return parseTerminalKeys(
    terminalKeysText({ certificates, key: terminal.key, signers: [TEST_SIGNING_AUTHORITY] }),
    "the test terminal's keys",
    crypto,
  );
}
