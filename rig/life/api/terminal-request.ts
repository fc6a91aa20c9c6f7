import type { Crypto } from '../../../src/hal/crypto.ts';
import type { TerminalKeys } from '../../pki/terminal-keys.ts';
import { base64url } from '../credential/jws.ts';
import { TERMINAL_ALGORITHMS, TERMINAL_REQUEST, targetOf } from './signed-request.ts';

export interface TerminalCall {
  readonly method: string;
  readonly url: string;
  /** The request identifier: the same one again asks for the answer that was lost. */
  readonly requestId: string;
  /** What is asked for. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * A professional's request as it is sent: a compact JWS by the terminal's key, with its card-verifiable certificates
 * (`cvc`: objects 7F21 in base64url, the terminal's last) in the header.
 */
export function terminalRequest(
  crypto: Pick<Crypto, 'hash' | 'ecdsaSign'>,
  { certificates, key }: Pick<TerminalKeys, 'certificates' | 'key'>,
  { method, url, requestId, request, now }: TerminalCall,
): string {
  const { alg, hash } = TERMINAL_ALGORITHMS[key.curve];
  const header = { typ: TERMINAL_REQUEST, alg, cvc: certificates.map(base64url) };
  const payload = {
    aud: new URL(url).origin,
    iat: Math.floor(now / 1000),
    jti: requestId,
    htm: method,
    htu: targetOf(url),
    request,
  };
  const part = (value: unknown): string => base64url(Buffer.from(JSON.stringify(value)));
  const signingInput = `${part(header)}.${part(payload)}`;
  const digest = crypto.hash(hash, Buffer.from(signingInput));
  return `${signingInput}.${base64url(crypto.ecdsaSign(key.curve, key.privateKey, digest))}`;
}
