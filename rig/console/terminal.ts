import type { Readable } from 'node:stream';
import { HalError } from '../../src/hal/errors.ts';

/** The keyboard, as much of a terminal's input as is needed here. */
export interface Keyboard extends Readable {
  setRawMode(on: boolean): unknown;
}

const CTRL_C = '\x03';
const CTRL_D = '\x04';
const CTRL_U = '\x15';
const BACKSPACES = ['\x7f', '\b'];

/**
 * Reads one line from a terminal that shows nothing of it, not even its length.
 *
 * The terminal is as it was before when this settles.
 * @param say writes the question, and the line end that the person's Enter did not
 * @param onInterrupt called on Ctrl-C, which makes no signal while the terminal hands keys over one by one
 * @throws {HalError} `aborted`: Ctrl-C, end of input, or the signal
 */
export function readHiddenLine(
  keyboard: Keyboard,
  say: (text: string) => void,
  question: string,
  signal: AbortSignal,
  onInterrupt: () => void = () => {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = '';
    const finish = (settle: () => void): void => {
      keyboard.off('data', onData).off('end', onGone);
      signal.removeEventListener('abort', onGone);
      keyboard.setRawMode(false);
      keyboard.pause();
      say('\n');
      settle();
    };
    const onGone = (): void => finish(() => reject(new HalError('aborted', 'no code was given')));
    const onData = (chunk: Buffer | string): void => {
      for (const key of chunk.toString('latin1')) {
        if (key === CTRL_C || (key === CTRL_D && line === '')) {
          if (key === CTRL_C) onInterrupt();
          // Unless the interrupt has fired the signal.
          if (!signal.aborted) onGone();
          return;
        }
        if (key === '\r' || key === '\n') {
          finish(() => resolve(line));
          return;
        }
        if (key === CTRL_U) line = '';
        else if (BACKSPACES.includes(key)) line = line.slice(0, -1);
        else line += key;
      }
    };
    if (signal.aborted) {
      reject(new HalError('aborted', 'no code was given'));
      return;
    }
    signal.addEventListener('abort', onGone);
    keyboard.on('data', onData).on('end', onGone);
    keyboard.setRawMode(true);
    keyboard.resume();
    say(question);
  });
}
