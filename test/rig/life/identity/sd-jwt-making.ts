import { createHash } from 'node:crypto';
import { base64url, type JsonObject, type P256Jwk, pointToJwk, signJws } from '../../../../rig/life/credential/jws.ts';
import type { Crypto } from '../../../../src/hal/crypto.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';

/** SD-JWTs made by hand, right and wrong ones: without the library and without the code under test. */

export const crypto: Crypto = nobleCrypto();

export interface KeyPair {
  readonly privateKey: Uint8Array;
  readonly jwk: P256Jwk;
  readonly sign: (digest: Uint8Array) => Uint8Array;
}

/** A key from a number, the same each time. */
export function keyPair(number: number): KeyPair {
  const privateKey = new Uint8Array(32).fill(number);
  return {
    privateKey,
    jwk: pointToJwk(crypto.publicKey('P-256', privateKey)),
    sign: (digest) => crypto.ecdsaSign('P-256', privateKey, digest),
  };
}

export const ISSUER: KeyPair = keyPair(1);
export const HOLDER: KeyPair = keyPair(2);
export const STRANGER: KeyPair = keyPair(3);

export const NOW = 1_800_000_000;

export interface MadeDisclosure {
  readonly encoded: string;
  readonly digest: string;
}

export function disclosureOf(value: unknown): MadeDisclosure {
  const encoded = base64url(Buffer.from(JSON.stringify(value)));
  return { encoded, digest: sha256(encoded) };
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

export const FAMILY_NAME: MadeDisclosure = disclosureOf(['c2FsdA', 'family_name', 'ADRUN']);
export const GIVEN_NAME: MadeDisclosure = disclosureOf(['dGxhcw', 'given_name', 'ZOE']);

export const PAYLOAD: JsonObject = {
  iss: 'https://identity.test',
  vct: 'urn:test',
  iat: NOW - 100,
  exp: NOW + 1000,
  cnf: { jwk: HOLDER.jwk },
  _sd: [FAMILY_NAME.digest, GIVEN_NAME.digest],
};

export interface Making {
  readonly header?: JsonObject;
  readonly payload?: JsonObject;
  readonly issuer?: KeyPair;
  readonly disclosures?: readonly string[];
  /** Over the payload of the key binding; null leaves the key binding out. */
  readonly binding?: JsonObject | null;
  readonly bindingHeader?: JsonObject;
  readonly holder?: KeyPair;
}

export const AUDIENCE = 'redirect_uri:https://issuer.test/openid/responses';
export const NONCE = 'n-0S6_WzA2Mj';

export async function makeSdJwt(making: Making = {}): Promise<string> {
  const { header = { typ: 'dc+sd-jwt' }, payload = PAYLOAD, issuer = ISSUER, binding = {}, holder = HOLDER } = making;
  const { disclosures = [FAMILY_NAME.encoded, GIVEN_NAME.encoded], bindingHeader = { typ: 'kb+jwt' } } = making;
  const issued = await signJws({ crypto, header, payload, sign: issuer.sign });
  const bound = [issued, ...disclosures, ''].join('~');
  if (binding === null) return bound;
  const signed = { iat: NOW - 5, aud: AUDIENCE, nonce: NONCE, sd_hash: sha256(bound), ...binding };
  return bound + (await signJws({ crypto, header: bindingHeader, payload: signed, sign: holder.sign }));
}
