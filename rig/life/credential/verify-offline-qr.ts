import { type Crypto, CryptoError } from '../../../src/hal/crypto.ts';
import { CoseError, HEADER_LABEL, readUnverifiedSign1, verifySign1 } from '../../pki/cose-sign1.ts';
import { Base45Error, decodeBase45 } from './base45.ts';
import { keyIdOfPoint } from './cose-key.ts';
import { bytesClaim, CLAIM, ClaimError, dateClaim, decodeClaims, refuseOtherClaims } from './cwt.ts';
import type { Family } from './family-claim.ts';
import { type InnerCwt, readInnerCwt } from './inner-cwt.ts';
import { MOST_QR_CHARACTERS, OFFLINE_PREFIX, OFFLINE_SECONDS, OUTER_TYPE, TOKEN_ID_LENGTH } from './offline-qr.ts';
import { QrRefusal } from './qr-refusal.ts';
import { STATUS, StatusListError, statusAt } from './status-list.ts';
import {
  ageOfStatusList,
  CLOCK_SKEW_SECONDS,
  type StatusListAge,
  type VerifiedStatusList,
} from './status-list-token.ts';
import { inflateZlib, ZlibError } from './zlib-stream.ts';

/** An issuer whose cards are believed. An issuer that changes keys has one row for each. */
export interface TrustedIssuer {
  /** As the tokens name it. */
  readonly issuer: string;
  /** `04 X Y` on P-256. */
  readonly publicKey: Uint8Array;
}

/** The identifiers that one verifier has seen. Nobody can promise more offline: another verifier does not know them. */
export interface SeenTokens {
  /**
   * Remembers the identifier at least until `expires`. One call does both, so that two readings at once cannot both win.
   * @param tokenId 32 hex digits
   * @returns false when it was there before
   */
  remember(tokenId: string, expires: number): boolean | Promise<boolean>;
}

export interface OfflineQrExpectations {
  readonly issuers: readonly TrustedIssuer[];
  /** As they were verified when they were fetched. */
  readonly statusLists: readonly VerifiedStatusList[];
  /** Seconds since 1970. */
  readonly now: number;
  readonly seen: SeenTokens;
  /** By how many seconds phone and verifier may differ, in both directions; 30 unless given. */
  readonly skewSeconds?: number;
  /**
   * `refuse` (unless given): without a list, or with an expired one, nobody is let in. `report`: the outcome says how old
   * the list is, or that there is none. A card that the newest list here revokes is refused however old the list is.
   */
  readonly staleStatus?: 'refuse' | 'report';
  /** A list older than this is stale, whatever it says itself; null unless given. */
  readonly mostStatusSeconds?: number | null;
  readonly crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>;
}

/** What a QR code disclosed once everything was right. */
export interface VerifiedOfflineQr extends Family {
  readonly issuer: string;
  /** Identifier of this presentation, 32 hex digits: the proof that goes with a claim. */
  readonly tokenId: string;
  /** The whole text, which a queued claim is sent with. */
  readonly text: string;
  /** Seconds since 1970: when the phone made the QR code, and until when it holds. */
  readonly presentedAt: number;
  readonly presentationExpires: number;
  /** When the issuer signed the card's data (since when this is known), and until when they hold. */
  readonly issuedAt: number;
  readonly expires: number;
  /** Null: no list was here, and the caller wanted to know no more. */
  readonly status: (StatusListAge & { readonly stale: boolean }) | null;
}

/** Most bytes that the text of a QR code inflates to. */
const MOST_INFLATED = 4096;
const OUTER_CLAIMS = [CLAIM.EXPIRATION, CLAIM.ISSUED_AT, CLAIM.TOKEN_ID, CLAIM.CERTIFIED] as const;

/**
 * Judges the text of an offline QR code. Signatures come before times, times before the status, and single use last: a
 * refused QR code is not used up, and nothing of its content is disclosed.
 * @throws {QrRefusal}
 */
export async function verifyOfflineQr(text: string, expected: OfflineQrExpectations): Promise<VerifiedOfflineQr> {
  const outer = readOuter(text);
  const inner = verifySignatures(outer, expected);
  judgeTimes(outer, inner, expected);
  const status = judgeStatus(inner, expected);
  const tokenId = Buffer.from(outer.tokenId).toString('hex');
  const { skewSeconds = CLOCK_SKEW_SECONDS } = expected;
  if (!(await expected.seen.remember(tokenId, outer.expires + skewSeconds))) throw new QrRefusal('used');
  return {
    issuer: inner.issuer,
    activation: inner.activation,
    affiliation: inner.affiliation,
    people: inner.people,
    tokenId,
    text,
    presentedAt: outer.issuedAt,
    presentationExpires: outer.expires,
    issuedAt: inner.issuedAt,
    expires: inner.expires,
    status,
  };
}

/**
 * The issuer's word in a QR code whose two signatures are right. Nothing else is judged: it says which status list is
 * needed for that.
 * @throws {QrRefusal}
 */
export function signedContentOf(text: string, expected: Pick<OfflineQrExpectations, 'issuers' | 'crypto'>): InnerCwt {
  return verifySignatures(readOuter(text), expected);
}

/**
 * The issuer's word by itself, as a card gives it to a reader: signature, then times. Its status is not judged.
 * @throws {QrRefusal}
 */
export function verifyInnerCwt(
  token: Uint8Array,
  expected: Pick<OfflineQrExpectations, 'issuers' | 'crypto' | 'now' | 'skewSeconds'>,
): InnerCwt {
  let read: ReturnType<typeof readInnerCwt>;
  try {
    read = readInnerCwt(token);
  } catch (cause) {
    if (cause instanceof CoseError || cause instanceof ClaimError) {
      throw new QrRefusal('malformed', cause.message, { cause });
    }
    throw cause;
  }
  verifyIssuer(token, read.keyId, read.content, expected);
  judgeCardTimes(read.content, expected);
  return read.content;
}

interface Outer {
  readonly message: Uint8Array;
  readonly keyId: unknown;
  readonly issuedAt: number;
  readonly expires: number;
  readonly tokenId: Uint8Array;
  readonly innerToken: Uint8Array;
  readonly innerKeyId: Uint8Array;
  readonly inner: InnerCwt;
}

function readOuter(text: string): Outer {
  if (text.length > MOST_QR_CHARACTERS) throw new QrRefusal('too-long', `more than ${MOST_QR_CHARACTERS} characters`);
  if (!text.startsWith(OFFLINE_PREFIX)) throw new QrRefusal('other-kind', `it does not begin with ${OFFLINE_PREFIX}`);
  try {
    const message = inflateZlib(decodeBase45(text.slice(OFFLINE_PREFIX.length)), MOST_INFLATED);
    const { protectedHeader, unprotectedHeader, payload, tagged } = readUnverifiedSign1(message);
    if (!tagged || payload === null || unprotectedHeader.size > 0 || protectedHeader.size !== 3) {
      throw new ClaimError('the outer token has another form');
    }
    if (protectedHeader.get(HEADER_LABEL.TYPE) !== OUTER_TYPE)
      throw new ClaimError('the outer token is of another type');
    const claims = decodeClaims(payload, 'the outer token');
    refuseOtherClaims(claims, OUTER_CLAIMS, 'the outer token');
    const tokenId = bytesClaim(claims, CLAIM.TOKEN_ID, 'the identifier');
    if (tokenId.length !== TOKEN_ID_LENGTH) throw new ClaimError(`the identifier is not of ${TOKEN_ID_LENGTH} bytes`);
    const innerToken = bytesClaim(claims, CLAIM.CERTIFIED, 'the inner token');
    const { keyId: innerKeyId, content } = readInnerCwt(innerToken);
    if (content.peopleDigest !== undefined) throw new ClaimError('the inner token names nobody: it is for readers');
    return {
      message,
      keyId: protectedHeader.get(HEADER_LABEL.KEY_ID),
      issuedAt: dateClaim(claims, CLAIM.ISSUED_AT, 'the time of the presentation'),
      expires: dateClaim(claims, CLAIM.EXPIRATION, 'the expiry of the presentation'),
      tokenId,
      innerToken,
      innerKeyId,
      inner: content,
    };
  } catch (cause) {
    if (cause instanceof ZlibError && cause.reason === 'too-large') throw new QrRefusal('bomb', undefined, { cause });
    for (const kind of [Base45Error, ZlibError, CoseError, ClaimError]) {
      if (cause instanceof kind) throw new QrRefusal('malformed', cause.message, { cause });
    }
    throw cause;
  }
}

/** @returns the inner token, which now is the issuer's word, shown by whoever holds the key in it */
function verifySignatures(outer: Outer, expected: Pick<OfflineQrExpectations, 'issuers' | 'crypto'>): InnerCwt {
  const { crypto } = expected;
  verifyIssuer(outer.innerToken, outer.innerKeyId, outer.inner, expected);
  const { keyId } = outer;
  if (!(keyId instanceof Uint8Array) || !sameBytes(keyId, keyIdOfPoint(outer.inner.holderKey, crypto))) {
    throw new QrRefusal('wrong-key');
  }
  if (!signed(outer.message, outer.inner.holderKey, crypto)) throw new QrRefusal('altered', "the card's");
  return outer.inner;
}

function verifyIssuer(
  token: Uint8Array,
  keyId: Uint8Array,
  content: InnerCwt,
  { issuers, crypto }: Pick<OfflineQrExpectations, 'issuers' | 'crypto'>,
): void {
  const issuer = issuers.find(
    (each) => each.issuer === content.issuer && sameBytes(keyIdOfPoint(each.publicKey, crypto), keyId),
  );
  if (issuer === undefined) throw new QrRefusal('other-issuer');
  if (!signed(token, issuer.publicKey, crypto)) throw new QrRefusal('altered', "the issuer's");
}

function signed(message: Uint8Array, publicKey: Uint8Array, crypto: OfflineQrExpectations['crypto']): boolean {
  try {
    return verifySign1(message, publicKey, crypto) !== null;
  } catch (error) {
    // A point that is not on the curve: nobody has its private key.
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

function judgeTimes(outer: Outer, inner: InnerCwt, expected: Pick<OfflineQrExpectations, 'now' | 'skewSeconds'>): void {
  const { now, skewSeconds = CLOCK_SKEW_SECONDS } = expected;
  if (outer.expires - outer.issuedAt !== OFFLINE_SECONDS) throw new QrRefusal('lives-too-long');
  if (outer.issuedAt > now + skewSeconds) throw new QrRefusal('not-yet-valid', `by ${outer.issuedAt - now} s`);
  if (now >= outer.expires + skewSeconds) throw new QrRefusal('expired', `${now - outer.expires} s ago`);
  judgeCardTimes(inner, expected);
}

function judgeCardTimes(
  inner: InnerCwt,
  { now, skewSeconds = CLOCK_SKEW_SECONDS }: Pick<OfflineQrExpectations, 'now' | 'skewSeconds'>,
): void {
  if (inner.issuedAt > now + skewSeconds) throw new QrRefusal('card-not-yet-valid');
  if (now >= inner.expires) throw new QrRefusal('card-expired');
}

/**
 * Whether the newest list here lets a card in, and how old it is.
 * @throws {QrRefusal} `revoked`, `suspended`, `status-unknown`, `status-stale`
 */
export function judgeStatus(
  inner: Pick<InnerCwt, 'issuer' | 'status'>,
  expected: Pick<OfflineQrExpectations, 'now' | 'statusLists' | 'issuers' | 'staleStatus' | 'mostStatusSeconds'>,
): VerifiedOfflineQr['status'] {
  const { now, statusLists, issuers, staleStatus = 'refuse', mostStatusSeconds = null } = expected;
  // Only the issuer of a card may say what became of it.
  const keys = issuers.filter(({ issuer }) => issuer === inner.issuer).map(({ publicKey }) => publicKey);
  const list = statusLists
    .filter(({ uri, signer }) => uri === inner.status.uri && keys.some((key) => sameBytes(key, signer)))
    .reduce<VerifiedStatusList | null>(
      (newest, each) => (each.issuedAt > (newest?.issuedAt ?? -1) ? each : newest),
      null,
    );
  if (list === null) {
    if (staleStatus === 'refuse') throw new QrRefusal('status-unknown');
    return null;
  }
  refuseStatus(list, inner.status.index);
  const age = ageOfStatusList(list, now);
  const stale = age.expired || (mostStatusSeconds !== null && age.seconds > mostStatusSeconds);
  if (stale && staleStatus === 'refuse') throw new QrRefusal('status-stale', `${age.seconds} s old`);
  return { ...age, stale };
}

function refuseStatus(list: VerifiedStatusList, index: number): void {
  let status: number;
  try {
    status = statusAt(list.statuses, index);
  } catch (cause) {
    if (cause instanceof StatusListError) throw new QrRefusal('status-unknown', cause.message, { cause });
    throw cause;
  }
  if (status === STATUS.SUSPENDED) throw new QrRefusal('suspended');
  // A status that this list has for itself is no permission either.
  if (status !== STATUS.VALID) throw new QrRefusal('revoked');
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** What a claim after an offline presentation is proven with. */
export interface OfflineProof {
  /** Identifier of the presentation, 32 hex digits. */
  readonly tokenId: string;
  /** Seconds since 1970. */
  readonly presentedAt: number;
  readonly status: InnerCwt['status'];
}

/**
 * Judges the text of an offline QR code that was shown some time ago: form, both signatures, and that the card held when
 * it was shown. Whether it comes too late, for the first time, and from an active card is the issuer's to know.
 * @throws {QrRefusal}
 */
export function readOfflineProof(
  text: string,
  expected: Pick<OfflineQrExpectations, 'issuers' | 'crypto'>,
): OfflineProof {
  const outer = readOuter(text);
  const inner = verifySignatures(outer, expected);
  const now = outer.issuedAt;
  judgeTimes(outer, inner, { now });
  return { tokenId: Buffer.from(outer.tokenId).toString('hex'), presentedAt: now, status: inner.status };
}
