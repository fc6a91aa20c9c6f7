import type { CommandRow } from '../command-row.ts';
import { CHANGE_REFERENCE_DATA } from './change-reference-data.ts';
import { RESET_RETRY_COUNTER } from './reset-retry-counter.ts';
import { DISABLE_VERIFICATION_REQUIREMENT, ENABLE_VERIFICATION_REQUIREMENT } from './verification-requirement.ts';
import { VERIFY, VERIFY_ODD } from './verify.ts';

export const CODE_COMMANDS: readonly CommandRow[] = [
  VERIFY,
  VERIFY_ODD,
  CHANGE_REFERENCE_DATA,
  DISABLE_VERIFICATION_REQUIREMENT,
  ENABLE_VERIFICATION_REQUIREMENT,
  RESET_RETRY_COUNTER,
];
