import type { Line } from '../lines.ts';
import type { MaskedHex } from '../model.ts';
import { secretNote } from '../secret-note.ts';
import { type Exporter, FormatError, type Importer } from '../stream.ts';
import { hexOf, isMasked, spaced, unmasked } from './hex-text.ts';
import { type LineParser, lineImporter } from './line-importer.ts';
import type { SessionLog } from './session-log.ts';
import { textExporter } from './text-exporter.ts';

/*
 * The APDU transcripts of gematik's OpenHealth-Core (test-vectors/apdu-replay), one JSON object a line: a `header`
 * (version, supports_extended_length, label, keys, can), then an `exchange` (tx, rx, label) or an `error` (tx, error,
 * label) each. `keys` are private keys that the terminal used and `can` the number printed on the card: they become
 * notes, which redaction masks.
 */
const VERSION = 1;

type Fields = Readonly<Record<string, unknown>>;

export const gematikImporter: Importer = lineImporter({
  name: 'gematik',
  title: 'APDU transcript of gematik',
  extensions: ['jsonl'],
  guess: (head) =>
    /^\s*\{(?=[^\n]*"type"\s*:\s*"header")(?=[^\n]*"supports_extended_length"\s*:)/.test(head) ? 100 : 0,
  parser: (session) => new GematikParser(session),
});

class GematikParser implements LineParser {
  readonly #session: SessionLog;
  #header = false;
  #label: string | null = null;

  constructor(session: SessionLog) {
    this.#session = session;
  }

  line(text: string, line: Line): void {
    if (text.trim() === '') return;
    const fields = parseLine(text, line);
    if (!this.#header) this.#begin(fields, line.number);
    else if (fields.type === 'exchange') {
      this.#session.command(bytesField(fields, 'tx', line.number), 0);
      const response = bytesField(fields, 'rx', line.number);
      if (response.length < 4) throw new FormatError(line1(line), 'a response is at least a status word, two bytes');
      this.#session.response(response, 0);
    } else if (fields.type === 'error') {
      this.#session.command(bytesField(fields, 'tx', line.number), 0);
      this.#session.note(`no response: ${typeof fields.error === 'string' ? fields.error : 'unknown'}`, 0);
      this.#session.abandon();
    } else {
      throw new FormatError(line1(line), `there is an entry of type ${JSON.stringify(fields.type)?.slice(0, 40)}`);
    }
    if (this.#header && fields.type !== 'header' && typeof fields.label === 'string') {
      this.#session.note(fields.label, 0);
    }
  }

  end(lastLine: number): void {
    if (!this.#header) throw new FormatError({ line: Math.max(1, lastLine) }, 'there is no header');
  }

  header(): { source: string; card: string | null } {
    return { source: 'gematik OpenHealth-Core', card: this.#label };
  }

  #begin(fields: Fields, line: number): void {
    if (fields.type !== 'header' || typeof fields.supports_extended_length !== 'boolean') {
      throw new FormatError({ line }, 'this is no header of an APDU transcript');
    }
    if (fields.version !== VERSION) {
      throw new FormatError({ line }, `this is version ${JSON.stringify(fields.version)}, and version 1 is read`);
    }
    this.#header = true;
    if (typeof fields.label === 'string') this.#label = fields.label;
    if (Array.isArray(fields.keys)) {
      for (const key of fields.keys as unknown[]) {
        this.#session.note(secretNote('private key', typeof key === 'string' ? key : JSON.stringify(key)), 0);
      }
    }
    if (typeof fields.can === 'string') this.#session.note(secretNote('card access number', fields.can), 0);
  }
}

function line1({ number }: Line): { line: number } {
  return { line: number };
}

function parseLine(text: string, { number, terminated }: Line): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FormatError({ line: number }, terminated ? 'this is not JSON' : 'the last line is cut off');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new FormatError({ line: number }, 'this is not a JSON object');
}

function bytesField(fields: Fields, name: string, line: number): MaskedHex {
  const value = fields[name];
  const hex = typeof value === 'string' ? hexOf(value) : null;
  if (hex === null) throw new FormatError({ line }, `"${name}" is not bytes in hexadecimal`);
  return hex;
}

export const gematikExporter: Exporter = textExporter({
  name: 'gematik',
  title: 'APDU transcript of gematik',
  extensions: ['jsonl'],
  carries: [],
  times: false,
  text(losses) {
    const plain = (hex: MaskedHex): string => {
      if (isMasked(hex)) losses.add('masks, where zeros stand');
      return unmasked(hex);
    };
    return {
      begin({ atr, card }) {
        const label = card === null ? {} : { label: card };
        const header = { type: 'header', version: VERSION, supports_extended_length: extendedLength(atr), ...label };
        return `${JSON.stringify({ ...header, keys: null, can: null })}\n`;
      },
      exchange(command, response) {
        const tx = plain(command.apdu);
        const entry =
          response === null
            ? { type: 'error', tx, error: 'no response' }
            : { type: 'exchange', tx, rx: plain(response.apdu) };
        return `${JSON.stringify(entry)}\n`;
      },
    };
  },
});

/**
 * Whether the card says in its historical bytes (compact-TLV 73, third byte) that it takes extended length fields. True
 * where it says nothing: the transcripts are of such cards.
 */
function extendedLength(atr: MaskedHex | null): boolean {
  const capabilities = / 73 .. .. (..)/.exec(spaced(atr ?? ''));
  return capabilities === null || (Number.parseInt(capabilities[1] as string, 16) & 0x40) !== 0;
}
