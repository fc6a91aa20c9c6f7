import type { CommandRow } from '../command-row.ts';
import { VERIFY } from './verify.ts';

export const CODE_COMMANDS: readonly CommandRow[] = [VERIFY];
