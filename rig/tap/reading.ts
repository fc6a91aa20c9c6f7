import type {
  Affiliation,
  BeneficiaryRecord,
  CardValidity,
  Identity,
  Invoice,
  NirEntry,
  PointedApplication,
  RightRecord,
} from '../../src/applet/vitale/index.ts';
import type { CapabilityContainer, NdefContent } from '../card/ndef/index.ts';
import type { OwnContent } from './plan-content.ts';

/** What a tap found on an NFC Forum Type 4 Tag. */
export interface NdefReading extends CapabilityContainer {
  /** Bytes of the message, without its two length bytes; 0 for a tag that holds none. */
  readonly messageLength: number;
  readonly records: readonly NdefContent[];
}

/** Something that was judged while reading. */
export interface Check {
  /** `nir-key-1`, `signature`. */
  readonly id: string;
  readonly verdict: 'pass' | 'fail';
  readonly detail: string;
}

/** Something that the card did not give, and what it said. */
export interface Refusal {
  readonly what: string;
  /** Four hexadecimal digits, or null when the answer could not be understood. */
  readonly status: string | null;
  readonly detail: string;
}

/** A file as the pointer list of the card names it. */
export interface PointedContent {
  readonly application: string;
  readonly file: string;
  readonly fid: string;
  readonly bytes: number;
  readonly content: Uint8Array;
}

/** All that a tap found. What a card does not have, or did not give, is null or empty. */
export interface CardReading {
  identities: readonly Identity[];
  nirs: readonly NirEntry[];
  validity: CardValidity | null;
  /** Whether the own application answered to its name. */
  ownApplication: boolean;
  affiliation: Affiliation | null;
  beneficiaries: readonly BeneficiaryRecord[];
  rights: readonly RightRecord[];
  invoices: readonly Invoice[];
  /** What the own application holds, byte for byte. */
  own: OwnContent | null;
  /** The records that the signature is over, file by file, and EF E00F. */
  signed: { readonly files: readonly (readonly Uint8Array[])[]; readonly content: Uint8Array } | null;
  pointers: readonly PointedApplication[];
  pointed: PointedContent[];
  /** The card as an NFC Forum Type 4 Tag. */
  ndef: NdefReading | null;
  refusals: Refusal[];
  checks: Check[];
  /** What happened to the code: not given, taken on the phone, verified, wrong, blocked … */
  code: CodeOutcome;
}

export type CodeOutcome =
  | { readonly outcome: 'not-given' | 'not-needed' | 'verified' | 'unlocked-by-holder' | 'blocked' }
  | { readonly outcome: 'wrong'; readonly triesLeft: number }
  | { readonly outcome: 'refused'; readonly status: string };

export function emptyReading(): CardReading {
  return {
    identities: [],
    nirs: [],
    validity: null,
    ownApplication: false,
    affiliation: null,
    beneficiaries: [],
    rights: [],
    invoices: [],
    own: null,
    signed: null,
    pointers: [],
    pointed: [],
    ndef: null,
    refusals: [],
    checks: [],
    code: { outcome: 'not-given' },
  };
}
