import type { Crypto } from '../../../../src/hal/crypto.ts';
import {
  base64urlBytes,
  isJsonObject,
  type JsonObject,
  type P256Jwk,
  readJws,
  readP256Jwk,
  verifyJws,
  verifyText,
} from '../../credential/jws.ts';
import { digestOf, type ReadSdJwt, readSdJwt } from './form.ts';
import { sdJwtLibrary } from './library.ts';
import { SdJwtRefusal } from './refusals.ts';

/**
 * Judges an SD-JWT VC: first its form, then who issued it, then its times, then who holds it; claims come last, so that
 * nothing of a credential is used before all of it was believed. Its status is not looked up here: what fetches an
 * address out of a credential must decide by itself whom it asks.
 */

type VerifyCrypto = Pick<Crypto, 'hash' | 'ecdsaVerify'>;

/** What the holder must have signed. */
export interface ExpectedBinding {
  readonly audience: string;
  readonly nonce: string;
  /** A presentation made longer ago than this is stale. */
  readonly maxAgeSeconds: number;
}

export interface VerifyOrder {
  readonly crypto: VerifyCrypto;
  readonly text: string;
  /** Seconds since 1970. */
  readonly now: number;
  /** Keys of the issuer of that name; none if it is not trusted. */
  readonly issuerKeys: (issuer: string) => readonly P256Jwk[] | Promise<readonly P256Jwk[]>;
  /** `absent`: a credential as its issuer sends it, without a holder's signature. */
  readonly binding: ExpectedBinding | 'absent';
  /** The credential's type; null for any. */
  readonly vct: string | null;
  /** `typ` of the issuer's JWT; `dc+sd-jwt` by default. */
  readonly types?: readonly string[];
  /** Clocks may differ by this; 60 by default. */
  readonly skewSeconds?: number;
}

export interface VerifiedSdJwt {
  readonly issuer: string;
  /** All that was disclosed, without `_sd` and digests. */
  readonly claims: JsonObject;
  readonly holderKey: P256Jwk | null;
}

const DEFAULT_SKEW_SECONDS = 60;

/** @throws {SdJwtRefusal} with the reason as its code */
export async function verifySdJwtVc(order: VerifyOrder): Promise<VerifiedSdJwt> {
  const read = readSdJwt(order.crypto, order.text, order.types ?? ['dc+sd-jwt']);
  const issuer = await judgeIssuer(order, read);
  judgeTimes(order, read.issued.payload);
  if (order.vct !== null && read.issued.payload.vct !== order.vct) throw new SdJwtRefusal('wrong-type');
  const holderKey = readHolderKey(read.issued.payload);
  judgeBinding(order, read, holderKey);
  return { issuer, holderKey, claims: await disclosedClaims(order, read) };
}

async function judgeIssuer(order: VerifyOrder, { issued }: ReadSdJwt): Promise<string> {
  const { iss } = issued.payload;
  if (typeof iss !== 'string') throw new SdJwtRefusal('unknown-issuer');
  const keys = await order.issuerKeys(iss);
  if (keys.length === 0) throw new SdJwtRefusal('unknown-issuer');
  if (!keys.some((key) => verifyJws(order.crypto, issued, key))) throw new SdJwtRefusal('altered');
  return iss;
}

function judgeTimes(order: VerifyOrder, payload: JsonObject): void {
  const { now, skewSeconds: skew = DEFAULT_SKEW_SECONDS } = order;
  const exp = time(payload, 'exp');
  const nbf = time(payload, 'nbf');
  const iat = time(payload, 'iat');
  if (exp !== null && exp <= now - skew) throw new SdJwtRefusal('expired');
  if (nbf !== null && nbf > now + skew) throw new SdJwtRefusal('not-yet-valid');
  if (iat !== null && iat > now + skew) throw new SdJwtRefusal('issued-in-future');
}

/** Seconds since 1970, or null where it is not given. */
function time(payload: JsonObject, name: string): number | null {
  const value = payload[name];
  if (value === undefined) return null;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new SdJwtRefusal('malformed');
  return value;
}

function readHolderKey(payload: JsonObject): P256Jwk | null {
  if (payload.cnf === undefined) return null;
  if (!isJsonObject(payload.cnf)) throw new SdJwtRefusal('malformed');
  try {
    return readP256Jwk(payload.cnf.jwk);
  } catch (cause) {
    throw new SdJwtRefusal('malformed', { cause });
  }
}

function judgeBinding(order: VerifyOrder, read: ReadSdJwt, holderKey: P256Jwk | null): void {
  const { binding, crypto, now, skewSeconds: skew = DEFAULT_SKEW_SECONDS } = order;
  if (binding === 'absent') {
    if (read.keyBinding !== null) throw new SdJwtRefusal('unexpected-key-binding');
    return;
  }
  if (read.keyBinding === null) throw new SdJwtRefusal('no-key-binding');
  if (holderKey === null) throw new SdJwtRefusal('not-bound');
  const signed = readBinding(read.keyBinding);
  if (!verifyJws(crypto, signed, holderKey)) throw new SdJwtRefusal('another-key');
  const { iat, aud, nonce, sd_hash: hash } = signed.payload;
  if (hash !== digestOf(crypto, read.bound)) throw new SdJwtRefusal('wrong-sd-hash');
  if (aud !== binding.audience) throw new SdJwtRefusal('another-audience');
  if (nonce !== binding.nonce) throw new SdJwtRefusal('another-nonce');
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw new SdJwtRefusal('bad-key-binding');
  if (iat > now + skew) throw new SdJwtRefusal('binding-in-future');
  if (iat < now - binding.maxAgeSeconds) throw new SdJwtRefusal('stale-binding');
}

function readBinding(text: string) {
  try {
    return readJws(text, { typ: 'kb+jwt' });
  } catch (cause) {
    throw new SdJwtRefusal('bad-key-binding', { cause });
  }
}

/** By the library, which joins disclosures and payload. What it does not refuse was refused before. */
async function disclosedClaims(order: VerifyOrder, read: ReadSdJwt): Promise<JsonObject> {
  const keys = await order.issuerKeys(read.issued.payload.iss as string);
  const verifier = (data: string, signature: string): boolean => {
    const bytes = base64urlBytes(signature);
    return bytes !== null && keys.some((key) => verifyText(order.crypto, data, bytes, key));
  };
  const library = await sdJwtLibrary({ crypto: order.crypto, verifier });
  const { now: currentDate, skewSeconds = DEFAULT_SKEW_SECONDS } = order;
  const judged = await library.validate(read.bound, { currentDate, skewSeconds });
  if (!isJsonObject(judged.payload)) throw new SdJwtRefusal('malformed');
  return judged.payload;
}
