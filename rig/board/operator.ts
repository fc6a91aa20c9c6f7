import { createInterface } from 'node:readline/promises';
import { HalError } from '../../src/hal/errors.ts';
import { CannotRun } from '../console/failure.ts';
import type { CommandIo } from '../console/io.ts';
import { checkSerialNumber } from './batch-list.ts';

/** The person at the bench. */
export interface Operator {
  /** @returns what was typed, without spaces around it; `otherwise` for an empty line. @throws {HalError} `aborted` */
  ask(question: string, otherwise: string | null): Promise<string>;
  /** Shows what to do and waits for Enter. @throws {HalError} `aborted` */
  instruct(text: string): Promise<void>;
  close(): void;
}

/** The operator at this terminal. @throws {CannotRun} there is no terminal to ask on */
export function operatorAt(io: CommandIo): Operator {
  if (!io.stdinIsTty) {
    throw new CannotRun(
      '--operator asks its questions on a terminal, and standard input is none: give --serial NUMBER instead',
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  const leave = (): void => left.abort();
  lines.on('close', leave);
  // readline takes the terminal's Ctrl-C; it must reach the command.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  io.signal.addEventListener('abort', leave);
  const question = async (text: string): Promise<string> => {
    try {
      return (await lines.question(text, { signal: left.signal })).trim();
    } catch (cause) {
      throw new HalError('aborted', 'the operator left', { cause });
    }
  };
  return {
    async ask(text, otherwise) {
      for (;;) {
        const answer = (await question(otherwise === null ? `${text}: ` : `${text} [${otherwise}]: `)) || otherwise;
        if (answer !== null) return answer;
      }
    },
    instruct: async (text) => void (await question(`${text} Press Enter when it is done. `)),
    close: () => {
      io.signal.removeEventListener('abort', leave);
      lines.off('close', leave);
      lines.close();
    },
  };
}

/** Asks for the board's number until it is one. */
export async function askSerialNumber(operator: Operator, io: CommandIo): Promise<string> {
  for (;;) {
    const answer = await operator.ask('Serial number of the board', null);
    try {
      checkSerialNumber(answer, answer);
      return answer;
    } catch (error) {
      io.stderr(`${(error as Error).message}\n`);
    }
  }
}
