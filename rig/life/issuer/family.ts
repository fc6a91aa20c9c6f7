import * as z from 'zod';
import {
  type Affiliation,
  type Beneficiary,
  type CardData,
  isCalendarDate,
  type KeyedNir,
  nirKey,
  qualityName,
  readNir,
} from '../../../src/applet/vitale/index.ts';
import { shown } from '../../console/shown.ts';
import { isPlainText } from '../credential/plain-text.ts';

/** One insured person with everybody on the card: fields of CardData, and where the person lives. */
export interface Family extends Pick<CardData, 'insured' | 'affiliation' | 'beneficiaries'> {
  /** Department of residence, `75`, `2A`, `974`: the roll-out goes by it. */
  readonly department: string;
}

/** As many as a card's file of beneficiaries has records for. */
const MOST_BENEFICIARIES = 20;
const MOST_RIGHTS = 8;
const LONGEST_NAME = 60;

const date = z.string().refine(isCalendarDate, { error: 'not a day of the calendar written AAAAMMJJ' });
const digits = (length: number): z.ZodType<string> =>
  z.string().regex(new RegExp(`^\\d{${length}}$`), { error: `not ${length} digits` });
const name = z
  .string()
  .min(1, { error: 'empty' })
  .max(LONGEST_NAME, { error: `longer than ${LONGEST_NAME} characters` })
  .refine((text) => isPlainText(text) && text === text.normalize('NFC') && text.trim() === text, {
    error: 'not composed text (NFC) that is seen as it is: no control or unseen characters, no spaces around it',
  });

const keyedNir: z.ZodType<KeyedNir> = z.strictObject({ nir: z.string(), key: digits(2) }).check((context) => {
  const { nir, key } = context.value;
  const reading = readNir(nir);
  if (reading.kind === 'nir' && nirKey(nir) === key) return;
  // The key that would be right helps to find out the number.
  const message =
    reading.kind === 'nir'
      ? 'not the key of this NIR'
      : reading.kind === 'refused'
        ? `not a NIR: ${reading.reason}`
        : `a ${reading.kind} number, which has no key: a NIR is needed here`;
  context.issues.push({ code: 'custom', message, input: '' });
});

const affiliation: z.ZodType<Affiliation> = z.strictObject({
  regime: z.literal('01', { error: 'not 01: only the test organism 01 999 is registered here' }),
  caisse: z.literal('999', { error: 'not 999: only the test organism 01 999 is registered here' }),
  centre: digits(4),
  codeGestion: digits(2),
});

const beneficiary: z.ZodType<Beneficiary> = z.strictObject({
  index: z.int().min(1).max(255),
  quality: z.int().refine((code) => qualityName(code) !== null, { error: 'no quality has this code' }),
  birthRank: z.int().min(1).max(9),
  birthDate: digits(8),
  usualName: name,
  birthName: name.nullable(),
  firstName: name,
  certifiedNir: keyedNir.nullable(),
  rights: z
    .array(
      z
        .strictObject({ start: date, end: date.nullable() })
        .refine(({ start, end }) => end === null || start <= end, { error: 'ends before it starts' }),
    )
    .max(MOST_RIGHTS),
});

/** A family as one line of JSON: a closed list of fields, none of them medical. */
const FAMILY: z.ZodType<Family> = z
  .strictObject({
    department: z.string().regex(/^(0[1-9]|1\d|2[1-9AB]|[3-8]\d|9[0-5]|97[1-8]|98[4-8])$/, {
      error: 'no department, such as 75, 2A or 974',
    }),
    insured: keyedNir,
    affiliation,
    beneficiaries: z.array(beneficiary).min(1).max(MOST_BENEFICIARIES),
  })
  .check((context) => {
    const { insured, beneficiaries } = context.value;
    const say = (path: PropertyKey[], message: string): void => {
      context.issues.push({ code: 'custom', message, path: ['beneficiaries', ...path], input: '' });
    };
    const [first] = beneficiaries;
    if (first?.quality !== 0) say([0, 'quality'], 'the insured (0) stands first');
    if (first?.certifiedNir?.nir !== insured.nir) say([0, 'certifiedNir'], 'not that of the insured');
    beneficiaries.forEach(({ index, quality }, place) => {
      if (place > 0 && quality === 0) say([place, 'quality'], 'a second insured (0)');
      if (beneficiaries.findIndex((other) => other.index === index) < place) say([place, 'index'], 'there twice');
    });
  });

/** What is wrong with a line, without a value of it: `beneficiaries.1.index: there twice`. */
export class FamilyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FamilyError';
  }
}

export const LONGEST_LINE = 65_536;

/** @throws {FamilyError} */
export function readFamily(line: string): Family {
  if (line.length > LONGEST_LINE) throw new FamilyError(`longer than ${LONGEST_LINE} characters`);
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new FamilyError('not JSON');
  }
  const parsed = FAMILY.safeParse(json, { reportInput: false });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? `no field ${issue.keys.map(shown).join(', ')} is known` : null;
  const path = issue?.path.join('.') ?? '';
  throw new FamilyError(`${path === '' ? '' : `${path}: `}${unknown ?? issue?.message ?? 'not a family'}`);
}

/** Where the person was born, as the NIR says it: characters 6 to 10, department and commune, or 99 and the country. */
export function birthPlaceOf(nir: string): string {
  return nir.slice(5, 10);
}

/** Names as they are compared: capitals, without accents, spaces, hyphens and apostrophes. */
export function foldedName(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[^\p{L}]/gu, '')
    .toUpperCase()
    .replace(/Œ/g, 'OE')
    .replace(/Æ/g, 'AE');
}
