import type { CommandRow } from '../command-row.ts';
import { GET_DATA, GET_DATA_ODD } from './get-data.ts';
import { PUT_DATA, PUT_DATA_ODD } from './put-data.ts';

export const DATA_OBJECT_COMMANDS: readonly CommandRow[] = [GET_DATA, GET_DATA_ODD, PUT_DATA, PUT_DATA_ODD];
