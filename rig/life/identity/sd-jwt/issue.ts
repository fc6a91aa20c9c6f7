import type { SdJwtVcPayload } from '@sd-jwt/sd-jwt-vc';
import type { Crypto } from '../../../../src/hal/crypto.ts';
import type { Random } from '../../../../src/hal/random.ts';
import type { DigestSigner, JsonObject, P256Jwk } from '../../credential/jws.ts';
import { sdJwtLibrary } from './library.ts';

/** Which claims the holder may withhold: names at this level (or places in an array), and frames of what lies below. */
export interface DisclosureFrame {
  readonly _sd?: readonly (string | number)[];
  readonly [below: string]: DisclosureFrame | readonly (string | number)[] | undefined;
}

/** A credential before its signature. Times in seconds since 1970. */
export interface CredentialDraft {
  readonly vct: string;
  readonly iss: string;
  readonly iat: number;
  readonly exp: number;
  /** The holder's key: the credential is worth nothing without it. */
  readonly holderKey: P256Jwk;
  readonly status: { readonly uri: string; readonly idx: number } | null;
  readonly claims: JsonObject;
  readonly frame: DisclosureFrame;
}

/** An SD-JWT VC with all its disclosures: `JWT~disclosure~…~`. */
export async function issueSdJwtVc(order: {
  readonly crypto: Pick<Crypto, 'hash'>;
  readonly random: Random;
  readonly sign: DigestSigner;
  /** Names the issuer's key, since an issuer may have several. */
  readonly kid: string;
  readonly draft: CredentialDraft;
}): Promise<string> {
  const { crypto, random, sign, kid, draft } = order;
  const library = await sdJwtLibrary({ crypto, random, issuer: sign });
  const { claims, frame, holderKey, status, ...registered } = draft;
  const payload: SdJwtVcPayload = {
    ...claims,
    ...registered,
    cnf: { jwk: holderKey },
    ...(status && { status: { status_list: status } }),
  };
  // The library types a frame by the payload's own members, which here are known at run time only.
  return library.issue(payload, frame as Parameters<typeof library.issue<SdJwtVcPayload>>[1], { header: { kid } });
}

/** Which claims are shown: `true` for one, or the same again for what lies below it. */
export interface PresentationFrame {
  readonly [name: string]: boolean | PresentationFrame;
}

/** The presentation of some claims, signed by the holder for one audience and one nonce. */
export async function presentSdJwtVc(order: {
  readonly crypto: Pick<Crypto, 'hash'>;
  readonly credential: string;
  readonly disclose: PresentationFrame;
  readonly sign: DigestSigner;
  readonly audience: string;
  readonly nonce: string;
  /** Seconds since 1970. */
  readonly now: number;
}): Promise<string> {
  const { crypto, credential, disclose, sign, audience, nonce, now } = order;
  const library = await sdJwtLibrary({ crypto, holder: sign });
  return library.present(credential, { ...disclose }, { kb: { payload: { iat: now, aud: audience, nonce } } });
}
