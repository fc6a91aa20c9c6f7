import type { Crypto } from '../../../src/hal/crypto.ts';
import { HEADER_LABEL, prepareSign1, readUnverifiedSign1 } from '../../pki/cose-sign1.ts';
import { coseKeyOf, keyIdOfPoint, pointOfCoseKey } from './cose-key.ts';
import {
  CLAIM,
  ClaimError,
  type Claims,
  dateClaim,
  decodeClaims,
  encodeClaims,
  numberedMap,
  refuseOtherClaims,
  textClaim,
} from './cwt.ts';
import { decodeFamily, encodeFamily, type Family } from './family-claim.ts';
import type { DigestSigner } from './jws.ts';

/** What the issuer signs when it personalises a card: the inner token of every offline QR code of that card. */
export interface InnerCwt extends Family {
  /** Who issued the card, as its trust list names it: a URL. */
  readonly issuer: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expires: number;
  /** The holder's key in the card, `04 X Y` on P-256. */
  readonly holderKey: Uint8Array;
  readonly status: StatusReference;
}

/** Where a Token Status List says whether the card still holds. */
export interface StatusReference {
  readonly uri: string;
  readonly index: number;
}

/** A key of the issuer, wherever it lies. */
export interface IssuerSigner {
  /** `04 X Y`. */
  readonly publicKey: Uint8Array;
  readonly sign: DigestSigner;
}

const TYPE = 'application/vitap-card+cwt';
const CONFIRMATION_KEY = 1;
const STATUS_KEYS = ['idx', 'uri'] as const;
const CLAIMS = [
  CLAIM.ISSUER,
  CLAIM.EXPIRATION,
  CLAIM.ISSUED_AT,
  CLAIM.CONFIRMATION,
  CLAIM.STATUS,
  CLAIM.FAMILY,
] as const;

/**
 * The inner token: a COSE_Sign1 of the issuer, tagged.
 * @throws {ClaimError} content that {@link readInnerCwt} would refuse
 */
export async function signInnerCwt(
  content: InnerCwt,
  signer: IssuerSigner,
  crypto: Pick<Crypto, 'hash'>,
): Promise<Uint8Array> {
  const payload = encodeClaims(
    new Map<number, unknown>([
      [CLAIM.ISSUER, content.issuer],
      [CLAIM.EXPIRATION, content.expires],
      [CLAIM.ISSUED_AT, content.issuedAt],
      [CLAIM.CONFIRMATION, new Map([[CONFIRMATION_KEY, coseKeyOf(content.holderKey)]])],
      [CLAIM.STATUS, { status_list: { idx: content.status.index, uri: content.status.uri } }],
      [CLAIM.FAMILY, encodeFamily(content)],
    ]),
  );
  readClaims(payload);
  const header = new Map<number, unknown>([
    [HEADER_LABEL.KEY_ID, keyIdOfPoint(signer.publicKey, crypto)],
    [HEADER_LABEL.TYPE, TYPE],
  ]);
  const prepared = prepareSign1(payload, header, crypto);
  return prepared.withSignature(await signer.sign(prepared.digest));
}

/** What the token says; whoever calls this verifies its signature. @throws {ClaimError | CoseError} */
export function readInnerCwt(token: Uint8Array): { readonly keyId: Uint8Array; readonly content: InnerCwt } {
  const { protectedHeader, unprotectedHeader, payload, tagged } = readUnverifiedSign1(token);
  const keyId = protectedHeader.get(HEADER_LABEL.KEY_ID);
  if (!tagged || protectedHeader.get(HEADER_LABEL.TYPE) !== TYPE || protectedHeader.size !== 3) {
    throw new ClaimError('the inner token is of another type');
  }
  if (unprotectedHeader.size > 0) throw new ClaimError('the inner token has a header that nobody signed');
  if (!(keyId instanceof Uint8Array)) throw new ClaimError('the inner token does not name its key');
  if (payload === null) throw new ClaimError('the inner token is empty');
  return { keyId, content: readClaims(payload) };
}

function readClaims(payload: Uint8Array): InnerCwt {
  const claims = decodeClaims(payload, 'the inner token');
  refuseOtherClaims(claims, CLAIMS, 'the inner token');
  const issuedAt = dateClaim(claims, CLAIM.ISSUED_AT, "the card's date of issue");
  const expires = dateClaim(claims, CLAIM.EXPIRATION, "the card's expiry");
  if (expires <= issuedAt) throw new ClaimError('the card expires before it is issued');
  const confirmation = numberedMap(claims.get(CLAIM.CONFIRMATION), "the confirmation of the holder's key");
  if (confirmation.size !== 1) throw new ClaimError("the confirmation of the holder's key is not one COSE_Key");
  return {
    issuer: textClaim(claims, CLAIM.ISSUER, 'the issuer'),
    issuedAt,
    expires,
    holderKey: pointOfCoseKey(confirmation.get(CONFIRMATION_KEY)),
    status: readStatusReference(claims),
    ...decodeFamily(claims.get(CLAIM.FAMILY)),
  };
}

/** The status claim of a token: `{ status_list: { idx, uri } }`. @throws {ClaimError} */
export function readStatusReference(claims: Claims): StatusReference {
  const status = claims.get(CLAIM.STATUS);
  const reference = status instanceof Map && status.size === 1 ? status.get('status_list') : null;
  if (!(reference instanceof Map) || reference.size !== STATUS_KEYS.length) {
    throw new ClaimError('the status is not a place in one status list');
  }
  const [index, uri] = STATUS_KEYS.map((key) => reference.get(key));
  if (!Number.isSafeInteger(index) || index < 0) throw new ClaimError('the place in the status list is not a number');
  if (typeof uri !== 'string' || uri === '') throw new ClaimError('the status list has no address');
  return { uri, index };
}
