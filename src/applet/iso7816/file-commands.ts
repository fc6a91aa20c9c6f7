import type { CommandRow } from '../command-row.ts';
import { SELECT } from './select.ts';

export const FILE_COMMANDS: readonly CommandRow[] = [SELECT];
