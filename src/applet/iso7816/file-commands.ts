import type { CommandRow } from '../command-row.ts';
import { ACTIVATE_FILE, DEACTIVATE_FILE, TERMINATE_DF, TERMINATE_EF } from './change-life-cycle.ts';
import { CREATE_FILE } from './create-file.ts';
import { DELETE_FILE } from './delete-file.ts';
import { SELECT } from './select.ts';
import { TERMINATE_CARD_USAGE } from './terminate-card-usage.ts';

export const FILE_COMMANDS: readonly CommandRow[] = [
  SELECT,
  CREATE_FILE,
  DELETE_FILE,
  ACTIVATE_FILE,
  DEACTIVATE_FILE,
  TERMINATE_EF,
  TERMINATE_DF,
  TERMINATE_CARD_USAGE,
];
