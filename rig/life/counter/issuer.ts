import type { Affiliation, Beneficiary, Invoice } from '../../../src/applet/vitale/index.ts';
import type { Claim } from '../credential/claim.ts';

/** What a resolved presence opened: its token is shown to nobody. */
export interface OpenedContext {
  readonly id: string;
  readonly token: string;
  /** ISO 8601 in UTC. */
  readonly expiresAt: string;
}

/** What the issuer tells of a presence: what the holder agreed to, and nothing else. */
export interface ResolvedPresence {
  readonly context: OpenedContext;
  readonly people: readonly Beneficiary[];
  readonly affiliation: Affiliation | null;
  /** Null: not agreed to. */
  readonly invoices: readonly Invoice[] | null;
}

/**
 * The issuer as a counter asks it, in requests that the terminal signs. The same request identifier again gets the same
 * answer. Throws {@link CounterFailure} `issuer-silent` and `issuer-refuses`.
 */
export interface CounterIssuer {
  resolve(presence: string, requestId: string): Promise<ResolvedPresence>;
  /** Fifteen minutes more from now on. @returns until when, ISO 8601 in UTC */
  renew(context: Pick<OpenedContext, 'id' | 'token'>): Promise<string>;
  destroy(context: Pick<OpenedContext, 'id' | 'token'>): Promise<void>;
  claimByContext(context: Pick<OpenedContext, 'id' | 'token'>, claim: Claim, requestId: string): Promise<void>;
  /** @param text the whole offline code: its signatures and its identifier are the proof */
  claimByOfflineQr(text: string, claim: Claim, requestId: string): Promise<void>;
}
