import type { Crypto } from '../../../../src/hal/crypto.ts';
import { bodyHash, DEVICE_REQUEST, DEVICE_SCHEME, LONGEST_DEVICE_REQUEST } from '../../api/signed-request.ts';
import {
  JwsError,
  jwkThumbprint,
  jwkToPoint,
  type P256Jwk,
  type ReadJws,
  readJws,
  readP256Jwk,
  verifyJws,
} from '../../credential/jws.ts';
import { judgeClaims, type ReceivedRequest } from './judge-claims.ts';
import { refuseRequest } from './request-refusals.ts';

/** A phone whose device key signed this request. Whether the issuer knows the key is another question. */
export interface JudgedDevice {
  readonly key: P256Jwk;
  /** `04 X Y`. */
  readonly point: Uint8Array;
  /** RFC 7638 with SHA-256, base64url: the phone's identity at the issuer. */
  readonly thumbprint: string;
  readonly requestId: string;
  /** Seconds since 1970, as the request says. */
  readonly issuedAt: number;
}

type JudgeCrypto = Pick<Crypto, 'hash' | 'ecdsaVerify'>;

/**
 * Judges the Authorization header of a phone's request; whether it comes for the first time is the caller's to see.
 * @throws {WebRefusal}
 */
export function judgeDevice(
  crypto: JudgeCrypto,
  authorization: string | undefined,
  body: Uint8Array,
  received: ReceivedRequest,
): JudgedDevice {
  const [scheme, token, ...more] = authorization?.split(' ') ?? [];
  if (scheme?.toLowerCase() !== DEVICE_SCHEME.toLowerCase() || token === undefined || more.length > 0) {
    throw refuseRequest('signature-missing', `Authorization: ${DEVICE_SCHEME} is needed`);
  }
  const { jws, key } = read(token);
  if (!verifyJws(crypto, jws, key)) throw refuseRequest('signature-wrong');
  const { jti, iat } = judgeClaims(jws.payload, received);
  if (jws.payload.body_sha256 !== bodyHash(crypto, body)) throw refuseRequest('request-for-another', 'body_sha256');
  return { key, point: jwkToPoint(key), thumbprint: jwkThumbprint(crypto, key), requestId: jti, issuedAt: iat };
}

function read(token: string): { jws: ReadJws; key: P256Jwk } {
  try {
    const jws = readJws(token, { typ: DEVICE_REQUEST, maxCharacters: LONGEST_DEVICE_REQUEST });
    return { jws, key: readP256Jwk(jws.header.jwk) };
  } catch (error) {
    if (error instanceof JwsError) throw refuseRequest('signature-malformed', error.message);
    throw error;
  }
}
