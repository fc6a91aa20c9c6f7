import type { CommandRow } from '../command-row.ts';
import { APPEND_RECORD } from './append-record.ts';
import { ERASE_RECORD } from './erase-record.ts';
import { READ_RECORD } from './read-record.ts';
import { READ_RECORD_ODD } from './read-record-odd.ts';
import { SEARCH_RECORD } from './search-record.ts';
import { UPDATE_RECORD, UPDATE_RECORD_ODD } from './update-record.ts';
import { WRITE_RECORD } from './write-record.ts';

export const RECORD_COMMANDS: readonly CommandRow[] = [
  READ_RECORD,
  READ_RECORD_ODD,
  SEARCH_RECORD,
  UPDATE_RECORD,
  UPDATE_RECORD_ODD,
  WRITE_RECORD,
  APPEND_RECORD,
  ERASE_RECORD,
];
