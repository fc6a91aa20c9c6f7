import { AFFILIATION, BENEFICIARY, type CardData, RIGHT, withRights } from '../../../src/applet/vitale/index.ts';

/** What card and credential say of an insured person and of those on the card: one object for both. */
export type CardContent = Pick<CardData, 'affiliation' | 'beneficiaries'>;

/** Records of E001, E002 and E003. */
export interface CardFiles {
  readonly affiliation: readonly Uint8Array[];
  readonly beneficiaries: readonly Uint8Array[];
  readonly rights: readonly Uint8Array[];
}

/** @throws {CardDataError} a value that its field on the card has no room for */
export function cardFilesOf({ affiliation, beneficiaries }: CardContent): CardFiles {
  return {
    affiliation: [AFFILIATION.encode(affiliation)],
    beneficiaries: beneficiaries.map((beneficiary) => BENEFICIARY.encode(beneficiary)),
    rights: beneficiaries.flatMap(({ index, rights }) =>
      rights.map((period) => RIGHT.encode({ beneficiaryIndex: index, ...period })),
    ),
  };
}

/** The way back: what a card says. @throws {CardDataError} bytes that are not what the dictionary says */
export function contentOfCardFiles({ affiliation, beneficiaries, rights }: CardFiles): CardContent {
  return {
    affiliation: AFFILIATION.decode(affiliation[0] ?? new Uint8Array(0)),
    beneficiaries: withRights(
      beneficiaries.map((record) => BENEFICIARY.decode(record)),
      rights.map((record) => RIGHT.decode(record)),
    ),
  };
}
