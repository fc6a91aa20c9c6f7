/** What the operator's page asks the issuer for: its routes below /v1/operator (openapi.json). No Node and no browser here. */

/** `GET /v1/operator/status`. */
export interface RegistryStatus {
  readonly insured: number;
  readonly activations: { readonly pending: number; readonly active: number; readonly revoked: number };
  readonly wipesQueued: number;
  readonly contexts: number;
  readonly claims: number;
  readonly auditLines: number;
}

/** `GET /v1/operator/applications`. Times in milliseconds since 1970. */
export interface Applications {
  readonly applications: readonly WaitingApplication[];
}

export interface WaitingApplication {
  readonly id: string;
  readonly receivedAt: number;
  readonly destroyBy: number;
}

export const FILES = ['document-front', 'document-back', 'video'] as const;
export type FileName = (typeof FILES)[number];

export type RefusalReason = 'unreadable' | 'not-the-same-person' | 'document-expired' | 'not-a-document';

/** `GET /v1/operator/activations`, the newest first. Nobody is named. */
export interface Activations {
  readonly activations: readonly ListedCard[];
}

export interface ListedCard {
  readonly id: string;
  readonly number: number;
  readonly state: 'pending' | 'active' | 'revoked' | 'abandoned';
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Why it was revoked. */
  readonly reason: 'replaced' | 'lost' | 'operator' | null;
  readonly wipe: 'queued' | 'done' | null;
}

/** `GET /v1/operator/rollout`. */
export interface Rollout {
  readonly departments: readonly { readonly department: string; readonly openedAt: number }[];
}
