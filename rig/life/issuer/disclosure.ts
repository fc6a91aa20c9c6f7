import type { Affiliation, Beneficiary, Invoice, KeyedNir } from '../../../src/applet/vitale/index.ts';
import type { Statements } from '../../store/sql.ts';
import { newestInvoices } from './claim-rows.ts';
import { type CardClaims, claimsOfInsured } from './registry.ts';

/** What a person can agree to disclose, each by itself. `rights` come with their beneficiaries. */
export const DISCLOSURES = ['insured', 'affiliation', 'beneficiaries', 'rights', 'invoices'] as const;
export type Disclosure = (typeof DISCLOSURES)[number];

/** What was agreed to; the rest is null. */
export interface DisclosedData {
  readonly insured: KeyedNir | null;
  readonly affiliation: Affiliation | null;
  /** Without `rights`, the rights of each are an empty list. */
  readonly beneficiaries: readonly Beneficiary[] | null;
  /** Newest first. */
  readonly invoices: readonly Invoice[] | null;
}

/** Each once, in the order of {@link DISCLOSURES}; null when there is none, or one that is not known. */
export function readDisclosures(agreed: readonly string[]): readonly Disclosure[] | null {
  if (agreed.length === 0 || agreed.some((each) => !(DISCLOSURES as readonly string[]).includes(each))) return null;
  return DISCLOSURES.filter((each) => agreed.includes(each));
}

/**
 * What is registered now of what was agreed to.
 * @param only index of the beneficiary whom a delegation is for; null: everybody on the card
 */
export async function disclosedData(
  statements: Statements,
  insuredId: number,
  agreed: readonly Disclosure[],
  only: number | null,
): Promise<DisclosedData> {
  const { insured, affiliation, beneficiaries } = (await claimsOfInsured(statements, insuredId)) as CardClaims;
  const has = (disclosure: Disclosure): boolean => agreed.includes(disclosure);
  const people = beneficiaries
    .filter(({ index }) => only === null || index === only)
    .map((each) => (has('rights') ? each : { ...each, rights: [] }));
  const concerned = (invoice: Invoice): boolean => only === null || invoice.beneficiaryIndex === only;
  return {
    insured: has('insured') ? insured : null,
    affiliation: has('affiliation') ? affiliation : null,
    beneficiaries: has('beneficiaries') || has('rights') ? people : null,
    invoices: has('invoices')
      ? (await newestInvoices(statements, insuredId)).map(({ invoice }) => invoice).filter(concerned)
      : null,
  };
}
