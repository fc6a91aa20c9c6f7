import type { CommandRow } from '../command-row.ts';
import { ENVELOPE } from './envelope.ts';
import { GET_RESPONSE } from './get-response.ts';
import { MANAGE_CHANNEL } from './manage-channel.ts';

export const TRANSMISSION_COMMANDS: readonly CommandRow[] = [MANAGE_CHANNEL, GET_RESPONSE, ENVELOPE];
