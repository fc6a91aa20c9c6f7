import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { peopleDigestOf } from './family-claim.ts';
import { type InnerCwt, type IssuerSigner, signInnerCwt } from './inner-cwt.ts';
import { MOST_QR_CHARACTERS, makeOfflineQr, OfflineQrTooLong, TOKEN_ID_LENGTH } from './offline-qr.ts';

/**
 * Characters that a QR code may have more than the one that is tried here: what compression makes of other signatures
 * and identifiers varies.
 */
const SPARE_CHARACTERS = 12;

/**
 * The token that the issuer signs when it personalises a card, and that stands in every offline QR code of that card.
 *
 * A family for which the QR code would be too long is refused here, where somebody can act on it, and not in the phone:
 * its card gets {@link issueReaderCwt}.
 *
 * @throws {OfflineQrTooLong}
 * @throws {ClaimError} a field that does not fit
 */
export async function issueInnerCwt(
  content: InnerCwt,
  signer: IssuerSigner,
  crypto: Pick<Crypto, 'hash'>,
): Promise<Uint8Array> {
  const innerCwt = await signInnerCwt(content, signer, crypto);
  const tokenId = copyBytes(crypto.hash('sha-256', innerCwt), 0, TOKEN_ID_LENGTH);
  // SHA-512 gives 64 bytes that compress as badly as a signature.
  const standIn = (digest: Uint8Array): Uint8Array => crypto.hash('sha-512', digest);
  const { length } = await makeOfflineQr({ innerCwt, now: content.issuedAt, tokenId }, standIn, crypto);
  if (length + SPARE_CHARACTERS > MOST_QR_CHARACTERS) throw new OfflineQrTooLong(length, content.people.length);
  return innerCwt;
}

/**
 * The token of a card whose family is too large for an offline QR code: a hash stands in the place of its people. A
 * reader, which has them from the card's files, finds the activation's status by it; no QR code is made of it.
 */
export function issueReaderCwt(
  { people, ...content }: InnerCwt,
  signer: IssuerSigner,
  crypto: Pick<Crypto, 'hash'>,
): Promise<Uint8Array> {
  return signInnerCwt({ ...content, people: [], peopleDigest: peopleDigestOf(people, crypto) }, signer, crypto);
}
