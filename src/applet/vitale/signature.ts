import { findTlv, TlvError, TlvReader, TlvWriter } from '../../apdu/index.ts';
import { type Crypto, CryptoError } from '../../hal/crypto.ts';
import { CERTIFICATE } from '../../secure-channel/index.ts';
import { checkSignerCertificate, issueSignerCertificate } from './certificate.ts';
import { yearsLater } from './dates.ts';
import { concatenate } from './template.ts';

const SIGNATURE = 0x5f37;

/** Who signs the certificates of test cards, in tag 42. */
export const TEST_AUTHORITY = 'FRTEST00001';
/** Whose key signs a card's data, in tag 5F20. */
export const TEST_SIGNER = 'FRCARD00001';

/** The two private keys (P-256) that sign a test card. */
export interface SigningKeys {
  readonly authority: Uint8Array;
  readonly signer: Uint8Array;
}

/**
 * The content of E00F SIGNATURE: `7F21` certificate of the signer's key, then `5F37` its signature (r ‖ s) over
 * SHA-256( SHA-256(E001) ‖ SHA-256(E002) ‖ SHA-256(E003) ), a file being its records one after the other.
 *
 * @param files the records of E001, E002 and E003
 * @param validFrom AAAAMMJJ from 2000 on; the certificate holds for ten years
 */
export function signFiles(
  crypto: Crypto,
  keys: SigningKeys,
  files: readonly (readonly Uint8Array[])[],
  validFrom: string,
): Uint8Array {
  const certificate = issueSignerCertificate(
    crypto,
    {
      authority: TEST_AUTHORITY,
      holder: TEST_SIGNER,
      publicKey: crypto.publicKey('P-256', keys.signer),
      validFrom,
      validTo: yearsLater(validFrom, 10),
    },
    keys.authority,
  );
  const writer = new TlvWriter(certificate.length + 96);
  writer.raw(certificate);
  writer.primitive(SIGNATURE, crypto.ecdsaSign('P-256', keys.signer, digest(crypto, files)));
  return writer.finish();
}

/**
 * Whether E00F is the signature of these files under a certificate of the test authority.
 * @returns null when it is, else why not in words for a person. Never throws on what a card may hold
 */
export function refuseSignature(
  crypto: Crypto,
  authorityPublicKey: Uint8Array,
  files: readonly (readonly Uint8Array[])[],
  content: Uint8Array,
): string | null {
  try {
    const certificate = certificateIn(content);
    const signature = findTlv(content, SIGNATURE);
    if (certificate === null || signature === null) return 'certificate or signature missing';
    const checked = checkSignerCertificate(crypto, certificate, authorityPublicKey);
    if ('reason' in checked) return checked.reason;
    const valid = crypto.ecdsaVerify('P-256', checked.publicKey, digest(crypto, files), signature);
    return valid ? null : 'the signature is not over these files';
  } catch (error) {
    if (error instanceof TlvError) return `malformed: ${error.message}`;
    if (error instanceof CryptoError) return `malformed key: ${error.message}`;
    throw error;
  }
}

/** The object 7F21, tag and length too. @throws {TlvError} malformed */
function certificateIn(content: Uint8Array): Uint8Array | null {
  const objects = new TlvReader(content);
  while (objects.next()) {
    if (objects.tag === CERTIFICATE) return content.subarray(objects.start, objects.valueOffset + objects.valueLength);
  }
  return null;
}

function digest(crypto: Crypto, files: readonly (readonly Uint8Array[])[]): Uint8Array {
  const hashes = files.map((records) => crypto.hash('sha-256', concatenate(records)));
  return crypto.hash('sha-256', concatenate(hashes));
}
