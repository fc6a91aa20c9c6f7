import { type Crypto, CryptoError } from '../../../src/hal/crypto.ts';
import { CoseError, HEADER_LABEL, prepareSign1, verifySign1 } from '../../pki/cose-sign1.ts';
import { keyIdOfPoint } from './cose-key.ts';
import { CLAIM, ClaimError, decodeClaims, encodeClaims } from './cwt.ts';
import type { IssuerSigner } from './inner-cwt.ts';
import { compressStatuses, inflateStatuses, MOST_STATUS_BYTES, StatusListError } from './status-list.ts';
import {
  judgeStatusListClaims,
  type StatusListContent,
  type StatusListExpectations,
  type VerifiedStatusList,
} from './status-list-token.ts';

/** A Status List Token as a COSE_Sign1: `application/statuslist+cwt`, ES256. */

export const STATUS_LIST_CWT_TYPE = 'application/statuslist+cwt';

/** For everything in a token but the list. */
const OTHER_BYTES = 4096;

/** @param stream the statuses as {@link compressStatuses} gives them, when the caller has them already */
export async function signStatusListCwt(
  { uri, issuedAt, expires, timeToLive, statuses }: StatusListContent,
  signer: IssuerSigner,
  crypto: Pick<Crypto, 'hash'>,
  stream: Uint8Array = compressStatuses(statuses),
): Promise<Uint8Array> {
  const claims = new Map<number, unknown>([
    [CLAIM.SUBJECT, uri],
    [CLAIM.ISSUED_AT, issuedAt],
    [CLAIM.STATUS_LIST, { bits: statuses.bits, lst: stream }],
  ]);
  if (expires !== null) claims.set(CLAIM.EXPIRATION, expires);
  if (timeToLive !== null) claims.set(CLAIM.TIME_TO_LIVE, timeToLive);
  const header = new Map<number, unknown>([
    [HEADER_LABEL.KEY_ID, keyIdOfPoint(signer.publicKey, crypto)],
    [HEADER_LABEL.TYPE, STATUS_LIST_CWT_TYPE],
  ]);
  const prepared = prepareSign1(encodeClaims(claims), header, crypto);
  return prepared.withSignature(await signer.sign(prepared.digest));
}

/** @throws {StatusListError} */
export function verifyStatusListCwt(token: Uint8Array, expected: StatusListExpectations): VerifiedStatusList {
  const { mostBytes = MOST_STATUS_BYTES } = expected;
  if (token.length > mostBytes + OTHER_BYTES) {
    throw new StatusListError(
      'malformed',
      `the status list has ${token.length} bytes, too many for ${mostBytes} of statuses`,
    );
  }
  try {
    for (const signer of expected.signers) {
      const signed = verified(token, signer, expected.crypto);
      if (signed === null) continue;
      if (signed.protectedHeader.get(HEADER_LABEL.TYPE) !== STATUS_LIST_CWT_TYPE) {
        throw new StatusListError('malformed', `the type of the status list is not ${STATUS_LIST_CWT_TYPE}`);
      }
      if (signed.payload === null) throw new StatusListError('malformed', 'the status list is empty');
      return { ...readPayload(signed.payload, expected), signer };
    }
  } catch (cause) {
    if (!(cause instanceof CoseError || cause instanceof ClaimError)) throw cause;
    throw new StatusListError('malformed', `the status list is malformed: ${cause.message}`, { cause });
  }
  throw new StatusListError('other-signer', 'the status list was altered, or a key that is not trusted here signed it');
}

function verified(
  token: Uint8Array,
  signer: Uint8Array,
  crypto: StatusListExpectations['crypto'],
): ReturnType<typeof verifySign1> {
  try {
    return verifySign1(token, signer, crypto);
  } catch (error) {
    // A trusted key that is none signed nothing.
    if (error instanceof CryptoError) return null;
    throw error;
  }
}

function readPayload(payload: Uint8Array, expected: StatusListExpectations): StatusListContent {
  // The draft's own examples do not sort the keys of their maps.
  const claims = decodeClaims(payload, 'the payload', 'as-they-come');
  const judged = judgeStatusListClaims(
    {
      uri: claims.get(CLAIM.SUBJECT),
      issuedAt: claims.get(CLAIM.ISSUED_AT),
      expires: claims.get(CLAIM.EXPIRATION),
      timeToLive: claims.get(CLAIM.TIME_TO_LIVE),
    },
    expected,
  );
  const list = claims.get(CLAIM.STATUS_LIST);
  const stream = list instanceof Map ? list.get('lst') : null;
  if (!(list instanceof Map && stream instanceof Uint8Array)) {
    throw new StatusListError('malformed', 'there is no status list');
  }
  return { ...judged, statuses: inflateStatuses(list.get('bits'), stream, expected.mostBytes) };
}
