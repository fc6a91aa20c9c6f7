import type { Line } from '../lines.ts';
import { FormatError, type Importer, type Losses } from '../stream.ts';
import { plausible } from './duration.ts';
import { hexOf, joined } from './hex-text.ts';
import { type LineParser, lineImporter, requireEnd } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';

/*
 * What JCShell prints, and like it the small tools of libnfc: `=> ` and a command, 16 bytes a line with their text at
 * the right, `(1234 usec)`, `<= ` and the response, `Status: `. It tells how long each answer took.
 */
const BEGIN = /^\s*(=>|<=) (.*)$/;
/** Bytes with single spaces between, then nothing, or two spaces and text. */
const BYTES = /^((?:(?:[0-9A-Fa-f]{2}|XX) )*(?:[0-9A-Fa-f]{2}|XX))(?: ?$|\s{2,}.*$)/;
const NANOSECONDS: Readonly<Record<string, number>> = { nsec: 1, usec: 1e3, usecs: 1e3, msec: 1e6, sec: 1e9 };

export const jcshellImporter: Importer = lineImporter({
  name: 'jcshell',
  title: 'output of JCShell',
  extensions: ['txt', 'log'],
  guess: (head) =>
    /^\s*=> (?:[0-9A-F]{2} ){3}[0-9A-F]{2}/im.test(head) && /^\s*<= (?:[0-9A-F]{2} )*[0-9A-F]{2}/im.test(head) ? 85 : 0,
  parser: (session, losses) => new JcshellParser(session, losses),
});

class JcshellParser implements LineParser {
  readonly #session: SessionLog;
  readonly #losses: Losses;
  #tNs = 0;
  #open: { readonly arrow: string; hex: string } | null = null;

  constructor(session: SessionLog, losses: Losses) {
    this.#session = session;
    this.#losses = losses;
  }

  line(text: string, line: Line): void {
    const { number } = line;
    const begin = BEGIN.exec(text);
    if (begin !== null) {
      requireEnd(line);
      this.#finish();
      const bytes = BYTES.exec(begin[2] as string);
      if (bytes === null) throw new FormatError({ line: number }, 'these are no bytes in hexadecimal');
      this.#open = { arrow: begin[1] as string, hex: hexOf(bytes[1] as string) ?? '' };
      return;
    }
    const more = this.#open === null || !/^\s/.test(text) ? null : BYTES.exec(text.trimStart());
    if (more !== null && this.#open !== null) {
      requireEnd(line);
      this.#open.hex = joined(this.#open.hex, hexOf(more[1] as string) ?? '', number);
      return;
    }
    this.#finish();
    this.#duration(text);
    const atr = /^\s*ATR=((?:[0-9A-F]{2} )*[0-9A-F]{2})(?:\s.*)?$/i.exec(text);
    if (atr !== null) this.#session.power('on', this.#tNs, hexOf(atr[1] as string));
  }

  end(): void {
    this.#finish();
  }

  header(): { source: string } {
    return { source: 'JCShell' };
  }

  /** `(381956 nsec)`, `(28350 usec)`, ` (4445 msec[SYS], 4444835 usecs[DEV])`: the finest counts. */
  #duration(text: string): void {
    const times = /^\s*\((\d{1,400}) ([mun]?sec)(?:\[SYS\], (\d{1,400}) (usecs)\[DEV\])?\)\s*$/.exec(text);
    if (times === null) return;
    const [value, unit] = times[3] === undefined ? [times[1], times[2]] : [times[3], times[4]];
    this.#tNs += plausible(Number(value) * (NANOSECONDS[unit as string] ?? 0), this.#losses);
  }

  #finish(): void {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    if (open.arrow === '=>') this.#session.command(open.hex, this.#tNs);
    else this.#session.response(open.hex, this.#tNs);
  }
}
