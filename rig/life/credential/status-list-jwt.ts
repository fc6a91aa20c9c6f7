import type { Crypto } from '../../../src/hal/crypto.ts';
import { keyIdOfPoint } from './cose-key.ts';
import type { IssuerSigner } from './inner-cwt.ts';
import { compressStatuses, inflateStatuses, StatusListError } from './status-list.ts';
import {
  judgeStatusListClaims,
  type StatusListContent,
  type StatusListExpectations,
  type VerifiedStatusList,
} from './status-list-token.ts';

/** A Status List Token as a compact JWS: `application/statuslist+jwt`, ES256. */

export const STATUS_LIST_JWT_TYPE = 'statuslist+jwt';

/** @param stream the statuses as {@link compressStatuses} gives them, when the caller has them already */
export async function signStatusListJwt(
  { uri, issuedAt, expires, timeToLive, statuses }: StatusListContent,
  signer: IssuerSigner,
  crypto: Pick<Crypto, 'hash'>,
  stream: Uint8Array = compressStatuses(statuses),
): Promise<string> {
  const kid = Buffer.from(keyIdOfPoint(signer.publicKey, crypto)).toString('base64url');
  const header = { alg: 'ES256', kid, typ: STATUS_LIST_JWT_TYPE };
  const payload = {
    sub: uri,
    iat: issuedAt,
    ...(expires === null ? {} : { exp: expires }),
    ...(timeToLive === null ? {} : { ttl: timeToLive }),
    status_list: { bits: statuses.bits, lst: Buffer.from(stream).toString('base64url') },
  };
  const signed = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = await signer.sign(crypto.hash('sha-256', Buffer.from(signed)));
  return `${signed}.${Buffer.from(signature).toString('base64url')}`;
}

/** @throws {StatusListError} */
export async function verifyStatusListJwt(
  token: string,
  expected: StatusListExpectations,
): Promise<VerifiedStatusList> {
  const { compactVerify, errors } = await import('jose');
  for (const signer of expected.signers) {
    try {
      const verified = await compactVerify(token, jwkOf(signer), { algorithms: ['ES256'] });
      if (verified.protectedHeader.typ !== STATUS_LIST_JWT_TYPE) {
        throw new StatusListError('malformed', `the type of the status list is not ${STATUS_LIST_JWT_TYPE}`);
      }
      return { ...readPayload(verified.payload, expected), signer };
    } catch (cause) {
      if (cause instanceof errors.JWSSignatureVerificationFailed) continue;
      if (!(cause instanceof errors.JOSEError)) throw cause;
      throw new StatusListError('malformed', 'the status list is not a JWS with ES256', { cause });
    }
  }
  throw new StatusListError('other-signer', 'the status list was altered, or a key that is not trusted here signed it');
}

function readPayload(payload: Uint8Array, expected: StatusListExpectations): StatusListContent {
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch (cause) {
    throw new StatusListError('malformed', 'the payload of the status list is not JSON', { cause });
  }
  if (!isRecord(claims)) throw new StatusListError('malformed', 'the payload of the status list is not an object');
  const { sub: uri, iat: issuedAt, exp: expires, ttl: timeToLive, status_list: list } = claims;
  const judged = judgeStatusListClaims({ uri, issuedAt, expires, timeToLive }, expected);
  if (!isRecord(list) || typeof list.lst !== 'string')
    throw new StatusListError('malformed', 'there is no status list');
  const stream = Buffer.from(list.lst, 'base64url');
  if (stream.toString('base64url') !== list.lst) {
    throw new StatusListError('malformed', 'the status list is not in base64url without padding');
  }
  return { ...judged, statuses: inflateStatuses(list.bits, stream, expected.mostBytes) };
}

function jwkOf(point: Uint8Array): { kty: 'EC'; crv: 'P-256'; x: string; y: string } {
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => Buffer.from(part).toString('base64url'));
  return { kty: 'EC', crv: 'P-256', x: x as string, y: y as string };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
