/**
 * What the phone's server tells its page, and is asked by it. JSON on loopback; no Node and no browser in here.
 *
 * The page asks for the code for each act and sends it with that act alone: neither side keeps it.
 */

/** Where the phone stands in its card's life. */
export type PhoneLife = 'blank' | 'pending' | 'active' | 'revoked' | 'wiped';

/** `GET /api/phone`: what may be shown without the code. Nothing in it names a person. */
export interface PhoneView {
  readonly life: PhoneLife;
  /** Whether this phone can be held to a reader. */
  readonly antenna: boolean;
  /** What is left of the code's tries; null while no code is set. */
  readonly triesLeft: number | null;
  /** An active card still has its PUK, which nobody has noted. */
  readonly pukDue: boolean;
  /** The window that consent opened for one reader; null when it is closed. */
  readonly window: PresentationWindow | null;
  /** When the issuer was last heard, ISO 8601 in UTC; null: never. */
  readonly syncedAt: string | null;
  /** Why the activation ended; null while it has not. */
  readonly endedBecause: 'replaced' | 'lost' | 'operator' | 'wiped here' | null;
  /** What the server is doing of an activation; `code`: it waits for the holder's choice. */
  readonly activation: 'none' | 'working' | 'code';
  /** The digital identity for an activation; null: this phone was given no identity provider. */
  readonly identity: IdentityView | null;
  /** The card's SD-JWT VC; null: no active card. */
  readonly credential: CredentialView | null;
}

export interface IdentityView {
  /** Origin of the identity provider. */
  readonly provider: string;
  /** `presented`: the person agreed, and the issuer has not been asked for the activation yet. */
  readonly at: 'none' | 'asked' | 'presented' | 'refused';
  /** Where the person agrees, in a tab of its own; null unless asked. */
  readonly address: string | null;
  /** Of the request; 0 when there is none. */
  readonly remainingMs: number;
  readonly wholeMs: number;
}

export interface CredentialView {
  /** `offered`: its transaction code is needed; `due`: to be renewed. */
  readonly state: 'none' | 'offered' | 'current' | 'due';
  /** ISO 8601 in UTC; null: none came yet. */
  readonly expiresAt: string | null;
}

export interface PresentationWindow {
  readonly remainingMs: number;
  readonly wholeMs: number;
  /** Readers that it is still good for. */
  readonly uses: number;
  /** Card access number, 6 digits, for the reader. */
  readonly can: string;
}

export type QrKind = 'presence' | 'offline';

/** `POST /api/phone/qr`. */
export interface QrRequest {
  readonly kind: QrKind;
  readonly code: string;
}

export interface ShownQr {
  readonly kind: QrKind;
  /** Modules of one side, without the quiet zone. */
  readonly size: number;
  /** Rows from the top, each of `size` digits: 1 is dark. */
  readonly rows: readonly string[];
  readonly remainingMs: number;
  readonly wholeMs: number;
}

/** `POST /api/phone/invoices`. Amounts are whole cents, days AAAAMMJJ. */
export interface ShownInvoice {
  readonly date: string;
  readonly professional: string;
  readonly beneficiaryIndex: number;
  readonly total: number;
  readonly amo: number;
  readonly amc: number;
  readonly patient: number;
  readonly thirdParty: boolean;
  readonly status: 'recorded' | 'sent' | 'paid' | 'rejected';
}

export interface CodeRequest {
  readonly code: string;
}

/** `POST /api/phone/code`. */
export interface ChangeCodeRequest {
  readonly code: string;
  readonly newCode: string;
}

/** `POST /api/phone/activation`: begins, or goes on with one that was cut short. */
export interface ActivationRequest {
  /** What the issuer gave for this activation; null: the identity that was presented, or nothing where none is needed. */
  readonly ticket: string | null;
}

/** `POST /api/phone/activation/code`. A weak one is refused, and the activation waits for another. */
export interface NewCodeRequest {
  readonly newCode: string;
}

/** `code`: the holder chooses one now. */
export type ActivationAnswer =
  | { readonly at: 'code' }
  /** The PUK is shown until it was noted; null: the code was chosen before this run, and shows it. */
  | { readonly at: 'active'; readonly puk: string | null };

/** Where the browser comes back from the identity provider, on the phone's own server. */
export const RETURNED_PATH = '/returned';
/** Its parameter: which request of the phone was answered. */
export const FLOW = 'flow';

/** `POST /api/phone/identity/answer`, without the secret of the page: the tab that comes back has none. */
export interface IdentityAnswer {
  readonly flow: string;
  /** Half of the right to the identity; null: the issuer gave none. */
  readonly responseCode: string | null;
  readonly refused: boolean;
}

/** `POST /api/phone/credential`. */
export interface CredentialRequest {
  readonly code: string;
  /** The transaction code of an offer; null for a renewal. */
  readonly txCode: string | null;
}

/** `GET /api/phone/delegations`: those that this phone gave and was given. Times are ISO 8601 in UTC. */
export interface DelegationsView {
  /** By which another phone delegates to this one. */
  readonly key: string;
  readonly given: readonly ShownDelegation[];
  readonly received: readonly ShownDelegation[];
}

export interface ShownDelegation {
  readonly id: string;
  readonly beneficiaryIndex: number;
  readonly until: string;
  /** When it ended, by its time or taken back; null: it holds. */
  readonly endedAt: string | null;
}

/** `POST /api/phone/delegations`. */
export interface DelegateRequest {
  readonly code: string;
  /** The other phone's key, as its page shows it. */
  readonly delegateKey: string;
  readonly beneficiaryIndex: number;
  readonly days: number;
}

/** `POST /api/phone/sync`. With the code, a credential that is due is renewed. */
export interface SyncRequest {
  readonly code: string | null;
}

/** `POST /api/phone/unblocking`: a new code by the PUK. */
export interface UnblockRequest {
  readonly puk: string;
  readonly newCode: string;
}
