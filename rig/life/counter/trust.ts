import type { Affiliation, Beneficiary } from '../../../src/applet/vitale/index.ts';
import type { ListAge } from './reading.ts';

/** Where an activation stands in the issuer's list of states. */
export interface StatusReference {
  readonly uri: string;
  readonly index: number;
}

/** What the issuer signed when it personalised a card. */
export interface SignedCredential {
  readonly people: readonly Beneficiary[];
  readonly affiliation: Affiliation;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly status: StatusReference;
}

export interface ActivationFinding {
  readonly state: 'active' | 'revoked' | 'not checked';
  readonly list: ListAge | null;
  /** Why it was not checked, or what else the professional should know. */
  readonly warnings: readonly string[];
}

/** Whom the counter believes: the issuer's keys and its list of states, from files, from the issuer, or from its cache. */
export interface CounterTrust {
  /** A credential that the issuer signed and that has not expired, or why it is not believed. */
  credential(bytes: Uint8Array, at: Date): Promise<SignedCredential | { readonly refusal: string }>;
  activation(status: StatusReference, at: Date): Promise<ActivationFinding>;
}
