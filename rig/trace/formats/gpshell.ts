import type { Line } from '../lines.ts';
import { FormatError, type Importer } from '../stream.ts';
import { hexOf } from './hex-text.ts';
import { type LineParser, lineImporter, requireEnd } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';

/*
 * The trace of GPShell (`enable_trace`): `Command --> `, `Wrapped command --> ` for what a secure channel made of it and
 * really sent, `Response <-- `, `Unwrapped response <-- `. The card saw the wrapped ones. There are no times.
 */
const LINE = /^\s*(Command -->|Wrapped command -->|Response <--|Unwrapped response <--) ?(.*)$/;

export const gpshellImporter: Importer = lineImporter({
  name: 'gpshell',
  title: 'trace of GPShell',
  extensions: ['txt', 'log'],
  guess: (head) => (/^\s*Command --> [0-9A-F]{8}/m.test(head) ? 95 : 0),
  parser: (session) => new GpshellParser(session),
});

class GpshellParser implements LineParser {
  readonly #session: SessionLog;
  #command: string | null = null;

  constructor(session: SessionLog) {
    this.#session = session;
  }

  line(text: string, line: Line): void {
    const { number } = line;
    const [, what, rest = ''] = LINE.exec(text) ?? [];
    if (what === undefined) return;
    requireEnd(line);
    const bytes = hexOf(rest.trim());
    if (bytes === null)
      throw new FormatError({ line: number }, `after "${what}" there are no bytes, or they are cut off`);
    if (what === 'Command -->') {
      this.#send();
      this.#command = bytes;
    } else if (what === 'Wrapped command -->') this.#command = bytes;
    else if (what === 'Response <--') {
      this.#send();
      this.#session.response(bytes, 0);
    }
  }

  end(): void {
    this.#send();
  }

  header(): { source: string } {
    // It lists all readers and does not say which one it takes.
    return { source: 'GPShell' };
  }

  #send(): void {
    if (this.#command !== null) this.#session.command(this.#command, 0);
    this.#command = null;
  }
}
