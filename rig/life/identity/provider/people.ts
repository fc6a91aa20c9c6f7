import * as z from 'zod';
import { CannotRun } from '../../../console/failure.ts';
import { birthPlaceOf, type Family } from '../../issuer/family.ts';
import { isBirthDate } from '../claims.ts';

/** People whom the identity provider knows: synthetic, all of them. */
export interface Person {
  /** In this file. */
  readonly id: string;
  readonly familyName: string;
  readonly givenName: string;
  /** YYYY-MM-DD; a month above 12 is not known. */
  readonly birthDate: string;
  /** Official code of commune or country of birth. */
  readonly birthPlaceCode: string;
  /** 1 male, 2 female, as in ISO/IEC 5218. */
  readonly sex: 1 | 2;
}

const FORMAT = 'vitap identities';
const MOST_PEOPLE = 1_000_000;
const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{C}+$/u);
const SCHEMA = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(1),
  people: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[A-Za-z0-9-]{1,40}$/),
        familyName: name,
        givenName: name,
        birthDate: z.string().refine(isBirthDate),
        birthPlaceCode: z.string().regex(/^(?:\d{2}|2[AB])\d{3}$/),
        sex: z.literal([1, 2]),
      }),
    )
    .min(1)
    .max(MOST_PEOPLE),
});

/** @param path for sentences. @throws {CannotRun} */
export function parsePeople(text: string, path: string): readonly Person[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CannotRun(`${path}: no identities: the file is not JSON`, { cause });
  }
  const parsed = SCHEMA.safeParse(json);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') || 'its content';
    throw new CannotRun(`${path}: no identities: ${where} is not as the format has it`);
  }
  const { people } = parsed.data;
  const ids = new Set(people.map(({ id }) => id));
  if (ids.size !== people.length) throw new CannotRun(`${path}: no identities: an id stands there twice`);
  return people;
}

export function formatPeople(people: readonly Person[]): string {
  return `${JSON.stringify({ format: FORMAT, version: 1, people }, null, 1)}\n`;
}

/** The insured of a family. Birth name, place and sex are as the registry has them. */
export function personOf(family: Family, id: string): Person {
  const [insured] = family.beneficiaries;
  if (insured === undefined) throw new RangeError('a family has at least its insured');
  const { birthDate, birthName, usualName, firstName } = insured;
  return {
    id,
    familyName: birthName ?? usualName,
    givenName: firstName,
    birthDate: `${birthDate.slice(0, 4)}-${birthDate.slice(4, 6)}-${birthDate.slice(6)}`,
    birthPlaceCode: birthPlaceOf(family.insured.nir),
    sex: family.insured.nir.startsWith('1') ? 1 : 2,
  };
}

/** The published test identity that the shipped cards hold. */
export const TEST_PEOPLE: readonly Person[] = [
  {
    id: '1',
    familyName: 'ADRUN',
    givenName: 'ZOE',
    birthDate: '1975-12-31',
    birthPlaceCode: '63220',
    sex: 2,
  },
];
