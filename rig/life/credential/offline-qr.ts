import type { Crypto } from '../../../src/hal/crypto.ts';
import { HEADER_LABEL, prepareSign1 } from '../../pki/cose-sign1.ts';
import { counted } from '../../report/words.ts';
import { encodeBase45 } from './base45.ts';
import { keyIdOfPoint } from './cose-key.ts';
import { CLAIM, ClaimError, encodeClaims } from './cwt.ts';
import { readInnerCwt } from './inner-cwt.ts';
import type { DigestSigner } from './jws.ts';
import { deflateZlib } from './zlib-stream.ts';

/** Before the Base45 of an offline QR code: format and version. */
export const OFFLINE_PREFIX = 'VT1:';
/** Most characters of a QR code: version 20 at level L, which a phone's screen shows and a scanner reads. */
export const MOST_QR_CHARACTERS = 1200;
/** How long an offline QR code holds. */
export const OFFLINE_SECONDS = 60;
/** Bytes of an identifier: random ones. */
export const TOKEN_ID_LENGTH = 16;
export const OUTER_TYPE = 'application/vitap-present+cwt';

/** The family is too large for a QR code. */
export class OfflineQrTooLong extends Error {
  readonly characters: number;

  constructor(characters: number, people: number) {
    super(
      `the offline QR code of ${counted(people, 'person', 'people')} would have ${characters} characters, ${MOST_QR_CHARACTERS} at most`,
    );
    this.name = 'OfflineQrTooLong';
    this.characters = characters;
  }
}

export interface OfflinePresentation {
  /** Of `issueInnerCwt`. */
  readonly innerCwt: Uint8Array;
  /** Seconds since 1970. */
  readonly now: number;
  /** 16 random bytes, new ones for each QR code. */
  readonly tokenId: Uint8Array;
}

/**
 * The text of an offline QR code: good for 60 s from `now`, signed by the key inside the card.
 * @param sign by the holder's key, which the inner token certifies: the card after its code, by PSO: COMPUTE DIGITAL SIGNATURE
 * @throws {OfflineQrTooLong}
 * @throws {ClaimError | CoseError} the inner token is not one
 */
export async function makeOfflineQr(
  { innerCwt, now, tokenId }: OfflinePresentation,
  sign: DigestSigner,
  crypto: Pick<Crypto, 'hash'>,
): Promise<string> {
  if (tokenId.length !== TOKEN_ID_LENGTH) throw new RangeError(`an identifier has ${TOKEN_ID_LENGTH} bytes`);
  const { content } = readInnerCwt(innerCwt);
  if (content.peopleDigest !== undefined) throw new ClaimError('the inner token names nobody: it is for readers');
  const payload = encodeClaims(
    new Map<number, unknown>([
      [CLAIM.EXPIRATION, now + OFFLINE_SECONDS],
      [CLAIM.ISSUED_AT, now],
      [CLAIM.TOKEN_ID, tokenId],
      [CLAIM.CERTIFIED, innerCwt],
    ]),
  );
  const header = new Map<number, unknown>([
    [HEADER_LABEL.KEY_ID, keyIdOfPoint(content.holderKey, crypto)],
    [HEADER_LABEL.TYPE, OUTER_TYPE],
  ]);
  const prepared = prepareSign1(payload, header, crypto);
  const text = offlineQrText(prepared.withSignature(await sign(prepared.digest)));
  if (text.length > MOST_QR_CHARACTERS) throw new OfflineQrTooLong(text.length, content.people.length);
  return text;
}

/** @param message the outer COSE_Sign1, tagged */
export function offlineQrText(message: Uint8Array): string {
  return OFFLINE_PREFIX + encodeBase45(deflateZlib(message));
}
