import type { CommandRow } from '../command-row.ts';
import { EXTERNAL_AUTHENTICATE } from './external-authenticate.ts';
import { GENERAL_AUTHENTICATE } from './general-authenticate.ts';
import { GENERATE_ASYMMETRIC_KEY_PAIR } from './generate-asymmetric-key-pair.ts';
import { GET_CHALLENGE } from './get-challenge.ts';
import { INTERNAL_AUTHENTICATE } from './internal-authenticate.ts';
import { MANAGE_SECURITY_ENVIRONMENT } from './manage-security-environment.ts';
import { PERFORM_SECURITY_OPERATION } from './perform-security-operation.ts';

export const SECURITY_COMMANDS: readonly CommandRow[] = [
  MANAGE_SECURITY_ENVIRONMENT,
  PERFORM_SECURITY_OPERATION,
  GENERATE_ASYMMETRIC_KEY_PAIR,
  EXTERNAL_AUTHENTICATE,
  GET_CHALLENGE,
  GENERAL_AUTHENTICATE,
  INTERNAL_AUTHENTICATE,
];
