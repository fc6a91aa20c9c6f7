/**
 * What the counter's server tells its page, and is asked by it. JSON on loopback; no Node and no browser in here.
 *
 * A reading is shown to the professional who asked for it, with names and NIRs; it is in one answer, and the server
 * keeps no more of it than the counter does (docs/counter.md).
 */
import type { CounterReading } from '../../counter/reading.ts';

/** `GET /api/counter`: nothing personal. */
export interface CounterView {
  /** The reader, in words; null: this counter has none. */
  readonly reader: string | null;
  /** Address of the issuer; null: none was given. */
  readonly issuer: string | null;
  /** Whether nobody is asked, and only what was kept here counts. */
  readonly offline: boolean;
  readonly queue: readonly QueueItem[];
  /** Names of files of the queue that cannot be read; they stay, and hold up no other claim. */
  readonly damaged: readonly string[];
}

/** A refusal by its code, with its sentence in English. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** A claim on its way to the issuer. */
export interface QueueItem {
  readonly requestId: string;
  readonly number: string;
  readonly date: string;
  /** Whole cents. */
  readonly total: number;
  readonly state: 'waiting' | 'sent' | 'refused';
  /** Why the last try failed; null: it did not, or there was none. */
  readonly problem: Problem | null;
}

/** `POST /api/counter/scan`: a scanner's line or pasted text. */
export interface ScanRequest {
  readonly text: string;
}

/** `POST /api/counter/picture`: a picture file, in base64. */
export interface PictureRequest {
  readonly picture: string;
}

/** `POST /api/counter/tap`: the card on the reader, with the number that the phone shows. */
export interface TapRequest {
  readonly can: string;
  readonly invoices: boolean;
}

/** The summary that goes back to the holder: the fields are closed, as in `rig/life/credential/claim.ts`. */
export interface ClaimFields {
  readonly number: string;
  /** AAAAMMJJ. */
  readonly date: string;
  readonly beneficiaryIndex: number;
  readonly professionalId: string;
  readonly professionalName: string;
  /** Whole cents; total = amo + amc + patient. */
  readonly total: number;
  readonly amo: number;
  readonly amc: number;
  readonly patient: number;
  readonly thirdParty: boolean;
}

/** `POST /api/counter/claim`: after a reading, or with `can` onto the card that is on the reader. */
export interface ClaimRequest {
  readonly claim: ClaimFields;
  readonly after: string | null;
  readonly can: string | null;
}

export interface ClaimAnswer {
  readonly state: 'on the card' | 'sent' | 'waiting' | 'refused';
  /** Why it waits or is refused; null: nothing is wrong. */
  readonly problem: Problem | null;
}

export type { CounterReading };
