import type { CommandRow } from '../command-row.ts';

export const DATA_OBJECT_COMMANDS: readonly CommandRow[] = [];
