import type { CommandRow } from '../command-row.ts';
import { READ_RECORD } from './read-record.ts';

export const RECORD_COMMANDS: readonly CommandRow[] = [READ_RECORD];
