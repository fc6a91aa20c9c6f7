import { spawn } from 'node:child_process';
import { HalError } from '../../../src/hal/errors.ts';
import { CannotRun } from '../../console/failure.ts';
import { forTerminal } from '../../console/shown.ts';

export interface ToolRun {
  readonly cwd: string;
  /** Ctrl-C of the command ends the tool. */
  readonly signal: AbortSignal;
  /** The Debian package that has it, for whoever lacks it. */
  readonly from: string;
  readonly timeoutMs?: number;
}

/** What of a tool's complaint is shown. */
const MOST_COMPLAINT = 2000;

/**
 * Runs a compiler or the like to its end.
 * @returns its standard output
 * @throws {CannotRun} it is not installed, failed (with its own words), or took too long
 */
export function runTool(program: string, args: readonly string[], run: ToolRun): Promise<string> {
  const { cwd, signal, from, timeoutMs = 300_000 } = run;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], signal, timeout: timeoutMs });
    let [output, complaint] = ['', ''];
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      if (complaint.length < MOST_COMPLAINT) complaint += chunk;
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(new HalError('aborted', 'interrupted'));
      else if (error.code === 'ENOENT') reject(new CannotRun(`${program} is not installed: apt-get install ${from}`));
      else reject(error);
    });
    child.on('close', (code, killed) => {
      if (code === 0) resolve(output);
      else if (killed !== null) reject(new CannotRun(`${program} was stopped after ${timeoutMs / 1000} s`));
      else reject(new CannotRun(`${program} failed (${code}): ${forTerminal(complaint.slice(0, MOST_COMPLAINT))}`));
    });
  });
}
