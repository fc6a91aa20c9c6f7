import type { CommandRow } from '../command-row.ts';
import { GET_RESPONSE } from './get-response.ts';

export const TRANSMISSION_COMMANDS: readonly CommandRow[] = [GET_RESPONSE];
