import type { Crypto } from '../../../../src/hal/crypto.ts';
import type { TrustAnchor } from '../../../pki/judge-certificates.ts';
import {
  type JudgedTerminal,
  judgeTerminal,
  type TerminalFault,
  TerminalNotBelieved,
} from '../../../pki/judge-terminal.ts';
import { LONGEST_TERMINAL_REQUEST, TERMINAL_ALGORITHMS, TERMINAL_REQUEST } from '../../api/signed-request.ts';
import {
  base64urlBytes,
  isJsonObject,
  type JsonObject,
  JwsError,
  type ReadJws,
  readJwsOf,
} from '../../credential/jws.ts';
import { judgeClaims, type ReceivedRequest } from './judge-claims.ts';
import { type RequestRefusalCode, refuseRequest } from './request-refusals.ts';

/** A professional's terminal that signed this request, and is believed today. */
export interface JudgedProfessional {
  /** Holder reference of its certificate. */
  readonly name: string;
  readonly rights: readonly string[];
  /** The request identifier. */
  readonly requestId: string;
  /** Seconds since 1970, as the request says. */
  readonly issuedAt: number;
  readonly request: JsonObject;
}

/** What a terminal is judged against. */
export interface ProfessionalTrust {
  readonly anchor: TrustAnchor;
  /** Which of these holders were revoked; it gets the whole chain. */
  readonly revokedOf: (holders: readonly string[]) => Promise<readonly string[]>;
}

type JudgeCrypto = Pick<Crypto, 'hash' | 'ecdsaVerify'>;

/** More than any chain has: a link certificate for each change of the root's key. */
const MOST_CERTIFICATES = 16;
const SIGNATURE_SIZES: Readonly<Record<string, number>> = Object.fromEntries(
  Object.values(TERMINAL_ALGORITHMS).map(({ alg, signatureSize }) => [alg, signatureSize]),
);

/** Every fault of a terminal has a refusal of its own. */
const TERMINAL_REFUSALS: Readonly<Record<TerminalFault, RequestRefusalCode>> = {
  malformed: 'signature-malformed',
  unknown: 'terminal-unknown',
  expired: 'terminal-expired',
  refused: 'terminal-refused',
};

/**
 * Judges a professional's request: form, chain, revocation, signature, audience and time, right; in this order, and
 * nothing of the request is looked at before.
 * @param right as `rightsOfType('AT')` names it
 * @throws {WebRefusal}
 */
export async function judgeProfessional(
  crypto: JudgeCrypto,
  body: string,
  right: string,
  { anchor, revokedOf }: ProfessionalTrust,
  received: ReceivedRequest,
): Promise<JudgedProfessional> {
  const { jws, certificates } = read(body);
  const terminal = judge(crypto, certificates, anchor);
  if ((await revokedOf(terminal.holders)).length > 0) throw refuseRequest('terminal-revoked');
  const { alg, hash } = TERMINAL_ALGORITHMS[terminal.key.curve];
  if (jws.header.alg !== alg)
    throw refuseRequest('signature-wrong', `a key on ${terminal.key.curve} signs with ${alg}`);
  const digest = crypto.hash(hash, Buffer.from(jws.signingInput));
  if (!crypto.ecdsaVerify(terminal.key.curve, terminal.key.point, digest, jws.signature)) {
    throw refuseRequest('signature-wrong');
  }
  const { jti, iat } = judgeClaims(jws.payload, received);
  if (!terminal.rights.includes(right)) throw refuseRequest('terminal-lacks-right', right);
  const { request } = jws.payload;
  if (!isJsonObject(request)) throw refuseRequest('signature-malformed', 'request is not an object');
  return { name: terminal.name, rights: terminal.rights, requestId: jti, issuedAt: iat, request };
}

function judge(crypto: JudgeCrypto, certificates: readonly Uint8Array[], anchor: TrustAnchor): JudgedTerminal {
  try {
    return judgeTerminal(crypto, certificates, anchor);
  } catch (error) {
    if (error instanceof TerminalNotBelieved) throw refuseRequest(TERMINAL_REFUSALS[error.fault], error.message);
    throw error;
  }
}

function read(body: string): { jws: ReadJws; certificates: readonly Uint8Array[] } {
  let jws: ReadJws;
  try {
    const expected = {
      typ: TERMINAL_REQUEST,
      maxCharacters: LONGEST_TERMINAL_REQUEST,
      signatureSizes: SIGNATURE_SIZES,
    };
    jws = readJwsOf(body, expected);
  } catch (error) {
    if (error instanceof JwsError) throw refuseRequest('signature-malformed', error.message);
    throw error;
  }
  const { cvc } = jws.header;
  if (!Array.isArray(cvc) || cvc.length === 0 || cvc.length > MOST_CERTIFICATES) {
    throw refuseRequest('signature-malformed', `cvc is not a list of 1 to ${MOST_CERTIFICATES} certificates`);
  }
  const certificates = cvc.map((each: unknown) => (typeof each === 'string' ? base64urlBytes(each) : null));
  if (!certificates.every((each) => each !== null)) {
    throw refuseRequest('signature-malformed', 'cvc is not a list of certificates in base64url');
  }
  return { jws, certificates };
}
