import { z } from 'zod';
import {
  formatEuros,
  formatNir,
  INVOICE_STATUSES,
  type KeyedNir,
  nirKey,
  normaliseNir,
  qualityName,
  readNir,
} from '../../../src/applet/vitale/index.ts';
import type { DataDocument } from './document.ts';
import { birthDate, date, digits, euros, integer, text, yesNo } from './scalars.ts';

/** 13 characters as a person writes them: spaces and small letters are taken. */
const nir: z.ZodType<string> = z.string().transform((written, context) => {
  const normal = normaliseNir(written);
  const reading = readNir(normal);
  if (reading.kind === 'nir') return normal;
  const message =
    reading.kind === 'refused'
      ? `not a NIR: ${reading.reason}`
      : `${formatNir(normal)} is a ${reading.kind} number, which has no key: a NIR is needed here`;
  context.issues.push({ code: 'custom', message, input: written });
  return z.NEVER;
});

const key = digits(2);

interface Reporter {
  readonly issues: { push(issue: { code: 'custom'; message: string; path: PropertyKey[]; input: unknown }): unknown };
}

function report(context: Reporter, path: PropertyKey[], message: string): void {
  context.issues.push({ code: 'custom', message, path, input: undefined });
}

function checkKey(context: Reporter, number: KeyedNir): void {
  const right = nirKey(number.nir);
  if (number.key !== right) {
    report(context, ['key'], `NIR ${formatNir(number.nir)} has key ${right}, not ${number.key}`);
  }
}

const insured = z.strictObject({ nir, key }).check((context) => checkKey(context, context.value));

const affiliation = z.strictObject({
  regime: digits(2),
  caisse: digits(3),
  centre: digits(4),
  codeGestion: digits(2),
});

const right = z.strictObject({ start: date, end: date.optional() }).check((context) => {
  const { start, end } = context.value;
  if (end !== undefined && end < start) report(context, ['end'], `the end ${end} lies before the start ${start}`);
});

const beneficiary = z
  .strictObject({
    index: integer(1, 255),
    usualName: text,
    birthName: text.optional(),
    firstName: text,
    birthDate,
    birthRank: integer(1, 9),
    quality: integer(0, 9).refine((code) => qualityName(code) !== null, { error: 'no quality has this code' }),
    certifiedNir: nir.optional(),
    key: key.optional(),
    rights: z.array(right).optional(),
  })
  .check((context) => {
    const { certifiedNir, key } = context.value;
    if (certifiedNir !== undefined && key !== undefined) checkKey(context, { nir: certifiedNir, key });
    else if (certifiedNir !== undefined) report(context, ['certifiedNir'], 'the NIR needs its `key` beside it');
    else if (key !== undefined) report(context, ['key'], 'a key without its `certifiedNir`');
  })
  .transform(({ birthName, certifiedNir, key, rights, ...rest }) => ({
    ...rest,
    birthName: birthName ?? null,
    certifiedNir: certifiedNir !== undefined && key !== undefined ? { nir: certifiedNir, key } : null,
    rights: (rights ?? []).map(({ start, end }) => ({ start, end: end ?? null })),
  }));

const invoice = z
  .strictObject({
    number: digits(9),
    date,
    beneficiary: integer(1, 255),
    professionalId: digits(9),
    professionalName: text,
    total: euros,
    amo: euros,
    amc: euros,
    patient: euros,
    thirdParty: yesNo,
    status: z.enum(INVOICE_STATUSES),
  })
  .check((context) => {
    const { total, amo, amc, patient } = context.value;
    const sum = amo + amc + patient;
    if (total !== sum) {
      report(
        context,
        ['total'],
        `total ${formatEuros(total)} is not AMO + AMC + patient, which make ${formatEuros(sum)}`,
      );
    }
  })
  .transform(({ beneficiary, ...rest }) => ({ ...rest, beneficiaryIndex: beneficiary }));

/** The section `data`: who and what the card is about, each value judged on its own. */
export const dataSchema: z.ZodType<DataDocument> = z.strictObject({
  insured,
  affiliation,
  beneficiaries: z.array(beneficiary).min(1),
  invoices: z
    .array(invoice)
    .optional()
    .transform((invoices) => invoices ?? []),
});
