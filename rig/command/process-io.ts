import { fstatSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { isatty } from 'node:tty';
import { ReaderGone } from '../console/failure.ts';
import type { CommandIo } from '../console/io.ts';
import { readHiddenLine } from '../console/terminal.ts';
import { leave } from './leave.ts';

/** The usual exit codes of a program ended by a signal: 128 and its number. */
const SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 } as const;
type SignalName = keyof typeof SIGNAL_EXITS;

/** This process, as a command may use it. */
export interface ProcessIo {
  readonly io: CommandIo;
  /** 128 + n when the run was ended from outside, else null. */
  endedBySignal(): number | null;
}

/** Connects a command to this process. Ctrl-C, SIGTERM and a closed standard output all fire the signal. */
export function connectProcess(): ProcessIo {
  const controller = new AbortController();
  let ended: number | null = null;
  const end = (name: SignalName): void => {
    // Asked a second time, the person does not want to wait for an orderly end.
    if (ended !== null && name !== 'SIGPIPE') void leave(SIGNAL_EXITS[name]);
    ended ??= SIGNAL_EXITS[name];
    controller.abort(name === 'SIGPIPE' ? new ReaderGone() : undefined);
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  // Whoever read our output has gone, `head` say: no reason for words, but one to stop.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw Object.assign(error, { path: 'standard output' });
    end('SIGPIPE');
  });
  process.stderr.on('error', () => {});
  return {
    io: {
      stdout: (text) => void process.stdout.write(text),
      delivered,
      stderr: (text) => void process.stderr.write(text),
      json: false,
      stdinIsTty: isatty(0),
      stdoutIsTty: isatty(1),
      stderrIsTty: isatty(2),
      env: process.env,
      signal: controller.signal,
      askHidden: (question) =>
        readHiddenLine(
          process.stdin,
          (text) => void process.stderr.write(text),
          question,
          controller.signal,
          () => end('SIGINT'),
        ),
    },
    endedBySignal: () => ended,
  };
}

/** A write behind the others is called back after them; once one has failed, with an error. */
function delivered(): Promise<boolean> {
  return new Promise((told) => process.stdout.write('', (error) => told(!(error instanceof Error) && !goesNowhere())));
}

/** Node puts the null device in the place of a standard output that was closed. */
function goesNowhere(): boolean {
  try {
    const output = fstatSync(1);
    return output.isCharacterDevice() && output.rdev === statSync(devNull).rdev;
  } catch {
    return false;
  }
}
