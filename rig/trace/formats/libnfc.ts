import type { Line } from '../lines.ts';
import { FormatError, type Importer } from '../stream.ts';
import { hexOf } from './hex-text.ts';
import { type LineParser, lineImporter, requireEnd } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';

/*
 * What nfc-emulate-forum-tag4 of libnfc prints while it is a tag: `    In: 00  a4  …` for what the reader sends and
 * `    Out: 90  00` for what the tag answers, each in one line. There are no times.
 */
const LINE = /^\s*(In|Out): (.*)$/;

export const libnfcImporter: Importer = lineImporter({
  name: 'libnfc',
  title: 'output of nfc-emulate-forum-tag4 (libnfc)',
  extensions: ['txt', 'log'],
  guess: (head) =>
    /^\s*In: (?:[0-9a-f]{2} {1,2}){3,}[0-9a-f]{2}\s*\n\s*Out: [0-9a-f]{2}(?: {1,2}[0-9a-f]{2})+\s*$/im.test(head)
      ? 95
      : 0,
  parser: (session) => new LibnfcParser(session),
});

class LibnfcParser implements LineParser {
  readonly #session: SessionLog;

  constructor(session: SessionLog) {
    this.#session = session;
  }

  line(text: string, line: Line): void {
    const [, way, bytes = ''] = LINE.exec(text) ?? [];
    if (way === undefined) {
      // The reader let the tag go.
      if (/\bTarget Released\s*$/.test(text)) this.#session.power('off', 0);
      return;
    }
    requireEnd(line);
    const hex = hexOf(bytes.trim());
    if (hex === null) throw new FormatError({ line: line.number }, 'these are no bytes in hexadecimal');
    if (way === 'In') this.#session.command(hex, 0);
    else this.#session.response(hex, 0);
  }

  end(): void {}

  header(): { source: string; interface: 'contactless' } {
    return { source: 'libnfc', interface: 'contactless' };
  }
}
