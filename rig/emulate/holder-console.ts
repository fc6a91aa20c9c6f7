import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type PhoneScreen, unlockInWords, unlockOnce } from '../card/phone-screen.ts';
import { CannotRun } from '../console/failure.ts';
import type { CommandIo } from '../console/io.ts';
import { readPin } from '../console/pin.ts';

const HELP = 'Words: unlock, lock, status, quit.';

/**
 * The holder at the phone: words on standard input, one a line. `unlock` asks for the code where there is a terminal,
 * and takes VITAP_PIN where there is none; the code itself is never a word.
 * @returns ends the listening
 */
export function listenToHolder(phone: {
  readonly screen: PhoneScreen;
  readonly io: CommandIo;
  readonly say: (text: string) => void;
  readonly quit: () => void;
}): () => void {
  const { screen, io, say, quit } = phone;
  if (io.stdinIsTty && !isForeground()) return () => {};
  let lines = open();
  function open() {
    const next = createInterface({ input: process.stdin });
    next.on('line', (line) => void obey(line.trim()));
    return next;
  }
  async function obey(word: string): Promise<void> {
    switch (word) {
      case '':
        return;
      case 'unlock':
        // The hidden prompt needs the keyboard for itself.
        lines.close();
        say(await unlock(screen, io));
        if (!io.signal.aborted) lines = open();
        return;
      case 'lock':
        screen.lock();
        say(screen.status());
        return;
      case 'status':
        say(screen.status());
        return;
      case 'quit':
        quit();
        return;
      default:
        say(HELP);
    }
  }
  return () => {
    lines.close();
    process.stdin.unref?.();
  };
}

async function unlock(screen: PhoneScreen, io: CommandIo): Promise<string> {
  try {
    const code = await readPin({ file: null, ask: io.stdinIsTty }, io);
    if (code === null) return 'unlock needs a terminal to type the code on, or VITAP_PIN';
    const result = unlockOnce(screen, code);
    return result.outcome === 'unlocked' ? screen.status() : unlockInWords(result);
  } catch (error) {
    if (error instanceof CannotRun) return error.message;
    return 'no code was given';
  }
}

/**
 * Whether this process may read the terminal: one that was started with `&` is stopped by the system when it tries.
 * In /proc/self/stat, after the name in parentheses: state, parent, process group, session, terminal, its group.
 */
function isForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[2] === fields[5];
  } catch {
    return true;
  }
}
