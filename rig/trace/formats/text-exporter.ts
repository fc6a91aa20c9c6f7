import type {
  CommandEvent,
  FieldEvent,
  NoteEvent,
  PowerEvent,
  ResponseEvent,
  TraceEvent,
  TraceHeader,
} from '../model.ts';
import type { Exporter, Losses } from '../stream.ts';

/** How one text format is written. Each call gives the lines to write, with their ends, or nothing. */
export interface SessionText {
  /** The first lines. */
  begin(header: TraceHeader): string;
  /** A command as soon as it comes. */
  command?(event: CommandEvent): string;
  /** A command with what answers it; null: nothing did. */
  exchange(command: CommandEvent, response: ResponseEvent | null): string;
  power?(event: PowerEvent): string;
  note?(event: NoteEvent): string;
  field?(event: FieldEvent): string;
  end?(): string;
}

export interface TextFormat {
  readonly name: string;
  readonly title: string;
  readonly extensions: readonly string[];
  /** What of a header it carries; the rest is counted as lost. */
  readonly carries: readonly ('reader' | 'atr' | 'startedAt')[];
  /** Whether it has times of any kind. */
  readonly times: boolean;
  text(losses: Losses): SessionText;
}

/** What is gathered before it is written. */
const BATCH_LENGTH = 65_536;

export function textExporter(format: TextFormat): Exporter {
  return {
    name: format.name,
    title: format.title,
    extensions: format.extensions,
    async write(source, output, losses) {
      const text = format.text(losses);
      countHeader(source.header, format, losses);
      const session = new ExchangePairs(text, losses, format.times);
      let batch = text.begin(source.header);
      for await (const event of source.events()) {
        batch += session.event(event);
        if (batch.length < BATCH_LENGTH) continue;
        await output.write(batch);
        batch = '';
      }
      batch += session.flush() + (text.end?.() ?? '');
      if (batch !== '') await output.write(batch);
    },
  };
}

function countHeader(header: TraceHeader, format: TextFormat, losses: Losses): void {
  if (header.reader !== null && !format.carries.includes('reader')) losses.add('names of a reader');
  if (header.startedAt !== null && !format.carries.includes('startedAt')) losses.add('wall times of the start');
  if (header.ats !== null) losses.add('answers to select');
  if (header.atr !== null && !format.carries.includes('atr')) losses.add('answers to reset');
}

/** Brings commands and responses together. */
class ExchangePairs {
  readonly #text: SessionText;
  readonly #losses: Losses;
  readonly #times: boolean;
  #command: CommandEvent | null = null;

  constructor(text: SessionText, losses: Losses, times: boolean) {
    this.#text = text;
    this.#losses = losses;
    this.#times = times;
  }

  event(event: TraceEvent): string {
    if (!this.#times && event.t !== 0) this.#losses.add('times of events');
    switch (event.type) {
      case 'command': {
        const before = this.flush();
        this.#command = event;
        return before + (this.#text.command?.(event) ?? '');
      }
      case 'response': {
        const command = this.#command;
        this.#command = null;
        if (command !== null) return this.#text.exchange(command, event);
        this.#losses.add('responses that answer no command');
        return '';
      }
      case 'power':
        return this.flush() + this.#other(event, this.#text.power, 'power events');
      case 'note':
        return this.#other(event, this.#text.note, 'notes');
      case 'field':
        return this.#other(event, this.#text.field, 'events of the field');
      case 'block':
        this.#losses.add('frames');
        return '';
    }
  }

  /** A command that nothing answered. */
  flush(): string {
    const command = this.#command;
    this.#command = null;
    return command === null ? '' : this.#text.exchange(command, null);
  }

  #other<E>(event: E, write: ((event: E) => string) | undefined, what: string): string {
    if (write !== undefined) return write.call(this.#text, event);
    this.#losses.add(what);
    return '';
  }
}

/** One line of a comment: whatever a note has. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
