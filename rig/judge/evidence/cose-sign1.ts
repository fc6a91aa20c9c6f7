import { decode, encode } from 'cborg';
import type { Crypto } from '../../../src/hal/crypto.ts';

/**
 * COSE_Sign1 of RFC 9052 with ES256: one signer, the algorithm in the protected header, deterministic CBOR. Only what
 * is encoded in the one way that this code encodes it is accepted: two byte strings never mean the same message.
 */

export interface Sign1 {
  /** Header parameters under the signature, by label; the algorithm (1) among them. */
  readonly protectedHeader: ReadonlyMap<number, unknown>;
  /** Null: the payload is somewhere else, and is given to {@link verifySign1}. */
  readonly payload: Uint8Array | null;
}

const TAG_SIGN1 = 0xd2;
const LABEL = { ALGORITHM: 1, KEY_ID: 4 } as const;
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

/** Tagged message, payload detached. @param keyId goes into the protected header, so that it cannot be exchanged */
export function signDetached(
  payload: Uint8Array,
  keyId: Uint8Array,
  privateKey: Uint8Array,
  crypto: Pick<Crypto, 'hash' | 'ecdsaSign'>,
): Uint8Array {
  const header = encodeHeader(
    new Map<number, unknown>([
      [LABEL.ALGORITHM, ES256],
      [LABEL.KEY_ID, keyId],
    ]),
  );
  const digest = crypto.hash('sha-256', toBeSigned(header, NO_BYTES, payload));
  const body = encode([header, new Map(), null, crypto.ecdsaSign('P-256', privateKey, digest)]);
  const message = new Uint8Array(1 + body.length);
  message[0] = TAG_SIGN1;
  message.set(body, 1);
  return message;
}

/**
 * @param message COSE_Sign1, with its tag or without
 * @param detached the payload where the message has none
 * @returns what was signed, when the signature is right
 * @throws {CoseError} malformed message; null is returned when it is well made and the signature is not right
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

/** Which key made it, as it says itself; null when it does not. @throws {CoseError} */
export function keyIdOf(message: Uint8Array): Uint8Array | null {
  const keyId = parse(message).protectedHeader.get(LABEL.KEY_ID);
  return keyId instanceof Uint8Array ? keyId : null;
}

interface Parts {
  readonly header: Uint8Array;
  readonly protectedHeader: Map<number, unknown>;
  readonly payload: Uint8Array | null;
  readonly signature: Uint8Array;
}

function parse(message: Uint8Array): Parts {
  const body = message[0] === TAG_SIGN1 ? message.subarray(1) : message;
  const parts = canonical(body, 'the message');
  if (!Array.isArray(parts) || parts.length !== 4) throw new CoseError('the message is not an array of four');
  const [header, unprotectedHeader, payload, signature] = parts as unknown[];
  if (!(header instanceof Uint8Array)) throw new CoseError('the protected header is not a byte string');
  if (!(unprotectedHeader instanceof Map)) throw new CoseError('the unprotected header is not a map');
  if (payload !== null && !(payload instanceof Uint8Array)) throw new CoseError('the payload is not a byte string');
  if (!(signature instanceof Uint8Array) || signature.length !== SIGNATURE_LENGTH) {
    throw new CoseError(`the signature is not of ${SIGNATURE_LENGTH} bytes`);
  }
  const protectedHeader = canonical(header, 'the protected header');
  if (!(protectedHeader instanceof Map)) throw new CoseError('the protected header is not a map');
  if (protectedHeader.get(LABEL.ALGORITHM) !== ES256) throw new CoseError('the algorithm is not ES256');
  return { header, protectedHeader, payload, signature };
}

/** Decodes, and encodes again: shortest lengths, sorted keys, nothing twice, nothing behind. */
function canonical(bytes: Uint8Array, what: string): unknown {
  let value: unknown;
  try {
    value = decode(bytes, { strict: true, useMaps: true, rejectDuplicateMapKeys: true });
  } catch (cause) {
    throw new CoseError(`${what} is not CBOR`, { cause });
  }
  if (Buffer.compare(encode(value), bytes) !== 0) throw new CoseError(`${what} is not in deterministic CBOR`);
  return value;
}

function encodeHeader(header: Map<number, unknown>): Uint8Array {
  return encode(header);
}

/** Sig_structure. */
function toBeSigned(header: Uint8Array, externalAad: Uint8Array, payload: Uint8Array): Uint8Array {
  return encode(['Signature1', header, externalAad, payload]);
}
