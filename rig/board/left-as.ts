import { HalError } from '../../src/hal/errors.ts';
import { CannotRun } from '../console/failure.ts';
import { BoardFault } from './phase.ts';

/** What a board is that nothing was done to. */
export const NOT_CHANGED = 'the board was not changed';

/** The same error; its sentence says as well what the board is now. */
export function withWords(error: unknown, state: string): unknown {
  const options = { cause: error };
  if (error instanceof HalError) return new HalError(error.kind, `${error.message}; ${state}`, options);
  if (error instanceof BoardFault) return new BoardFault(`${error.message}; ${state}`, options);
  if (error instanceof CannotRun) return new CannotRun(`${error.message}; ${state}`, options);
  return error;
}
