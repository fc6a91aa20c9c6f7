import type { CommandRow } from '../command-row.ts';
import { BINARY_COMMANDS } from './binary-commands.ts';
import { CODE_COMMANDS } from './code-commands.ts';
import { DATA_OBJECT_COMMANDS } from './data-object-commands.ts';
import { FILE_COMMANDS } from './file-commands.ts';
import { RECORD_COMMANDS } from './record-commands.ts';
import { TRANSMISSION_COMMANDS } from './transmission-commands.ts';

/** The commands that work on every directory of the card. */
export const ISO7816_COMMANDS: readonly CommandRow[] = [
  ...FILE_COMMANDS,
  ...BINARY_COMMANDS,
  ...RECORD_COMMANDS,
  ...DATA_OBJECT_COMMANDS,
  ...CODE_COMMANDS,
  ...TRANSMISSION_COMMANDS,
];
