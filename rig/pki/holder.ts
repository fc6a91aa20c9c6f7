import type { Crypto, CurveName, HashName } from '../../src/hal/crypto.ts';
import {
  type Authorization,
  type IssuerKey,
  issueCertificate,
  parseCertificate,
} from '../../src/secure-channel/index.ts';
import { encodeReference } from './reference.ts';

/** Whoever has a certificate and its private key: a root (CVCA), a document verifier, a terminal. */
export interface Holder {
  readonly name: string;
  /** Object 7F21. */
  readonly certificate: Uint8Array;
  readonly key: IssuerKey;
}

/** First and last day, YYMMDD as numbers. */
export interface Validity {
  readonly from: number;
  readonly to: number;
}

export interface NewHolder {
  readonly name: string;
  readonly privateKey: Uint8Array;
  readonly authorization: Authorization;
  readonly validity: Validity;
}

type HolderCrypto = Pick<Crypto, 'hash' | 'ecdsaSign' | 'publicKey'>;

/** A root: its certificate is signed by itself and has the domain parameters. */
export function makeRoot(
  crypto: HolderCrypto,
  { name, privateKey, authorization, validity }: NewHolder,
  { curve, hash }: { readonly curve: CurveName; readonly hash: HashName },
): Holder {
  const key = { curve, hash, privateKey };
  const certificate = issueCertificate(
    crypto,
    {
      authorityReference: encodeReference(name),
      holderReference: encodeReference(name),
      hash,
      curve,
      point: crypto.publicKey(curve, privateKey),
      withDomainParameters: true,
      authorization,
      effectiveDate: validity.from,
      expirationDate: validity.to,
    },
    key,
  );
  return { name, certificate, key };
}

/** A holder below `issuer`, on the issuer's curve and with its hash. */
export function issueHolder(
  crypto: HolderCrypto,
  issuer: Holder,
  { name, privateKey, authorization, validity }: NewHolder,
): Holder {
  const { curve, hash } = issuer.key;
  const certificate = issueCertificate(
    crypto,
    {
      authorityReference: encodeReference(issuer.name),
      holderReference: encodeReference(name),
      hash,
      curve,
      point: crypto.publicKey(curve, privateKey),
      withDomainParameters: false,
      authorization,
      effectiveDate: validity.from,
      expirationDate: validity.to,
    },
    issuer.key,
  );
  return { name, certificate, key: { curve, hash, privateKey } };
}

/** The link certificate, object 7F21: the key of `next`, signed with that of `root`, which chips know already. */
export function linkCertificate(crypto: HolderCrypto, root: Holder, next: Holder): Uint8Array {
  const { authorization, effectiveDate, expirationDate, publicKey } = parseCertificate(next.certificate);
  return issueCertificate(
    crypto,
    {
      authorityReference: encodeReference(root.name),
      holderReference: encodeReference(next.name),
      hash: next.key.hash,
      curve: next.key.curve,
      point: publicKey.point,
      withDomainParameters: true,
      authorization,
      effectiveDate,
      expirationDate,
    },
    root.key,
  );
}

export { matchingHash } from '../../src/secure-channel/index.ts';
