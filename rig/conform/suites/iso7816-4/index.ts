import type { Suite } from '../../model.ts';
import { CLASS_BYTE_CASES } from './class-byte.ts';
import { READ_BINARY_CASES } from './read-binary.ts';
import { READ_RECORD_CASES } from './read-record.ts';
import { REFUSAL_CASES } from './refusals.ts';
import { SELECT_CASES } from './select.ts';
import { WRITE_BINARY_CASES } from './write-binary.ts';
import { WRITE_RECORD_CASES } from './write-record.ts';

export const ISO7816_4_SUITE: Suite = {
  name: 'iso7816-4',
  title: 'ISO/IEC 7816-4 (with -9): commands, files, access, channels',
  cases: [
    ...CLASS_BYTE_CASES,
    ...SELECT_CASES,
    ...REFUSAL_CASES,
    ...READ_BINARY_CASES,
    ...WRITE_BINARY_CASES,
    ...READ_RECORD_CASES,
    ...WRITE_RECORD_CASES,
  ],
};
