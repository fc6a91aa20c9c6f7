/**
 * EF.CardSecurity (BSI TR-03110-3, appendix A): SecurityInfos with the chip's public keys, signed by a document signer, as
 * SignedData of CMS (RFC 5652). Whoever reads it and trusts the signer's issuer knows that the keys are those of a card
 * that was issued, not of a copy: passive authentication.
 */
import {
  Attribute,
  CertificateChoices,
  CertificateSet,
  ContentInfo,
  DigestAlgorithmIdentifiers,
  EncapsulatedContent,
  EncapsulatedContentInfo,
  IssuerAndSerialNumber,
  id_signedData,
  SignedData,
  SignerIdentifier,
  SignerInfo,
  SignerInfos,
} from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier, Certificate } from '@peculiar/asn1-x509';
import { TlvWriter } from '../../src/apdu/index.ts';
import type { Crypto } from '../../src/hal/crypto.ts';
import { dottedOid, ID_SECURITY_OBJECT } from '../../src/secure-channel/index.ts';
import { testPrivateKey } from './test-hierarchy.ts';
import { bytesOf, ecdsa, ecdsaWithSha256, issueX509, type X509Holder } from './x509.ts';

const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SHA_256 = '2.16.840.1.101.3.4.2.1';
const SET = 0x31;

type SignCrypto = Pick<Crypto, 'hash' | 'privateKey' | 'publicKey' | 'ecdsaSign'>;

/** 2049 is the last year that a UTCTime can say. */
const VALIDITY = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2049-12-31T23:59:59Z') };

/** The authority whose document signer signs test cards; its key is known to everyone. */
export function testSigningAuthority(crypto: SignCrypto): X509Holder {
  const fields = { commonName: 'Vitap test CSCA', serialNumber: 1, authority: true, ...VALIDITY };
  return issueX509(crypto, fields, testPrivateKey(crypto, 'P-256', 'CSCA'), null);
}

/** Who signs EF.CardSecurity of test cards. */
export function testDocumentSigner(crypto: SignCrypto): X509Holder {
  const fields = { commonName: 'Vitap test document signer', serialNumber: 2, authority: false, ...VALIDITY };
  return issueX509(crypto, fields, testPrivateKey(crypto, 'P-256', 'document signer'), testSigningAuthority(crypto));
}

/**
 * The file, the same each time for the same infos and signer.
 * @param infos the SET, as encodeSecurityInfos gives it
 */
export function signCardSecurity(crypto: SignCrypto, infos: Uint8Array, signer: X509Holder): Uint8Array {
  const certificate = AsnConvert.parse(signer.certificate, Certificate);
  const { issuer, serialNumber } = certificate.tbsCertificate;
  const contentType = dottedOid(ID_SECURITY_OBJECT);
  const attributes = [
    attribute(CONTENT_TYPE, objectIdentifier(ID_SECURITY_OBJECT)),
    attribute(MESSAGE_DIGEST, AsnConvert.serialize(new OctetString(crypto.hash('sha-256', infos)))),
  ];
  const digestAlgorithm = new AlgorithmIdentifier({ algorithm: SHA_256 });
  const signerInfo = new SignerInfo({
    version: 1,
    sid: new SignerIdentifier({ issuerAndSerialNumber: new IssuerAndSerialNumber({ issuer, serialNumber }) }),
    digestAlgorithm,
    signedAttrs: attributes,
    signatureAlgorithm: ecdsaWithSha256(),
    signature: new OctetString(ecdsa(crypto, signer.privateKey, setOf(attributes))),
  });
  const signedData = new SignedData({
    // Not 1, for the content is not plain data.
    version: 3,
    digestAlgorithms: new DigestAlgorithmIdentifiers([digestAlgorithm]),
    encapContentInfo: new EncapsulatedContentInfo({
      eContentType: contentType,
      eContent: new EncapsulatedContent({ single: new OctetString(bytesOf(infos)) }),
    }),
    certificates: new CertificateSet([new CertificateChoices({ certificate })]),
    signerInfos: new SignerInfos([signerInfo]),
  });
  const content = AsnConvert.serialize(signedData);
  return new Uint8Array(AsnConvert.serialize(new ContentInfo({ contentType: id_signedData, content })));
}

function attribute(attrType: string, value: ArrayBuffer): Attribute {
  return new Attribute({ attrType, attrValues: [value] });
}

function objectIdentifier(oid: Uint8Array): ArrayBuffer {
  const writer = new TlvWriter(oid.length + 2);
  writer.primitive(0x06, oid);
  return bytesOf(writer.finish());
}

/** What is signed: the attributes as a SET of its own tag, in the order of DER, which is that of their bytes. */
function setOf(attributes: readonly Attribute[]): Uint8Array {
  const encoded = attributes.map((each) => Buffer.from(AsnConvert.serialize(each))).sort(Buffer.compare);
  const writer = new TlvWriter(encoded.reduce((length, bytes) => length + bytes.length, 8));
  writer.open(SET);
  for (const bytes of encoded) writer.raw(bytes);
  writer.close();
  return writer.finish();
}
