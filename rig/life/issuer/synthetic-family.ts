import { createHash } from 'node:crypto';
import { type Beneficiary, nirKey, type Period, yearsLater } from '../../../src/applet/vitale/index.ts';
import type { Family } from './family.ts';

/*
 * Synthetic families, any number of them, each computed from the seed and its place alone. No number is given twice: a
 * household owns eight pairs of commune and order; households that own the same pairs differ in the month of birth of
 * each of their people.
 */

/** Most households, and so families, of one seed: the children of more would need the same months again. */
export const MOST_FAMILIES = 2_000_000;

/** Orders 001 to 992 in 90 communes make so many pairs; a household owns eight, all in one commune. */
const ORDERS = 992;
const COMMUNES = 90;
const PAIRS = 8;
const PERIOD: number = (ORDERS * COMMUNES) / PAIRS;

/** Months of birth: of parents 1950 to 1989, of children 2008 to 2024. Seven shares no factor with either count. */
const PARENTS = { first: 1950, months: 480 } as const;
const CHILDREN = { first: 2008, months: 204 } as const;
const STEP = 7;

const PLACES = [
  'metropolitan',
  'metropolitan',
  'metropolitan',
  'metropolitan',
  'corsica',
  'overseas',
  'abroad',
] as const;
const OVERSEAS = ['971', '972', '973', '974', '976', '987', '988'] as const;
const RESIDENCES: readonly string[] = [
  ...Array.from({ length: 95 }, (_, i) => `${i + 1}`.padStart(2, '0')).filter((code) => code !== '20'),
  ...['2A', '2B', '971', '972', '973', '974', '976'],
];
const FEMALE = ['ZOÉ', 'CAMILLE', 'INÈS', 'LÉA', 'MARIE-LOU', 'NOÉMIE', 'ANAÏS', 'JEANNE', 'SOFIA', 'AGATHE'] as const;
const MALE = ['PIERRE', 'MICHEL-ANGE', 'LOÏC', 'ÉMILE', 'NOAH', 'JEAN', 'GAËL', 'RAYAN', 'FRANÇOIS', 'LÉON'] as const;
/** Invented names are made of these. */
const SYLLABLES = [
  'BA',
  'DRU',
  'CE',
  'TIN',
  'NES',
  'SI',
  'VOR',
  'LAN',
  'KÉ',
  'MO',
  'RIL',
  'GOU',
  'PAS',
  'THÉ',
  'ZI',
  'HUN',
] as const;

type Place = (typeof PLACES)[number];

/** What repeats with the period of a household, so that people of households with the same pairs never meet. */
interface Shape {
  readonly bytes: Buffer;
  readonly parents: 1 | 2;
  readonly children: number;
  /** Whether the first two children are twins. */
  readonly twins: boolean;
}

/**
 * The families of a seed in their order, one for each insured parent: where both parents are insured, their children stand
 * in both.
 */
export function* syntheticFamilies(seed: string, count: number): Generator<Family, void, undefined> {
  if (count > MOST_FAMILIES) throw new RangeError(`a seed has ${MOST_FAMILIES} families`);
  for (let household = 0, made = 0; made < count; household++) {
    for (const family of familiesOf(seed, household)) {
      if (made === count) return;
      made++;
      yield family;
    }
  }
}

function familiesOf(seed: string, household: number): readonly Family[] {
  const shape = shapeOf(seed, household % PERIOD);
  const own = digest(seed, 'household', household);
  const department = RESIDENCES[own.readUInt16BE(0) % RESIDENCES.length] as string;
  const surname = surnameOf(own.subarray(2, 6));
  const other = surnameOf(own.subarray(6, 10));
  const affiliation = {
    regime: '01',
    caisse: '999',
    centre: `${(own[10] as number) % 9}`.padStart(4, '0'),
    codeGestion: '10',
  };
  const children = Array.from({ length: shape.children }, (_, child) =>
    personOf(seed, household, shape, { member: 2 + child, quality: 6, surname, birthName: null }),
  );
  return Array.from({ length: shape.parents }, (_, parent): Family => {
    const birthName = parent === 1 ? other : null;
    const insured = personOf(seed, household, shape, { member: parent, quality: 0, surname, birthName });
    const beneficiaries = [insured, ...children].map((each, place) => ({ ...each, index: place + 1 }));
    return { department, insured: insured.certifiedNir as Family['insured'], affiliation, beneficiaries };
  });
}

function shapeOf(seed: string, place: number): Shape {
  const bytes = digest(seed, 'shape', place);
  const [parents, children, twins] = bytes as unknown as [number, number, number];
  return {
    bytes,
    parents: parents % 3 === 0 ? 2 : 1,
    children: children % 5,
    twins: twins % 8 === 0 && children % 5 >= 2,
  };
}

interface Member {
  /** 0 and 1: parents; from 2 on: children. */
  readonly member: number;
  readonly quality: 0 | 6;
  readonly surname: string;
  readonly birthName: string | null;
}

function personOf(
  seed: string,
  household: number,
  shape: Shape,
  { member, quality, surname, birthName }: Member,
): Beneficiary {
  const round = Math.floor(household / PERIOD);
  const range = member < 2 ? PARENTS : CHILDREN;
  const isTwin = shape.twins && (member === 2 || member === 3);
  // Twins have one birthday: what is drawn for the first holds for both.
  const drawn = shape.bytes.subarray(4 + (isTwin ? 2 : member) * 4);
  const month = (drawn.readUInt16BE(0) + round * STEP) % range.months;
  const year = range.first + Math.floor(month / 12);
  const day = 1 + ((drawn[2] as number) % 28);
  const isFemale = member < 2 ? member === 0 : ((shape.bytes[28 - member] as number) & 1) === 1;
  const kind = shape.bytes[28 - (isTwin ? 2 : member)] as number;
  const pair = (household % PERIOD) * PAIRS + member;
  const nir =
    (isFemale ? '2' : '1') +
    `${year % 100}`.padStart(2, '0') +
    // A register that did not know the month has one above 12 in the number.
    `${(month % 12) + (kind % 16 === 3 ? 20 : 1)}`.padStart(2, '0') +
    birthPlace(PLACES[(kind >> 1) % PLACES.length] as Place, year, pair, drawn[3] as number) +
    `${1 + (pair % ORDERS)}`.padStart(3, '0');
  const birthDate = `${year}${`${(month % 12) + 1}`.padStart(2, '0')}${`${day}`.padStart(2, '0')}`;
  const names = digest(seed, 'first name', household * PAIRS + member);
  const firstNames = isFemale ? FEMALE : MALE;
  return {
    index: 1,
    quality,
    birthRank: isTwin ? member - 1 : 1,
    birthDate,
    usualName: surname,
    birthName,
    firstName: firstNames[(names[0] as number) % firstNames.length] as string,
    certifiedNir: { nir, key: nirKey(nir) },
    rights: [rightsOf(quality, birthDate)],
  };
}

/** Department and commune, or 99 and the country: five characters. */
function birthPlace(place: Place, year: number, pair: number, drawn: number): string {
  const commune = Math.floor(pair / ORDERS);
  switch (place) {
    case 'metropolitan': {
      const department = 1 + (drawn % 95);
      return `${department === 20 ? '19' : `${department}`.padStart(2, '0')}${`${commune * 10 + 1}`.padStart(3, '0')}`;
    }
    case 'corsica':
      // The island was one department, 20, for those who were born before 1976.
      return `${year < 1976 ? '20' : drawn % 2 === 0 ? '2A' : '2B'}${`${commune * 10 + 2}`.padStart(3, '0')}`;
    case 'overseas':
      return `${OVERSEAS[drawn % OVERSEAS.length]}${`${commune + 1}`.padStart(2, '0')}`;
    case 'abroad':
      return `99${100 + commune}`;
  }
}

function rightsOf(quality: number, birthDate: string): Period {
  return { start: '20240101', end: quality === 0 ? null : yearsLater(birthDate, 18) };
}

function surnameOf(bytes: Uint8Array): string {
  const length = 2 + ((bytes[0] as number) & 1);
  return Array.from(bytes.subarray(1, 1 + length), (byte) => SYLLABLES[byte % SYLLABLES.length]).join('');
}

function digest(seed: string, what: string, number: number): Buffer {
  return createHash('sha256').update(`${seed}\n${what}\n${number}`).digest();
}
