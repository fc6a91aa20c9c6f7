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
  /** The window that consent opened for one reader; null when it is closed. */
  readonly window: PresentationWindow | null;
  /** When the issuer was last heard, ISO 8601 in UTC; null: never. */
  readonly syncedAt: string | null;
  /** Why the activation ended; null while it has not. */
  readonly endedBecause: 'replaced' | 'lost' | 'operator' | 'wiped here' | null;
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

/**
 * `POST /api/phone/activation`. A weak code is refused and the activation waits: the same again, with another code, goes
 * on with it.
 */
export interface ActivationRequest {
  /** What the issuer gave for this activation. */
  readonly ticket: string;
  readonly newCode: string;
}

export interface ActivationAnswer {
  /** To be shown once; null: it was shown before. */
  readonly puk: string | null;
}

/** `POST /api/phone/unblocking`: a new code by the PUK. */
export interface UnblockRequest {
  readonly puk: string;
  readonly newCode: string;
}
