import {
  type Affiliation,
  type BeneficiaryRecord,
  type CardValidity,
  type Identity,
  INVOICE_STATUSES,
  type Invoice,
  type NirEntry,
  type RightRecord,
} from './card-data.ts';
import { CardDataError } from './card-data-error.ts';
import { BYTE, CENTS, DATE, digits, FLAG, KEYED_NIR, LATIN_1_TEXT, matching, oneOf, UTF_8_TEXT } from './format.ts';
import { optional, required, Template } from './template.ts';

/** Templates of the data dictionary, by what they hold. */
export const TAG = {
  person: 0x65,
  card: 0x66,
  affiliation: 0xe1,
  beneficiary: 0xe2,
  right: 0xe3,
  invoice: 0xe4,
} as const;

/** D001 IDENT, in the MF: one per person, the insured first. */
export const IDENTITY: Template<Identity> = new Template('D001', TAG.person, {
  name: required(0x80, LATIN_1_TEXT),
  firstName: required(0x81, LATIN_1_TEXT),
  birthDate: required(0x82, DATE),
});

/** 2002 NIR, in VITALE: one per person, in the order of D001. */
export const NIR_ENTRY: Template<NirEntry> = new Template('2002', TAG.person, {
  nationality: optional(0x90, LATIN_1_TEXT),
  nir: optional(0x93, KEYED_NIR),
});

/** 2003 CARTE, in VITALE. */
export const CARD_VALIDITY: Template<CardValidity> = new Template('2003', TAG.card, {
  validFrom: required(0x80, DATE),
  type: required(0x81, matching(/^[!-~]$/, 'not one ASCII character')),
});

/** E001 AFFILIATION. */
export const AFFILIATION: Template<Affiliation> = new Template('E001', TAG.affiliation, {
  regime: required(0x80, digits(2)),
  caisse: required(0x81, digits(3)),
  centre: required(0x82, digits(4)),
  codeGestion: required(0x83, digits(2)),
});

/** E002 BENEFICIARIES. */
export const BENEFICIARY: Template<BeneficiaryRecord> = new Template('E002', TAG.beneficiary, {
  index: required(0x80, BYTE),
  quality: required(0x81, BYTE),
  birthRank: required(0x82, BYTE),
  birthDate: required(0x83, DATE),
  usualName: required(0x84, UTF_8_TEXT),
  birthName: optional(0x85, UTF_8_TEXT),
  firstName: required(0x86, UTF_8_TEXT),
  certifiedNir: optional(0x87, KEYED_NIR),
});

/** E003 RIGHTS. */
export const RIGHT: Template<RightRecord> = new Template('E003', TAG.right, {
  beneficiaryIndex: required(0x80, BYTE),
  start: required(0x81, DATE),
  end: optional(0x82, DATE),
});

/** E004 INVOICES, without the padding of its records: {@link encodeInvoice} adds it. */
export const INVOICE: Template<Invoice> = new Template('E004', TAG.invoice, {
  number: required(0x80, digits(9)),
  date: required(0x81, DATE),
  beneficiaryIndex: required(0x82, BYTE),
  professionalId: required(0x83, digits(9)),
  professionalName: required(0x84, UTF_8_TEXT),
  total: required(0x85, CENTS),
  amo: required(0x86, CENTS),
  amc: required(0x87, CENTS),
  patient: required(0x88, CENTS),
  thirdParty: required(0x89, FLAG),
  status: required(0x8a, oneOf(INVOICE_STATUSES)),
});

/** Length of every record of E004, in bytes. */
export const INVOICE_RECORD_SIZE = 112;

/** A record of E004, padded with FF to `size`. @throws {CardDataError} longer than `size`, or a value that does not fit */
export function encodeInvoice(invoice: Invoice, size: number = INVOICE_RECORD_SIZE): Uint8Array {
  const template = INVOICE.encode(invoice);
  if (template.length > size) {
    throw new CardDataError(INVOICE.file, TAG.invoice, `${template.length} bytes in a record of ${size}`);
  }
  const record = new Uint8Array(size).fill(0xff);
  record.set(template);
  return record;
}

/** A record of E004. @throws {CardDataError}; a total that is not the sum of its parts is one too */
export function decodeInvoice(record: Uint8Array): Invoice {
  const invoice = INVOICE.decode(record);
  if (invoice.total !== invoice.amo + invoice.amc + invoice.patient) {
    throw new CardDataError(INVOICE.file, 0x85, 'the total is not AMO + AMC + patient');
  }
  return invoice;
}
