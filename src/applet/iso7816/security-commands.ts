import type { CommandRow } from '../command-row.ts';
import { GENERAL_AUTHENTICATE } from './general-authenticate.ts';
import { MANAGE_SECURITY_ENVIRONMENT } from './manage-security-environment.ts';

export const SECURITY_COMMANDS: readonly CommandRow[] = [MANAGE_SECURITY_ENVIRONMENT, GENERAL_AUTHENTICATE];
