import type { KeyedNir } from './nir.ts';

/**
 * What the test card is about: people, cover, invoices. Never medical data, and never an act, a speciality, a
 * prescriber, an exoneration or a photograph: there is no field for them.
 *
 * Dates are texts of 8 digits, AAAAMMJJ; amounts are whole cents; an absent value is null.
 */
export interface CardData {
  readonly insured: Insured;
  readonly affiliation: Affiliation;
  /** The insured first. */
  readonly beneficiaries: readonly Beneficiary[];
  /** Newest first. */
  readonly invoices: readonly Invoice[];
  readonly card: Card;
}

export type Insured = KeyedNir;

/** The organism that keeps the insured's rights. */
export interface Affiliation {
  /** 2 digits. */
  readonly regime: string;
  /** 3 digits. */
  readonly caisse: string;
  /** 4 digits. */
  readonly centre: string;
  /** 2 digits. */
  readonly codeGestion: string;
}

/** One record of E002. */
export interface BeneficiaryRecord {
  /** 1 to 255, the same in E003 and E004. */
  readonly index: number;
  /** Code of the quality, 0 to 9; 0 is the insured. */
  readonly quality: number;
  /** Rank among twins, 1 when there is none. */
  readonly birthRank: number;
  /** 8 digits; the month may be over 12. */
  readonly birthDate: string;
  readonly usualName: string;
  readonly birthName: string | null;
  readonly firstName: string;
  readonly certifiedNir: KeyedNir | null;
}

export interface Beneficiary extends BeneficiaryRecord {
  readonly rights: readonly Period[];
}

/** From a first day to a last one, both included; null while no end is known. */
export interface Period {
  readonly start: string;
  readonly end: string | null;
}

/** One record of E003. */
export interface RightRecord extends Period {
  readonly beneficiaryIndex: number;
}

/** Order = code in the file. */
export const INVOICE_STATUSES = ['recorded', 'sent', 'paid', 'rejected'] as const;
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];

/** The summary of an invoice, one record of E004: total = amo + amc + patient. */
export interface Invoice {
  /** 9 digits. */
  readonly number: string;
  readonly date: string;
  readonly beneficiaryIndex: number;
  /** The professional's billing number, 9 digits. */
  readonly professionalId: string;
  readonly professionalName: string;
  readonly total: number;
  /** Paid by the compulsory scheme (assurance maladie obligatoire). */
  readonly amo: number;
  /** Paid by the complementary scheme (assurance maladie complémentaire). */
  readonly amc: number;
  /** Paid by the patient. */
  readonly patient: number;
  /** Whether the schemes pay the professional directly. */
  readonly thirdParty: boolean;
  readonly status: InvoiceStatus;
}

/** 2003 CARTE, and the card's own number, which is not in that file. */
export interface Card extends CardValidity {
  readonly serial: Uint8Array;
}

export interface CardValidity {
  readonly validFrom: string;
  /** `T`: a test card. */
  readonly type: string;
}

/** One person in D001 IDENT. */
export interface Identity {
  readonly name: string;
  readonly firstName: string;
  readonly birthDate: string;
}

/** One person in 2002 NIR, in the order of D001. */
export interface NirEntry {
  /** Nationality of the holder, or the issuing country: readers differ. Printable text. */
  readonly nationality: string | null;
  readonly nir: KeyedNir | null;
}

/** Beneficiaries of E002 with their rights of E003; rights of an index that nobody has are dropped. */
export function withRights(beneficiaries: readonly BeneficiaryRecord[], rights: readonly RightRecord[]): Beneficiary[] {
  return beneficiaries.map((beneficiary) => ({
    ...beneficiary,
    rights: rights
      .filter((right) => right.beneficiaryIndex === beneficiary.index)
      .map(({ start, end }) => ({ start, end })),
  }));
}
