import type { CommandEvent } from '../model.ts';
import { type Exporter, FormatError, type Importer } from '../stream.ts';
import { hexOf, isMasked, spaced } from './hex-text.ts';
import { type LineParser, lineImporter } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';
import { oneLine, textExporter } from './text-exporter.ts';

/*
 * A script of scriptor (pcsc-tools): one command a line, with spaces or without, `\` at the end of a line that goes on,
 * `#` before a comment, `reset`, `exit`. It holds no answers.
 */
const LONGEST_COMMAND = 1024 * 1024;

export const scriptorScriptImporter: Importer = lineImporter({
  name: 'scriptor-script',
  title: 'script of scriptor',
  extensions: ['scr', 'txt'],
  guess(head, fileName) {
    let commands = 0;
    let resets = 0;
    let goesOn = false;
    for (const line of head.split('\n')) {
      const kind: LineKind | null = goesOn ? 'command' : kindOf(line);
      if (kind === null) return 0;
      if (kind === 'reset') resets++;
      if (kind === 'command') commands++;
      goesOn = kind === 'command' && line.endsWith('\\');
      if (!/^[0-9A-Fa-f:\s]*\\?$/.test(line) && kind === 'command') return 0;
    }
    if (commands === 0) return 0;
    return 35 + (resets > 0 ? 25 : 0) + (/\.scr$/i.test(fileName) ? 10 : 0);
  },
  parser: (session) => new ScriptParser(session),
});

type LineKind = 'command' | 'reset' | 'exit' | 'nothing';

/** At least a header of four bytes: a response alone is none. */
function kindOf(line: string): LineKind | null {
  if (/exit/i.test(line) && !line.startsWith('#')) return 'exit';
  if (/^\s*$/.test(line) || line.startsWith('#')) return 'nothing';
  if (/^\s*reset\s*$/i.test(line)) return 'reset';
  return /^\s*(?:[0-9A-Fa-f]{2}[ :]?){4,}\\?\s*$/.test(line) || /\\$/.test(line) ? 'command' : null;
}

class ScriptParser implements LineParser {
  readonly #session: SessionLog;
  #begun: { text: string; line: number } | null = null;
  #exited = false;

  constructor(session: SessionLog) {
    this.#session = session;
  }

  line(text: string, { number }: { readonly number: number }): void {
    if (this.#exited) return;
    // As scriptor does, in a comment too.
    if (/exit/i.test(text)) {
      this.#exited = true;
      return;
    }
    if (/^\s*$/.test(text) || text.startsWith('#')) return;
    if (/reset/i.test(text)) {
      this.#session.power('reset', 0);
      return;
    }
    const begun = this.#begun ?? { text: '', line: number };
    if (begun.text.length + text.length > LONGEST_COMMAND) {
      throw new FormatError({ line: begun.line }, 'this command is longer than any');
    }
    if (text.endsWith('\\')) {
      this.#begun = { text: `${begun.text}${text.slice(0, -1)}`, line: begun.line };
      return;
    }
    this.#begun = null;
    const command = hexOf(`${begun.text}${text}`.replaceAll(':', ' ').replaceAll('\t', ' '));
    if (command === null) throw new FormatError({ line: begun.line }, 'this is no command in hexadecimal');
    this.#session.command(command, 0);
  }

  end(): void {
    if (this.#begun !== null && !this.#exited) {
      throw new FormatError({ line: this.#begun.line }, 'this command goes on with \\ and the script ends');
    }
  }

  header(): { source: string } {
    return { source: 'scriptor script' };
  }
}

export const scriptorScriptExporter: Exporter = textExporter({
  name: 'scriptor-script',
  title: 'script of scriptor',
  extensions: ['scr'],
  carries: [],
  times: false,
  text(losses) {
    const comment = (text: string, what: string): string => {
      // scriptor ends at this word wherever it stands.
      if (!/exit/i.test(text)) return `# ${oneLine(text)}\n`;
      losses.add(what);
      return '';
    };
    const runnable = ({ apdu }: CommandEvent): string => {
      if (isMasked(apdu)) {
        losses.add('commands with masked bytes, which are comments now');
        return `# masked: ${spaced(apdu)}\n`;
      }
      if (apdu.length < 8) {
        losses.add('commands shorter than a header, which are comments now');
        return `# too short: ${spaced(apdu)}\n`;
      }
      return `${spaced(apdu)}\n`;
    };
    return {
      begin: (header) => (header.card === null ? '' : comment(header.card, 'names of a card')),
      exchange(command, response) {
        if (response !== null) losses.add('responses');
        return runnable(command);
      },
      power({ state }) {
        if (state === 'reset') return 'reset\n';
        losses.add('the power going on or off');
        return '';
      },
      note: ({ text }) => comment(text, 'notes'),
    };
  },
});
