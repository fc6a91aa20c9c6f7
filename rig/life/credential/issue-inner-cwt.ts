import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
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
 * A family for which the QR code would be too long is refused here, where somebody can act on it, and not in the phone: a
 * token with fewer fields could not say whether rights are open, and a counter could not tell why.
 *
 * @throws {OfflineQrTooLong} the card then has no offline QR code, and the others as any card
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
