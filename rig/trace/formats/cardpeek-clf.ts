import type { Line } from '../lines.ts';
import type { MaskedHex } from '../model.ts';
import { type Exporter, FormatError, type Importer } from '../stream.ts';
import { hexOf, isMasked, unmasked } from './hex-text.ts';
import { type LineParser, lineImporter, requireEnd } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';
import { textExporter } from './text-exporter.ts';

/*
 * A card that cardpeek replays (`replay://`): `R:` and the answer to a reset, `C:` and a command, its status word and
 * its data, separated by colons. Comments begin with `#`.
 */
const FIRST_LINE = '# cardpeek trace file';

export const cardpeekImporter: Importer = lineImporter({
  name: 'cardpeek',
  title: 'card replay file of cardpeek',
  extensions: ['clf'],
  guess(head) {
    if (head.startsWith(FIRST_LINE)) return 100;
    return /^C:(?:[0-9A-F]{2})+:[0-9A-F]{4}:(?:[0-9A-F]{2})*$/im.test(head) ? 90 : 0;
  },
  parser: (session) => new CardpeekParser(session),
});

class CardpeekParser implements LineParser {
  readonly #session: SessionLog;
  #wasReset = false;

  constructor(session: SessionLog) {
    this.#session = session;
  }

  line(text: string, line: Line): void {
    const content = text.trim();
    if (content === '' || content.startsWith('#')) return;
    requireEnd(line);
    const [kind, first = '', statusWord = '', data = '', ...more] = content.split(':');
    const bytes = hexOf(first);
    if (kind === 'R' && bytes !== null && statusWord === '') {
      this.#session.power(this.#wasReset ? 'reset' : 'on', 0, bytes);
      this.#wasReset = true;
      return;
    }
    const response = hexOf(data + statusWord);
    if (kind === 'C' && bytes !== null && statusWord.length === 4 && response !== null && more.length === 0) {
      this.#session.command(bytes, 0);
      this.#session.response(response, 0);
      return;
    }
    throw new FormatError({ line: line.number }, 'this is neither R:ATR nor C:COMMAND:STATUS:DATA');
  }

  end(): void {}

  header(): { source: string } {
    return { source: 'cardpeek' };
  }
}

export const cardpeekExporter: Exporter = textExporter({
  name: 'cardpeek',
  title: 'card replay file of cardpeek',
  extensions: ['clf'],
  carries: ['atr'],
  times: false,
  text(losses) {
    let atr: MaskedHex | null = null;
    let skip = false;
    let first = true;
    const reset = (): string => {
      if (atr === null) losses.add('answers to reset that are not known, where 3B00 stands');
      first = false;
      return `R:${atr ?? '3B00'}\n`;
    };
    const plain = (hex: MaskedHex): string => {
      if (isMasked(hex)) losses.add('masks, where zeros stand');
      return unmasked(hex);
    };
    return {
      begin(header) {
        atr = header.atr;
        const lines = `${FIRST_LINE}\n# version 0\n`;
        if (atr === null) return lines;
        skip = true;
        return lines + reset();
      },
      exchange(command, response) {
        // cardpeek answers nothing before a reset.
        const before = first ? reset() : '';
        skip = false;
        if (response === null) {
          losses.add('commands that nothing answered');
          return before;
        }
        const statusWord = plain(response.apdu.slice(-4));
        return `${before}C:${plain(command.apdu)}:${statusWord}:${plain(response.apdu.slice(0, -4))}\n`;
      },
      power(event) {
        if (event.state === 'off') {
          losses.add('the power going off');
          return '';
        }
        const told = skip && (event.atr ?? atr) === atr && event.state === 'on';
        skip = false;
        atr = event.atr ?? atr;
        return told ? '' : reset();
      },
      end: () => '# end\n',
    };
  },
});
