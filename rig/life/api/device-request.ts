import type { Crypto } from '../../../src/hal/crypto.ts';
import type { Random } from '../../../src/hal/random.ts';
import { base64url, type DigestSigner, pointToJwk, signJws } from '../credential/jws.ts';
import { bodyHash, DEVICE_REQUEST, DEVICE_SCHEME, targetOf } from './signed-request.ts';

/** The device key, which stays in the card: P-256, usable on the wired interface without a code. */
export interface DeviceSigner {
  /** `04 X Y`. */
  readonly publicKey: Uint8Array;
  /** Over a SHA-256: r ‖ s. */
  readonly signDigest: DigestSigner;
}

export interface SignedCall {
  readonly method: string;
  readonly url: string;
  /** As it will be sent; empty without a body. */
  readonly body: Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const IDENTIFIER_BYTES = 16;

/**
 * Value of the Authorization header of a phone's request: a compact JWS (ES256) with the public device key in its header
 * and, as its payload, audience, time, identifier, method, URL and the body's hash.
 */
export async function deviceAuthorization(
  crypto: Pick<Crypto, 'hash'>,
  random: Random,
  signer: DeviceSigner,
  { method, url, body, now }: SignedCall,
): Promise<string> {
  const payload = {
    aud: new URL(url).origin,
    iat: Math.floor(now / 1000),
    jti: newRequestId(random),
    htm: method,
    htu: targetOf(url),
    body_sha256: bodyHash(crypto, body),
  };
  const header = { typ: DEVICE_REQUEST, jwk: pointToJwk(signer.publicKey) };
  return `${DEVICE_SCHEME} ${await signJws({ crypto, header, payload, sign: signer.signDigest })}`;
}

/** 128 random bits as text. */
export function newRequestId(random: Random): string {
  const bytes = new Uint8Array(IDENTIFIER_BYTES);
  random.fill(bytes, 0, IDENTIFIER_BYTES);
  return base64url(bytes);
}
