import type { Suite } from '../../model.ts';
import { SUITE_ABOUT } from '../about.ts';
import { ACCESS_RULE_CASES } from './access-rules.ts';
import { APPEND_RECORD_CASES } from './append-record.ts';
import { CHAINING_CASES } from './chaining.ts';
import { CHANNEL_CASES } from './channels.ts';
import { CLASS_BYTE_CASES } from './class-byte.ts';
import { CREATION_CASES } from './creation.ts';
import { DATA_OBJECT_CASES } from './data-objects.ts';
import { DIRECTORY_CASES } from './directory.ts';
import { CONTROL_INFORMATION_CASES } from './file-control-information.ts';
import { GET_RESPONSE_CASES } from './get-response.ts';
import { LENGTH_CASES } from './lengths.ts';
import { LIFE_CYCLE_CASES } from './life-cycle.ts';
import { NAMING_CASES } from './naming.ts';
import { READ_BINARY_CASES } from './read-binary.ts';
import { READ_RECORD_CASES } from './read-record.ts';
import { REFERENCE_DATA_CASES } from './reference-data.ts';
import { REFUSAL_CASES } from './refusals.ts';
import { SEARCH_RECORD_CASES } from './search-record.ts';
import { SELECT_CASES } from './select.ts';
import { SELECT_BY_NAME_CASES } from './select-by-name.ts';
import { SELECT_RULE_CASES } from './select-rules.ts';
import { UPDATE_RECORD_CASES } from './update-record.ts';
import { VERIFY_CASES } from './verify.ts';
import { WRITE_BINARY_CASES } from './write-binary.ts';

/** Written from the standard; where it leaves room, every answer that it allows will do. */
export const ISO7816_4_SUITE: Suite = {
  ...SUITE_ABOUT['iso7816-4'],
  cases: [
    ...CLASS_BYTE_CASES,
    ...CHAINING_CASES,
    ...LENGTH_CASES,
    ...GET_RESPONSE_CASES,
    ...SELECT_CASES,
    ...SELECT_RULE_CASES,
    ...SELECT_BY_NAME_CASES,
    ...CONTROL_INFORMATION_CASES,
    ...DIRECTORY_CASES,
    ...REFUSAL_CASES,
    ...READ_BINARY_CASES,
    ...WRITE_BINARY_CASES,
    ...READ_RECORD_CASES,
    ...UPDATE_RECORD_CASES,
    ...APPEND_RECORD_CASES,
    ...SEARCH_RECORD_CASES,
    ...DATA_OBJECT_CASES,
    ...VERIFY_CASES,
    ...REFERENCE_DATA_CASES,
    ...ACCESS_RULE_CASES,
    ...CHANNEL_CASES,
    ...LIFE_CYCLE_CASES,
    ...CREATION_CASES,
    ...NAMING_CASES,
  ],
};
