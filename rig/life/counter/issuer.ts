import type { Affiliation, Beneficiary, Invoice } from '../../../src/applet/vitale/index.ts';
import type { Claim } from '../credential/claim.ts';

/** What the issuer opens for a presence. Instants are ISO 8601 in UTC. */
export interface ResolvedPresence {
  readonly context: { readonly id: string; readonly token: string; readonly expiresAt: string };
  readonly people: readonly Beneficiary[];
  readonly affiliation: Affiliation | null;
  /** Null: not agreed to. */
  readonly invoices: readonly Invoice[] | null;
}

/** The issuer as a counter asks it, in requests signed by the terminal. Each throws {@link CounterFailure}. */
export interface CounterIssuer {
  /** Its address: the issuer of what it says. */
  readonly url: string;
  /** The same identifier again gets the same answer. */
  resolve(presence: string, requestId: string): Promise<ResolvedPresence>;
  renew(context: { readonly id: string; readonly token: string }, requestId: string): Promise<{ readonly expiresAt: string }>;
  destroy(context: { readonly id: string; readonly token: string }, requestId: string): Promise<void>;
  claimByContext(
    context: { readonly id: string; readonly token: string },
    claim: Claim,
    requestId: string,
  ): Promise<void>;
  /** @param text the whole offline code: its two signatures and its identifier are the proof */
  claimByOfflineQr(text: string, claim: Claim, requestId: string): Promise<void>;
}
