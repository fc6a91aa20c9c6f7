import type { Crypto, CurveName, HashName } from '../../../src/hal/crypto.ts';

/*
 * Requests to the issuer are signed: the phone's with the device key in its card, the professional's with the key of the
 * terminal. Both say for whom they are (aud), when they were made (iat), for what (htm, htu), and who they are (jti), so
 * that one that was overheard is of no use.
 */

/** What both kinds of request say. The names of htm and htu are those of RFC 9449. */
export interface RequestClaims {
  /** Origin of the issuer as the requester addresses it. */
  readonly aud: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly jti: string;
  /** The method, in capitals. */
  readonly htm: string;
  /** The URL without query and fragment. */
  readonly htu: string;
}

/** `typ` of a request of a phone; in the header field `Authorization: Vitap-Device …`. */
export const DEVICE_REQUEST = 'vitap-device+jwt';
export const DEVICE_SCHEME = 'Vitap-Device';
/** `typ` of a request of a professional's terminal, which is the body itself. */
export const TERMINAL_REQUEST = 'vitap-terminal+jwt';
export const TERMINAL_BODY = 'application/jose';

/** Longest JWS of a terminal: a chain of several certificates on large curves and a claim. */
export const LONGEST_TERMINAL_REQUEST = 32_768;
/** Longest JWS of a device: it carries no body. */
export const LONGEST_DEVICE_REQUEST = 2048;

export interface TerminalAlgorithm {
  readonly alg: string;
  readonly hash: HashName;
  /** Bytes of r ‖ s. */
  readonly signatureSize: number;
}

/**
 * How a terminal signs, by the curve of its key. RFC 7518 has names for the curves of NIST. For brainpool the names are
 * the fully specified ones of RFC 9864, which registers them for COSE; as `alg` of a JWS they are an agreement of ours.
 */
export const TERMINAL_ALGORITHMS: Readonly<Record<CurveName, TerminalAlgorithm>> = {
  'P-256': { alg: 'ES256', hash: 'sha-256', signatureSize: 64 },
  'P-384': { alg: 'ES384', hash: 'sha-384', signatureSize: 96 },
  'P-521': { alg: 'ES512', hash: 'sha-512', signatureSize: 132 },
  brainpoolP256r1: { alg: 'ESB256', hash: 'sha-256', signatureSize: 64 },
  brainpoolP384r1: { alg: 'ESB384', hash: 'sha-384', signatureSize: 96 },
  brainpoolP512r1: { alg: 'ESB512', hash: 'sha-512', signatureSize: 128 },
};

/** The hash of a body as `body_sha256` has it. */
export function bodyHash(crypto: Pick<Crypto, 'hash'>, body: Uint8Array): string {
  return Buffer.from(crypto.hash('sha-256', body)).toString('base64url');
}

/** The URL as `htu` has it. */
export function targetOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
