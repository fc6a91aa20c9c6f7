import type { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import type { Crypto } from '../../../../src/hal/crypto.ts';
import type { Random } from '../../../../src/hal/random.ts';
import { base64url, type DigestSigner, signText } from '../../credential/jws.ts';

/** `@sd-jwt/sd-jwt-vc` over the project's own cryptography. It is loaded when the first credential is made or read. */

const SALT_SIZE = 16;

export async function sdJwtLibrary(order: {
  readonly crypto: Pick<Crypto, 'hash'>;
  readonly random?: Random;
  /** Signs the credential. */
  readonly issuer?: DigestSigner;
  /** Signs the key binding. */
  readonly holder?: DigestSigner;
  /** Judges the issuer's signature, base64url, over `data`. */
  readonly verifier?: (data: string, signature: string) => boolean;
}): Promise<SDJwtVcInstance> {
  const { SDJwtVcInstance } = await import('@sd-jwt/sd-jwt-vc');
  const { crypto, random, issuer, holder, verifier } = order;
  const signer = (sign: DigestSigner) => async (data: string) => base64url(await signText(crypto, data, sign));
  return new SDJwtVcInstance({
    hashAlg: 'sha-256',
    hasher: (data, algorithm) => {
      if (algorithm !== 'sha-256') throw new Error(`${algorithm} was asked for, and SHA-256 alone is used`);
      return crypto.hash('sha-256', typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data));
    },
    ...(random && { saltGenerator: () => base64url(salt(random)) }),
    ...(issuer && { signer: signer(issuer), signAlg: 'ES256' }),
    ...(holder && { kbSigner: signer(holder), kbSignAlg: 'ES256' }),
    ...(verifier && { verifier }),
  });
}

/** 128 bits, as RFC 9901 recommends. */
function salt(random: Random): Uint8Array {
  const bytes = new Uint8Array(SALT_SIZE);
  random.fill(bytes, 0, SALT_SIZE);
  return bytes;
}
