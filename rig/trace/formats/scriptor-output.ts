import { statusWordMeaning } from '../../../src/apdu/status-word.ts';
import type { Line } from '../lines.ts';
import type { MaskedHex } from '../model.ts';
import { type Exporter, FormatError, type Importer } from '../stream.ts';
import { hexOf, isMasked, joined, spaced } from './hex-text.ts';
import { type LineParser, lineImporter, requireEnd } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';
import { textExporter } from './text-exporter.ts';

/*
 * What scriptor (pcsc-tools) prints: `> ` and a command, `< ` and the answer, 16 bytes a line, then ` : ` and the
 * meaning of the status word. Run with a file it prints the lines of the script too.
 */
export const scriptorOutputImporter: Importer = lineImporter({
  name: 'scriptor',
  title: 'output of scriptor',
  extensions: ['txt', 'log'],
  guess: (head) => (/^> (?:RESET|(?:[0-9A-FX]{2} ?)+)\s*\n< (?:OK:|KO:|(?:[0-9A-FX]{2} )+)/im.test(head) ? 95 : 0),
  parser: (session) => new ScriptorParser(session),
});

class ScriptorParser implements LineParser {
  readonly #session: SessionLog;
  #answer: { hex: string; line: number } | null = null;
  #resetting = false;

  constructor(session: SessionLog) {
    this.#session = session;
  }

  line(text: string, line: Line): void {
    const { number } = line;
    if (this.#answer !== null) {
      this.#more(this.#answer, text, number);
      return;
    }
    if (text.startsWith('> ')) {
      requireEnd(line);
      this.#resetting = /^> RESET\s*$/.test(text);
      if (this.#resetting) return;
      const command = hexOf(text.slice(2).replaceAll(':', ' '));
      if (command === null) throw new FormatError({ line: number }, 'this command is no bytes in hexadecimal');
      this.#session.command(command, 0);
    } else if (text.startsWith('< ')) {
      if (this.#resetting) {
        requireEnd(line);
        this.#wasReset(text.slice(2));
      } else this.#more(this.#begin(number), text.slice(2), number);
    }
  }

  end(): void {
    if (this.#answer !== null) throw new FormatError({ line: this.#answer.line }, 'this answer is cut off');
  }

  header(): { source: string } {
    return { source: 'scriptor' };
  }

  #begin(line: number): { hex: string; line: number } {
    this.#answer = { hex: '', line };
    return this.#answer;
  }

  #more(answer: { hex: string; line: number }, text: string, number: number): void {
    const colon = text.indexOf(':');
    const hex = hexOf(colon < 0 ? text : text.slice(0, colon));
    if (hex === null)
      throw new FormatError({ line: answer.line }, 'this answer is cut off, or no bytes in hexadecimal');
    answer.hex = joined(answer.hex, hex, number);
    if (colon < 0) return;
    this.#answer = null;
    this.#session.response(answer.hex, 0);
  }

  #wasReset(text: string): void {
    this.#resetting = false;
    const atr = /^OK: (.*)$/.exec(text);
    if (atr === null) this.#session.note(`reset failed: ${text.replace(/^KO: /, '')}`, 0);
    else this.#session.power('reset', 0, hexOf(atr[1] as string));
  }
}

export const scriptorOutputExporter: Exporter = textExporter({
  name: 'scriptor',
  title: 'output of scriptor',
  extensions: ['txt'],
  carries: [],
  times: false,
  text(losses) {
    let atr: MaskedHex | null = null;
    return {
      begin(header) {
        atr = header.atr;
        return '';
      },
      exchange(command, response) {
        const sent = `> ${spaced(command.apdu)} \n`;
        if (response === null) return sent;
        const rows = spaced(response.apdu).replace(/(?:.. ){16}/g, '$&\n');
        return `${sent}< ${rows} : ${meaning(response.apdu.slice(-4))}\n`;
      },
      power(event) {
        atr = event.atr ?? atr;
        if (event.state === 'reset') return `> RESET\n< OK: ${atr === null ? '' : `${spaced(atr)} `}\n`;
        losses.add('the power going on or off');
        return '';
      },
    };
  },
});

function meaning(statusWord: MaskedHex): string {
  return isMasked(statusWord) ? 'masked.' : `${statusWordMeaning(Number.parseInt(statusWord, 16))}.`;
}
