import type { Authorization } from '../../secure-channel/index.ts';
import { grants, PASSWORD } from '../../secure-channel/index.ts';
import type { TerminalRight } from '../image/specification.ts';

/** What the reader has shown of itself besides codes and symmetric keys, for the command under way: of a SecureChannel. */
export interface ReaderStanding {
  /** The command came protected, in the session of its logical channel. What follows counts only then. */
  readonly isProtected: boolean;
  /** Reference of the password of PACE; 0 without a session. */
  readonly password: number;
  /** What the certificates of an authenticated terminal and PACE allow it together; null before that. */
  readonly authorization: Authorization | null;
  /** Chip authentication was done with the key that this terminal signed for. */
  readonly chipAuthenticated: boolean;
}

/** What a terminal lacks for a rule, the first thing that it would have to do. */
export type TerminalLack =
  | 'channel'
  | 'password'
  | 'terminal-authentication'
  | 'terminal-type'
  | 'right'
  | 'chip-authentication';

/** What stands between a reader and a right, or null: it has it. */
export function lackOf(reader: ReaderStanding, { type, right, byCan, beforeChip }: TerminalRight): TerminalLack | null {
  const { isProtected, password, authorization, chipAuthenticated } = reader;
  if (!isProtected) return 'channel';
  if (byCan && password !== PASSWORD.CAN) return 'password';
  if (authorization === null) return 'terminal-authentication';
  if (authorization.type !== type) return 'terminal-type';
  if (right !== null && !grants(authorization, right)) return 'right';
  return chipAuthenticated || beforeChip === true ? null : 'chip-authentication';
}

/** Whether any terminal at all stands behind the command. */
export function isAuthenticatedTerminal({ isProtected, authorization, chipAuthenticated }: ReaderStanding): boolean {
  return isProtected && authorization !== null && chipAuthenticated;
}
