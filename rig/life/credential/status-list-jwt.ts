import type { Crypto } from '../../../src/hal/crypto.ts';
import { keyIdOfPoint } from './cose-key.ts';
import type { IssuerSigner } from './inner-cwt.ts';
import {
  base64url,
  base64urlBytes,
  isJsonObject,
  type JsonObject,
  JwsError,
  pointToJwk,
  type ReadJws,
  readJws,
  signJws,
  verifyJws,
} from './jws.ts';
import { compressStatuses, inflateStatuses, MOST_STATUS_BYTES, StatusListError } from './status-list.ts';
import {
  judgeStatusListClaims,
  type StatusListContent,
  type StatusListExpectations,
  type VerifiedStatusList,
} from './status-list-token.ts';

/** A Status List Token as a compact JWS: `application/statuslist+jwt`, ES256. */

export const STATUS_LIST_JWT_TYPE = 'statuslist+jwt';

/** For everything in a token but the list. */
const OTHER_CHARACTERS = 8192;

/** @param stream the statuses as {@link compressStatuses} gives them, when the caller has them already */
export async function signStatusListJwt(
  { uri, issuedAt, expires, timeToLive, statuses }: StatusListContent,
  signer: IssuerSigner,
  crypto: Pick<Crypto, 'hash'>,
  stream: Uint8Array = compressStatuses(statuses),
): Promise<string> {
  return signJws({
    crypto,
    header: { typ: STATUS_LIST_JWT_TYPE, kid: base64url(keyIdOfPoint(signer.publicKey, crypto)) },
    payload: {
      sub: uri,
      iat: issuedAt,
      ...(expires === null ? {} : { exp: expires }),
      ...(timeToLive === null ? {} : { ttl: timeToLive }),
      status_list: { bits: statuses.bits, lst: base64url(stream) },
    },
    sign: signer.sign,
  });
}

/** @throws {StatusListError} */
export function verifyStatusListJwt(token: string, expected: StatusListExpectations): VerifiedStatusList {
  const { mostBytes = MOST_STATUS_BYTES, signers, crypto } = expected;
  let jws: ReadJws;
  try {
    // In base64url twice a list takes 16 characters for 9 bytes; no compression that is worth its name adds to that.
    jws = readJws(token, {
      typ: STATUS_LIST_JWT_TYPE,
      maxCharacters: Math.ceil((mostBytes * 16) / 9) + OTHER_CHARACTERS,
    });
  } catch (cause) {
    if (!(cause instanceof JwsError)) throw cause;
    throw new StatusListError('malformed', `the status list is malformed: ${cause.message}`, { cause });
  }
  const signer = signers.find((each) => verifyJws(crypto, jws, pointToJwk(each)));
  if (signer === undefined) {
    throw new StatusListError(
      'other-signer',
      'the status list was altered, or a key that is not trusted here signed it',
    );
  }
  return { ...readPayload(jws.payload, expected), signer };
}

function readPayload(claims: JsonObject, expected: StatusListExpectations): StatusListContent {
  const { sub: uri, iat: issuedAt, exp: expires, ttl: timeToLive, status_list: list } = claims;
  const judged = judgeStatusListClaims({ uri, issuedAt, expires, timeToLive }, expected);
  if (!isJsonObject(list) || typeof list.lst !== 'string')
    throw new StatusListError('malformed', 'there is no status list');
  const stream = base64urlBytes(list.lst);
  if (stream === null) throw new StatusListError('malformed', 'the status list is not in base64url without padding');
  return { ...judged, statuses: inflateStatuses(list.bits, stream, expected.mostBytes) };
}
