import type { CardInterface } from '../../../../src/hal/card-link.ts';
import type { Condition, Rules } from '../declaration.ts';

/**
 * What the expanded and referenced rules of the profile `lab` mean, read from its words by a person: the suite must not
 * take their meaning from the code that it judges.
 */
export type WrittenRules = Readonly<
  Record<
    number,
    {
      readonly access: Readonly<Record<CardInterface, Rules>>;
      /** EF.ARR and record, for a rule by reference. */
      readonly in: { readonly fid: number; readonly record: number } | null;
    }
  >
>;

const CODE: Condition = { code: 0x81 };
const CARD_CODE: Condition = { code: 0x01 };

/** What is not in a rule is never permitted. */
const NOTHING: Rules = {
  read: 'never',
  update: 'never',
  append: 'never',
  deactivate: 'never',
  activate: 'never',
  terminate: 'never',
  delete: 'never',
};

const reading = (read: Condition): WrittenRules[number] => everywhere({ ...NOTHING, read });

function everywhere(rules: Rules, where: WrittenRules[number]['in'] = null): WrittenRules[number] {
  return { access: { contact: rules, contactless: rules, wired: rules }, in: where };
}

/** Records of EF.ARR 6F06. */
const RECORD_1: Rules = { ...NOTHING, read: 'free', update: CODE, append: CODE };
const RECORD_2: Rules = { ...NOTHING, read: CODE, update: { all: [CODE, CARD_CODE] } };

export const LAB_RULES: WrittenRules = {
  28449: reading({ all: [CODE, CARD_CODE] }),
  28450: reading({ any: [CODE, CARD_CODE] }),
  28451: reading({ not: CODE }),
  28452: everywhere(RECORD_2, { fid: 0x6f06, record: 2 }),
  28453: reading('never'),
  28454: reading('out-of-reach'),
  28455: reading('out-of-reach'),
  28456: reading({
    any: [{ all: [CODE, { not: CARD_CODE }] }, { all: [CARD_CODE, { not: CODE }] }],
  }),
  // By command header, of which the words for operations know nothing.
  28457: everywhere({}),
  28458: {
    access: { contact: RECORD_1, contactless: RECORD_2, wired: NOTHING },
    in: null,
  },
};
