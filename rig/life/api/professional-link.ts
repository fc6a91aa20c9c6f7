import type * as z from 'zod';
import type { TerminalKeys } from '../../pki/terminal-keys.ts';
import type { Claim } from '../credential/claim.ts';
import { call, type IssuerLine } from './call.ts';
import { newRequestId } from './device-request.ts';
import type { RequestWorld } from './phone-link.ts';
import { TERMINAL_BODY } from './signed-request.ts';
import { terminalRequest } from './terminal-request.ts';
import {
  CLAIMED,
  type Claimed,
  type Context,
  NOTHING,
  type OfflineProof,
  RENEWED,
  RESOLVED,
  type Resolved,
} from './wire.ts';

/** A context as the issuer gave it. */
export type ContextReference = Pick<Context, 'id' | 'token'>;

/**
 * The issuer as a professional's software asks it, every call signed by the terminal's key. The request identifier makes
 * a lost answer harmless: the same call with the same identifier gets the same answer. Throws `IssuerRefused` and
 * `IssuerUnreachable`.
 */
export interface ProfessionalLink {
  /** A new identifier, for a call that may have to be repeated. */
  newRequestId(): string;
  resolve(presence: string, requestId?: string): Promise<Resolved>;
  renew(context: ContextReference, requestId?: string): Promise<{ readonly expiresAt: number }>;
  destroy(context: ContextReference, requestId?: string): Promise<void>;
  claim(context: ContextReference, claim: Claim, requestId?: string): Promise<Claimed>;
  claimOffline(proof: OfflineProof, claim: Claim, requestId?: string): Promise<Claimed>;
}

/** The same over HTTP. */
export function professionalLink(
  line: IssuerLine,
  keys: Pick<TerminalKeys, 'certificates' | 'key'>,
  { crypto, random, now }: RequestWorld,
): ProfessionalLink {
  const fresh = (): string => newRequestId(random);
  const ask = <T>(path: string, request: object, answer: z.ZodType<T>, requestId = fresh()): Promise<T> => {
    const url = `${line.origin}${path}`;
    const signed = { method: 'POST', url, requestId, request: { ...request }, now: now() };
    const body = terminalRequest(crypto, keys, signed);
    return call(
      { ...line, idempotent: true },
      { method: 'POST', url, headers: { 'content-type': TERMINAL_BODY }, body },
      answer,
    );
  };
  const context = (id: string, verb: string): string => `/v1/contexts/${encodeURIComponent(id)}/${verb}`;
  return {
    newRequestId: fresh,
    resolve: (presence, requestId) => ask('/v1/presences/resolve', { presence }, RESOLVED, requestId),
    renew: ({ id, token }, requestId) => ask(context(id, 'renew'), { token }, RENEWED, requestId),
    destroy: async ({ id, token }, requestId) =>
      void (await ask(context(id, 'destroy'), { token }, NOTHING, requestId)),
    claim: ({ id, token }, claim, requestId) => ask(context(id, 'claims'), { token, claim }, CLAIMED, requestId),
    claimOffline: (proof, claim, requestId) => ask('/v1/claims', { ...proof, claim }, CLAIMED, requestId),
  };
}
