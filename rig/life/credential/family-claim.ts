import {
  type Affiliation,
  type Beneficiary,
  type KeyedNir,
  type Period,
  readNir,
} from '../../../src/applet/vitale/index.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { encodeCbor } from '../../pki/deterministic-cbor.ts';
import { ClaimError, type Claims, numberedMap } from './cwt.ts';
import { isPlainText } from './plain-text.ts';

/**
 * The people on a card and their affiliation, as a claim: no invoice, and nothing medical has a place. docs/presentation.md
 * has the layout.
 */
export interface Family {
  /** Number of the activation that the token was issued for, from 1. */
  readonly activation: number;
  readonly affiliation: Affiliation;
  /** The insured first. None where `peopleDigest` stands in their place. */
  readonly people: readonly Beneficiary[];
  /** SHA-256 of people that are too many for the token: {@link peopleDigestOf}. */
  readonly peopleDigest?: Uint8Array;
}

const KEY = { ACTIVATION: 1, AFFILIATION: 2, PEOPLE: 3 } as const;
const DIGEST_LENGTH = 32;
const MOST_PEOPLE = 255;
const MOST_PERIODS = 30;

export function encodeFamily({ activation, affiliation, people, peopleDigest }: Family): Claims {
  const { regime, caisse, centre, codeGestion } = affiliation;
  return new Map<number, unknown>([
    [KEY.ACTIVATION, activation],
    [KEY.AFFILIATION, `${regime}${caisse}${centre}${codeGestion}`],
    [KEY.PEOPLE, peopleDigest ?? people.map(encodePerson)],
  ]);
}

/** What stands for people in a token that cannot hold them: SHA-256 over their list, as CBOR, in the form of the claim. */
export function peopleDigestOf(people: readonly Beneficiary[], crypto: Pick<Crypto, 'hash'>): Uint8Array {
  return crypto.hash('sha-256', encodeCbor(people.map(encodePerson)));
}

/** @throws {ClaimError} */
export function decodeFamily(value: unknown): Family {
  const claim = numberedMap(value, 'the family');
  if (claim.size !== 3) throw new ClaimError('the family has other fields than activation, affiliation and people');
  const held = claim.get(KEY.PEOPLE);
  const peopleDigest = held instanceof Uint8Array && held.length === DIGEST_LENGTH ? held : null;
  const people = peopleDigest !== null ? [] : list(held, 1, MOST_PEOPLE, 'the list of people').map(decodePerson);
  const indices = new Set(people.map(({ index }) => index));
  if (indices.size !== people.length) throw new ClaimError('two people have the same index');
  return {
    activation: whole(claim.get(KEY.ACTIVATION), 1, Number.MAX_SAFE_INTEGER, 'the number of the activation'),
    affiliation: decodeAffiliation(claim.get(KEY.AFFILIATION)),
    people,
    ...(peopleDigest !== null && { peopleDigest }),
  };
}

function encodePerson(person: Beneficiary): unknown[] {
  const { index, quality, birthRank, birthDate, usualName, birthName, firstName, certifiedNir, rights } = person;
  return [
    index,
    quality,
    birthRank,
    Number(birthDate),
    usualName,
    birthName,
    firstName,
    certifiedNir === null ? null : certifiedNir.nir + certifiedNir.key,
    ...rights.flatMap(({ start, end }) => [Number(start), end === null ? null : Number(end)]),
  ];
}

function decodePerson(value: unknown): Beneficiary {
  const fields = list(value, 8, 8 + 2 * MOST_PERIODS, 'a person');
  const [index, quality, birthRank, birthDate, usualName, birthName, firstName, nir, ...rights] = fields;
  return {
    index: whole(index, 1, 255, "a person's index"),
    quality: whole(quality, 0, 9, "a person's quality"),
    birthRank: whole(birthRank, 1, 9, 'a birth rank'),
    birthDate: date(birthDate, 'a birth date'),
    usualName: name(usualName),
    birthName: birthName === null ? null : name(birthName),
    firstName: name(firstName),
    certifiedNir: nir === null ? null : keyedNir(nir),
    rights: periods(rights),
  };
}

function decodeAffiliation(value: unknown): Affiliation {
  const parts = typeof value === 'string' ? /^(\d{2})(\d{3})(\d{4})(\d{2})$/.exec(value) : null;
  if (parts === null) throw new ClaimError('the affiliation has not 11 digits');
  const [, regime, caisse, centre, codeGestion] = parts as unknown as [string, string, string, string, string];
  return { regime, caisse, centre, codeGestion };
}

function periods(values: readonly unknown[]): Period[] {
  if (values.length % 2 === 1) throw new ClaimError('a period of rights has no end');
  const all: Period[] = [];
  for (let i = 0; i < values.length; i += 2) {
    const end = values[i + 1] ?? null;
    all.push({
      start: date(values[i], 'the start of rights'),
      end: end === null ? null : date(end, 'the end of rights'),
    });
  }
  return all;
}

/** 8 digits AAAAMMJJ as one number. Birth dates may have a month over 12: month and day are not judged. */
function date(value: unknown, what: string): string {
  return `${whole(value, 0, 9999_99_99, what)}`.padStart(8, '0');
}

function keyedNir(value: unknown): KeyedNir {
  const keyed = typeof value === 'string' ? { nir: value.slice(0, 13), key: value.slice(13) } : null;
  if (keyed === null || !/^\d{2}$/.test(keyed.key) || readNir(keyed.nir).kind !== 'nir') {
    throw new ClaimError('a NIR with its key is none');
  }
  return keyed;
}

/** What a terminal or a page will show: nothing that drives it or turns its text around, and not without end. */
function name(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > 127 || !isPlainText(value)) {
    throw new ClaimError('a name is not printable text');
  }
  return value;
}

function whole(value: unknown, least: number, most: number, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
    throw new ClaimError(`${what} is not a number from ${least} to ${most}`);
  }
  return value as number;
}

function list(value: unknown, least: number, most: number, what: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length < least || value.length > most) throw new ClaimError(`${what} is none`);
  return value as readonly unknown[];
}
