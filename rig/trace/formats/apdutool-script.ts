import type { Line } from '../lines.ts';
import type { CommandEvent, MaskedHex } from '../model.ts';
import { type Exporter, FormatError, type Importer } from '../stream.ts';
import { commandParts, isMasked, spaced } from './hex-text.ts';
import { type LineParser, lineImporter } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';
import { oneLine, textExporter } from './text-exporter.ts';

/*
 * A script of apdutool (Java Card development kits): `powerup;`, `0x00 0xA4 0x04 0x00 0x02 0x3F 0x00 0x7F;`,
 * `powerdown;`, comments after `//`. A command always has Lc and Le, so that a header without Le, or data without Le,
 * cannot be written: kits put 7F for the Le. It holds no answers.
 */
const LONGEST_STATEMENT = 1024 * 1024;
/** What the kits' own scripts have for an Le that nothing asks for. */
const ANY_LE = '7F';

export const apdutoolScriptImporter: Importer = lineImporter({
  name: 'apdutool-script',
  title: 'script of apdutool',
  extensions: ['scr', 'apdu', 'txt'],
  guess: (head) =>
    /^[ \t]*(?:0x[0-9A-F]{1,2}[ \t]+){4}0x/im.test(head) || /^[ \t]*power(?:up|down)[ \t]*;/im.test(head) ? 90 : 0,
  parser: (session) => new ApdutoolParser(session),
});

class ApdutoolParser implements LineParser {
  readonly #session: SessionLog;
  #statement: string[] = [];
  #length = 0;
  #begunAt = 1;
  #extended = false;
  #powered = false;

  constructor(session: SessionLog) {
    this.#session = session;
  }

  line(text: string, { number }: Line): void {
    const statements = text.replace(/\/\/.*$/, '').split(';');
    for (const [index, piece] of statements.entries()) {
      if (this.#length === 0) this.#begunAt = number;
      const words = piece.trim();
      if (words !== '') this.#statement.push(words);
      this.#length += words.length;
      if (this.#length > LONGEST_STATEMENT) {
        throw new FormatError({ line: this.#begunAt }, 'this statement has no end within a megabyte');
      }
      if (index === statements.length - 1) break;
      const statement = this.#statement.join(' ');
      this.#statement = [];
      this.#length = 0;
      this.#perform(statement, this.#begunAt);
    }
  }

  end(): void {
    if (this.#length > 0) throw new FormatError({ line: this.#begunAt }, 'this statement is not ended by ;');
  }

  header(): { source: string } {
    return { source: 'apdutool script' };
  }

  #perform(statement: string, line: number): void {
    const [word = '', ...rest] = statement.split(/\s+/);
    switch (word.toLowerCase()) {
      case 'powerup':
        this.#session.power(this.#powered ? 'reset' : 'on', 0);
        this.#powered = true;
        return;
      case 'powerdown':
        this.#session.power('off', 0);
        this.#powered = false;
        return;
      case 'extended':
        this.#extended = rest[0]?.toLowerCase() === 'on';
        return;
      case '':
      case 'contacted':
      case 'contactless':
      case 'delay':
      case 'output':
        return;
      case 'echo':
        this.#session.note(rest.join(' ').replace(/^"(.*)"$/, '$1'), 0);
        return;
    }
    if (!/^(?:0x|\d)/i.test(word)) {
      throw new FormatError(
        { line },
        `${JSON.stringify(word.slice(0, 40))} is no command of apdutool that vitap knows`,
      );
    }
    this.#session.command(this.#command([word, ...rest], line), 0);
  }

  #command(words: readonly string[], line: number): MaskedHex {
    const bytes = words.map((word) => (/^0x[0-9a-f]{1,2}$/i.test(word) ? Number.parseInt(word, 16) : decimal(word)));
    if (bytes.some((byte) => byte === null || byte > 0xff)) throw new FormatError({ line }, 'this is not all bytes');
    const hex = bytes
      .map((byte) => (byte as number).toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase();
    const header = hex.slice(0, 8);
    const [lc, size] = [bytes[4] ?? -1, bytes.length];
    if (!this.#extended) {
      // Lc 00: there is no data and so no Lc in the command.
      if (lc === 0 && size === 6) return header + hex.slice(10);
      if (lc > 0 && size === 6 + lc) return hex;
    } else {
      const long = ((bytes[5] ?? 0) << 8) | (bytes[6] ?? 0);
      if (lc === 0 && (size === 7 || size === 7 + long || size === 9 + long)) return hex;
    }
    throw new FormatError({ line }, 'this is not CLA INS P1 P2 Lc, as many bytes as Lc says, and Le');
  }
}

function decimal(word: string): number | null {
  return /^\d{1,3}$/.test(word) ? Number(word) : null;
}

export const apdutoolScriptExporter: Exporter = textExporter({
  name: 'apdutool-script',
  title: 'script of apdutool',
  extensions: ['scr'],
  carries: [],
  times: false,
  text(losses) {
    let powered = false;
    const up = (): string => {
      if (powered) return '';
      powered = true;
      return 'powerup;\n';
    };
    const statement = ({ apdu }: CommandEvent): string => {
      const parts = commandParts(apdu);
      if (isMasked(apdu)) losses.add('commands with masked bytes, which are comments now');
      else if (parts === null) losses.add('commands whose length does not fit, which are comments now');
      else if (parts.lc.length > 2 || parts.le.length > 2) {
        losses.add('commands with extended length fields, which are comments now');
      } else {
        if (parts.le === '') losses.add('commands without Le, which get one');
        const lc = parts.lc === '' ? '00' : parts.lc;
        const bytes = `${parts.header}${lc}${parts.data}${parts.le === '' ? ANY_LE : parts.le}`;
        return `${bytes.replace(/../g, '0x$& ').trimEnd()};\n`;
      }
      return `// not sent: ${spaced(apdu)}\n`;
    };
    return {
      begin: (header) => (header.card === null ? '' : `// ${oneLine(header.card)}\n`),
      exchange(command, response) {
        if (response === null) return up() + statement(command);
        losses.add('responses, which are comments now');
        return `${up()}${statement(command)}// ${spaced(response.apdu)}\n`;
      },
      power({ state }) {
        const down = powered && state !== 'on' ? 'powerdown;\n' : '';
        if (down !== '') powered = false;
        return state === 'off' ? down : down + up();
      },
      note({ text }) {
        losses.add('notes, which are comments now');
        return `// ${oneLine(text)}\n`;
      },
      end: () => (powered ? 'powerdown;\n' : ''),
    };
  },
});
