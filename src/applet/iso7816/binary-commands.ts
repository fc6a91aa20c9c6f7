import type { CommandRow } from '../command-row.ts';
import { ERASE_BINARY, ERASE_BINARY_ODD } from './erase-binary.ts';
import { READ_BINARY } from './read-binary.ts';
import { READ_BINARY_ODD } from './read-binary-odd.ts';
import { SEARCH_BINARY, SEARCH_BINARY_ODD } from './search-binary.ts';
import { UPDATE_BINARY, UPDATE_BINARY_ODD } from './update-binary.ts';
import { WRITE_BINARY, WRITE_BINARY_ODD } from './write-binary.ts';

export const BINARY_COMMANDS: readonly CommandRow[] = [
  READ_BINARY,
  READ_BINARY_ODD,
  SEARCH_BINARY,
  SEARCH_BINARY_ODD,
  UPDATE_BINARY,
  UPDATE_BINARY_ODD,
  WRITE_BINARY,
  WRITE_BINARY_ODD,
  ERASE_BINARY,
  ERASE_BINARY_ODD,
];
