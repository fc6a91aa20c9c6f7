import type { Line } from '../lines.ts';
import { FormatError, type Importer } from '../stream.ts';
import { hexOf } from './hex-text.ts';
import { type LineParser, lineImporter, requireEnd } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';

/*
 * What pyscard's ConsoleCardConnectionObserver prints: `connecting to READER`, `> ` and a command, `<  ` and the data of
 * the answer, `[]` for none, then the two bytes of the status word without leading zeros: `90 0`. There are no times.
 */
const RECEIVED = /^<\s+(?:\[\]|((?:[0-9A-F]{2} )*[0-9A-F]{2}))\s+([0-9A-F]{1,2}) ([0-9A-F]{1,2})\s*$/;
const SIGN =
  /^>\s+(?:[0-9A-F]{2} )+[0-9A-F]{2}\s*\n<(?: {2,}| \[\] )(?:\[\] +|(?:[0-9A-F]{2} )*)[0-9A-F]{1,2} [0-9A-F]{1,2}\s*$/m;

export const pyscardImporter: Importer = lineImporter({
  name: 'pyscard',
  title: "output of pyscard's observer",
  extensions: ['txt', 'log'],
  guess: (head) => (SIGN.test(head) ? 96 : 0),
  parser: (session) => new PyscardParser(session),
});

class PyscardParser implements LineParser {
  readonly #session: SessionLog;
  #reader: string | null = null;

  constructor(session: SessionLog) {
    this.#session = session;
  }

  line(text: string, line: Line): void {
    if (/^>\s/.test(text)) {
      requireEnd(line);
      const command = hexOf(text.slice(1).trim());
      if (command === null) throw new FormatError({ line: line.number }, 'this command is no bytes in hexadecimal');
      this.#session.command(command, 0);
    } else if (/^<\s/.test(text)) {
      requireEnd(line);
      const [, data = '', sw1, sw2] = RECEIVED.exec(text) ?? [];
      if (sw1 === undefined || sw2 === undefined) {
        throw new FormatError({ line: line.number }, 'this answer has no status word, or is cut off');
      }
      this.#session.response(`${data.replaceAll(' ', '')}${sw1.padStart(2, '0')}${sw2.padStart(2, '0')}`, 0);
    } else {
      const reader = /^(?:re)?connecting to (.{1,300})$/.exec(text)?.[1];
      this.#reader ??= reader ?? null;
    }
  }

  end(): void {}

  header(): { source: string; reader: string | null } {
    return { source: 'pyscard', reader: this.#reader };
  }
}
