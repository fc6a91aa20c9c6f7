import type { CommandRow } from '../command-row.ts';
import { GET_RESPONSE } from './get-response.ts';
import { READ_BINARY } from './read-binary.ts';
import { READ_RECORD } from './read-record.ts';
import { SELECT } from './select.ts';
import { VERIFY } from './verify.ts';

/** The commands that work on every directory of the card. */
export const ISO7816_COMMANDS: readonly CommandRow[] = [VERIFY, SELECT, READ_BINARY, READ_RECORD, GET_RESPONSE];
