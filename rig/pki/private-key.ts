import { createPrivateKey, type KeyObject } from 'node:crypto';
import { ECParameters, ECPrivateKey } from '@peculiar/asn1-ecc';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import type { Crypto, CurveName } from '../../src/hal/crypto.ts';
import { CannotRun } from '../console/failure.ts';

/** Object identifiers of the curves (SEC 2, RFC 5639), and what OpenSSL calls them. */
const CURVES: Readonly<Record<CurveName, { readonly oid: string; readonly openSsl: string }>> = {
  'P-256': { oid: '1.2.840.10045.3.1.7', openSsl: 'prime256v1' },
  'P-384': { oid: '1.3.132.0.34', openSsl: 'secp384r1' },
  'P-521': { oid: '1.3.132.0.35', openSsl: 'secp521r1' },
  brainpoolP256r1: { oid: '1.3.36.3.3.2.8.1.1.7', openSsl: 'brainpoolP256r1' },
  brainpoolP384r1: { oid: '1.3.36.3.3.2.8.1.1.11', openSsl: 'brainpoolP384r1' },
  brainpoolP512r1: { oid: '1.3.36.3.3.2.8.1.1.13', openSsl: 'brainpoolP512r1' },
};

export const CURVE_NAMES: readonly CurveName[] = Object.keys(CURVES) as CurveName[];

export interface CurveKey {
  readonly curve: CurveName;
  readonly privateKey: Uint8Array;
}

/** PKCS #8 (RFC 5958) in DER, without a password: what OpenSSL and cvc-create read. */
export function encodePrivateKey(crypto: Pick<Crypto, 'publicKey'>, { curve, privateKey }: CurveKey): Uint8Array {
  const key = new ECPrivateKey({
    privateKey: new OctetString(privateKey),
    parameters: new ECParameters({ namedCurve: CURVES[curve].oid }),
    publicKey: Uint8Array.from(crypto.publicKey(curve, privateKey)).buffer,
  });
  const sec1 = Buffer.from(AsnConvert.serialize(key));
  return createPrivateKey({ key: sec1, format: 'der', type: 'sec1' }).export({ format: 'der', type: 'pkcs8' });
}

/**
 * A private key of PKCS #8 or of SEC 1, in DER or PEM: cvc-create writes SEC 1.
 * @throws {CannotRun} no such key, or one on a curve that is not built here
 */
export function decodePrivateKey(bytes: Uint8Array, name: string): CurveKey {
  const key = openKey(Buffer.from(bytes), name);
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  const curve = CURVE_NAMES.find((each) => CURVES[each].openSsl === namedCurve);
  if (key.asymmetricKeyType !== 'ec' || curve === undefined) {
    throw new CannotRun(`${name}: no private key for ECDSA on a curve that vitap has (${CURVE_NAMES.join(', ')})`);
  }
  const sec1 = AsnConvert.parse(key.export({ format: 'der', type: 'sec1' }), ECPrivateKey);
  return { curve, privateKey: new Uint8Array(sec1.privateKey.buffer) };
}

function openKey(bytes: Buffer, name: string): KeyObject {
  const forms = [
    { key: bytes, format: 'der', type: 'pkcs8' },
    { key: bytes, format: 'der', type: 'sec1' },
    { key: bytes, format: 'pem' },
  ] as const;
  for (const form of forms) {
    try {
      return createPrivateKey(form);
    } catch {
      // The next form; OpenSSL's words on each would tell a person nothing.
    }
  }
  throw new CannotRun(`${name}: no private key in PKCS #8 or SEC 1, or one under a password`);
}
