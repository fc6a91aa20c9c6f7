import type { Crypto } from '../../src/hal/crypto.ts';
import { CborError, decodeCbor, encodeCbor } from './deterministic-cbor.ts';

/**
 * COSE_Sign1 of RFC 9052 with ES256: one signer, the algorithm in the protected header, deterministic CBOR. Only what
 * is encoded in the one way that this code encodes it is accepted: two byte strings never mean the same message.
 */

export interface Sign1 {
  /** Header parameters under the signature, by label; the algorithm (1) among them. */
  readonly protectedHeader: Sign1Header;
  /** Null: the payload is somewhere else, and is given to {@link verifySign1}. */
  readonly payload: Uint8Array | null;
}

export type Sign1Header = ReadonlyMap<number | string, unknown>;

/** A message taken apart; nothing says yet that its signature is right. */
export interface UnverifiedSign1 extends Sign1 {
  /** Header parameters that no signature covers. */
  readonly unprotectedHeader: Sign1Header;
  readonly tagged: boolean;
}

/** A message that lacks its signature only: whoever holds the key, a card or an issuer, signs the digest. */
export interface PreparedSign1 {
  /** SHA-256 of the Sig_structure, 32 bytes. */
  readonly digest: Uint8Array;
  /** The tagged message. @param signature r ‖ s, 64 bytes @throws {CoseError} another length */
  withSignature(signature: Uint8Array): Uint8Array;
}

/** Labels of header parameters: RFC 9052, and RFC 9596 for the type. */
export const HEADER_LABEL = { ALGORITHM: 1, CRITICAL: 2, KEY_ID: 4, TYPE: 16 } as const;

const TAG_SIGN1 = 0xd2;
const ES256 = -7;
const SIGNATURE_LENGTH = 64;
const NO_BYTES = new Uint8Array(0);

/** The message is not what RFC 9052 calls a COSE_Sign1, or not one of ours. One clause of a sentence. */
export class CoseError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CoseError';
  }
}

/**
 * @param header more parameters for the protected header, beside the algorithm
 * @param place whether the payload goes into the message, or stays beside it
 */
export function prepareSign1(
  payload: Uint8Array,
  header: Sign1Header,
  crypto: Pick<Crypto, 'hash'>,
  place: 'inside' | 'detached' = 'inside',
): PreparedSign1 {
  const protectedHeader = encodeCbor(new Map([...header, [HEADER_LABEL.ALGORITHM, ES256]]));
  return {
    digest: crypto.hash('sha-256', toBeSigned(protectedHeader, NO_BYTES, payload)),
    withSignature: (signature) => {
      if (signature.length !== SIGNATURE_LENGTH) throw new CoseError(`a signature of ${signature.length} bytes`);
      const body = encodeCbor([protectedHeader, new Map(), place === 'inside' ? payload : null, signature]);
      const message = new Uint8Array(1 + body.length);
      message[0] = TAG_SIGN1;
      message.set(body, 1);
      return message;
    },
  };
}

/** Tagged message, payload detached. @param keyId goes into the protected header, so that it cannot be exchanged */
export function signDetached(
  payload: Uint8Array,
  keyId: Uint8Array,
  privateKey: Uint8Array,
  crypto: Pick<Crypto, 'hash' | 'ecdsaSign'>,
): Uint8Array {
  const prepared = prepareSign1(payload, new Map([[HEADER_LABEL.KEY_ID, keyId]]), crypto, 'detached');
  return prepared.withSignature(crypto.ecdsaSign('P-256', privateKey, prepared.digest));
}

/**
 * @param message COSE_Sign1, with its tag or without
 * @param detached the payload where the message has none
 * @returns what was signed, when the signature is right
 * @throws {CoseError} malformed message; null is returned when it is well made and the signature is not right
 * @throws {CryptoError} a public key that is none
 */
export function verifySign1(
  message: Uint8Array,
  publicKey: Uint8Array,
  crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>,
  { detached = null, externalAad = NO_BYTES }: { detached?: Uint8Array | null; externalAad?: Uint8Array } = {},
): Sign1 | null {
  const { header, protectedHeader, payload, signature } = parse(message);
  const signed = payload ?? detached;
  if (signed === null) throw new CoseError('the payload is detached, and none was given');
  const digest = crypto.hash('sha-256', toBeSigned(header, externalAad, signed));
  return crypto.ecdsaVerify('P-256', publicKey, digest, signature) ? { protectedHeader, payload } : null;
}

/** What the message says before anybody looked at its signature: to find the key. @throws {CoseError} */
export function readUnverifiedSign1(message: Uint8Array): UnverifiedSign1 {
  const { protectedHeader, unprotectedHeader, payload, tagged } = parse(message);
  return { protectedHeader, unprotectedHeader, payload, tagged };
}

/** Which key made it, as it says itself; null when it does not. @throws {CoseError} */
export function keyIdOf(message: Uint8Array): Uint8Array | null {
  const keyId = parse(message).protectedHeader.get(HEADER_LABEL.KEY_ID);
  return keyId instanceof Uint8Array ? keyId : null;
}

interface Parts extends UnverifiedSign1 {
  readonly header: Uint8Array;
  readonly signature: Uint8Array;
}

function parse(message: Uint8Array): Parts {
  const tagged = message[0] === TAG_SIGN1;
  const parts = canonical(tagged ? message.subarray(1) : message, 'the message');
  if (!Array.isArray(parts) || parts.length !== 4) throw new CoseError('the message is not an array of four');
  const [header, unprotected, payload, signature] = parts as unknown[];
  if (!(header instanceof Uint8Array)) throw new CoseError('the protected header is not a byte string');
  if (payload !== null && !(payload instanceof Uint8Array)) throw new CoseError('the payload is not a byte string');
  if (!(signature instanceof Uint8Array) || signature.length !== SIGNATURE_LENGTH) {
    throw new CoseError(`the signature is not of ${SIGNATURE_LENGTH} bytes`);
  }
  const unprotectedHeader = headerMap(unprotected, 'the unprotected header');
  const protectedHeader = headerMap(canonical(header, 'the protected header'), 'the protected header');
  if (protectedHeader.get(HEADER_LABEL.ALGORITHM) !== ES256) throw new CoseError('the algorithm is not ES256');
  if (protectedHeader.has(HEADER_LABEL.CRITICAL)) throw new CoseError('a header parameter is critical and not known');
  for (const label of protectedHeader.keys()) {
    if (unprotectedHeader.has(label)) throw new CoseError('a header parameter stands in both headers');
  }
  return { header, protectedHeader, unprotectedHeader, payload, signature, tagged };
}

function headerMap(value: unknown, what: string): Sign1Header {
  if (!(value instanceof Map)) throw new CoseError(`${what} is not a map`);
  for (const label of value.keys()) {
    if (typeof label !== 'string' && !Number.isSafeInteger(label)) {
      throw new CoseError(`a label in ${what} is neither a number nor text`);
    }
  }
  return value as Sign1Header;
}

function canonical(bytes: Uint8Array, what: string): unknown {
  try {
    return decodeCbor(bytes, what);
  } catch (cause) {
    if (cause instanceof CborError) throw new CoseError(cause.message, { cause });
    throw cause;
  }
}

/** Sig_structure. */
function toBeSigned(header: Uint8Array, externalAad: Uint8Array, payload: Uint8Array): Uint8Array {
  return encodeCbor(['Signature1', header, externalAad, payload]);
}
