import type { Invoice, InvoiceStatus } from '../../../src/applet/vitale/index.ts';
import type { SqlRow, Statements } from '../../store/sql.ts';

/** As many as the card keeps. */
export const NEWEST_INVOICES = 20;

export interface KnownInvoice {
  /** Number of the claim at the issuer. */
  readonly id: number;
  readonly invoice: Invoice;
}

export interface ClaimRow extends SqlRow {
  readonly id: number;
  readonly number: string;
  readonly date: string;
  readonly beneficiary_index: number;
  readonly professional_id: string;
  readonly professional_name: string;
  readonly total: number;
  readonly amo: number;
  readonly amc: number;
  readonly patient: number;
  readonly third_party: boolean;
  readonly status: InvoiceStatus;
}

export const CLAIM_COLUMNS =
  'number, date, beneficiary_index, professional_id, professional_name, total, amo, amc, patient, third_party, status';

/**
 * The newest claims of an insured, the newest first.
 * @param without those that the card of this activation took from a terminal; null: all
 */
export async function newestInvoices(
  statements: Statements,
  insuredId: number,
  without: string | null = null,
): Promise<readonly KnownInvoice[]> {
  const rows = await statements.query<ClaimRow>(
    `select id, ${CLAIM_COLUMNS} from claims
     where insured_id = $1 and ($3::text is null or origin <> 'card' or activation_id <> $3::text)
     order by id desc limit $2`,
    [insuredId, NEWEST_INVOICES, without],
  );
  return rows.map((row) => ({ id: row.id, invoice: invoiceOfRow(row) }));
}

export function invoiceOfRow(row: ClaimRow): Invoice {
  const { number, date, total, amo, amc, patient, status } = row;
  return {
    number,
    date,
    beneficiaryIndex: row.beneficiary_index,
    professionalId: row.professional_id,
    professionalName: row.professional_name,
    total,
    amo,
    amc,
    patient,
    thirdParty: row.third_party,
    status,
  };
}

/** Values for {@link CLAIM_COLUMNS}. */
export function rowOfInvoice(invoice: Invoice): readonly (string | number | boolean)[] {
  const { number, date, beneficiaryIndex, professionalId, professionalName } = invoice;
  const { total, amo, amc, patient, thirdParty, status } = invoice;
  return [
    ...[number, date, beneficiaryIndex, professionalId, professionalName],
    ...[total, amo, amc, patient, thirdParty, status],
  ];
}
