import type { ClaimFields } from './view.ts';

/** A claim as it is typed: every field a text. */
export type Draft = Readonly<
  Record<
    | 'number'
    | 'date'
    | 'beneficiaryIndex'
    | 'professionalId'
    | 'professionalName'
    | 'amo'
    | 'amc'
    | 'patient'
    | 'thirdParty',
    string
  >
>;

export const EMPTY_DRAFT: Draft = {
  number: '',
  date: '',
  beneficiaryIndex: '1',
  professionalId: '',
  professionalName: '',
  amo: '',
  amc: '',
  patient: '',
  thirdParty: 'no',
};

const AMOUNTS = ['amo', 'amc', 'patient'] as const;

/** Whole cents of an amount in euros, with a comma or a point; NaN for what is none. Never by way of a fraction. */
export function centsOf(text: string): number {
  const [, euros, cents = ''] = /^(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(text.replace(/[\s\u00a0\u202f€]/g, '')) ?? [];
  return euros === undefined ? Number.NaN : Number(euros) * 100 + Number(cents.padEnd(2, '0'));
}

/** The fields that are not as they must be. The server judges again, by its own rules. */
export function faultsOf(draft: Draft): (keyof Draft)[] {
  const faults: (keyof Draft)[] = AMOUNTS.filter((name) => Number.isNaN(centsOf(draft[name])));
  if (!/^\d{9}$/.test(draft.number)) faults.push('number');
  if (!/^\d{9}$/.test(draft.professionalId)) faults.push('professionalId');
  const bytes = new TextEncoder().encode(draft.professionalName.trim()).length;
  if (bytes === 0 || bytes > 43) faults.push('professionalName');
  if (!isDay(draft.date)) faults.push('date');
  return faults;
}

/** The claim; only of a draft without faults. */
export function claimOf(draft: Draft): ClaimFields {
  const [amo, amc, patient] = [centsOf(draft.amo), centsOf(draft.amc), centsOf(draft.patient)];
  return {
    number: draft.number,
    date: draft.date.replaceAll('-', ''),
    beneficiaryIndex: Number(draft.beneficiaryIndex),
    professionalId: draft.professionalId,
    professionalName: draft.professionalName.trim(),
    total: amo + amc + patient,
    amo,
    amc,
    patient,
    thirdParty: draft.thirdParty === 'yes',
  };
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
