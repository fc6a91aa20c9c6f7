import type { CommandRow } from '../command-row.ts';
import { READ_BINARY } from './read-binary.ts';

export const BINARY_COMMANDS: readonly CommandRow[] = [READ_BINARY];
