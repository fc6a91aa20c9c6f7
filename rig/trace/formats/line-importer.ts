import type { Line } from '../lines.ts';
import type { TraceEvent } from '../model.ts';
import {
  type ByteInput,
  FormatError,
  type ImportedHeader,
  type Importer,
  importedHeader,
  type Losses,
  type TraceSource,
} from '../stream.ts';
import { headText, textLines } from '../text-lines.ts';
import { CardChoice } from './card-choice.ts';
import { SessionLog } from './session-log.ts';

/** How one text format is read, a line at a time. */
export interface LineParser {
  /** @throws {FormatError} when the line cannot be of this format */
  line(text: string, line: Line): void;
  /** The text is at its end: whatever is still open is finished. @throws {FormatError} when it was cut off */
  end(lastLine: number): void;
  /** What is known by now, asked for at the first command. */
  header(): ImportedHeader;
}

export interface LineFormat {
  readonly name: string;
  readonly title: string;
  readonly extensions: readonly string[];
  /** As in {@link Importer}, from whole lines of text with LF. */
  guess(head: string, fileName: string): number;
  parser(session: SessionLog, losses: Losses, cards: CardChoice): LineParser;
  /** It asks `cards` which card an exchange belongs to. */
  readonly tellsCards?: true;
}

/**
 * Programs end each line that they write. Bytes in one that has no end may have lost some.
 * @throws {FormatError}
 */
export function requireEnd({ number, terminated }: Line): void {
  if (!terminated) throw new FormatError({ line: number }, 'the last line is cut off: it has no end');
}

/** Before the first command a header has this many other events to be complete. */
const EVENTS_AWAITED = 1000;

/** An importer from a parser of lines: streaming, with what was read before a fault kept. */
export function lineImporter(format: LineFormat): Importer {
  return {
    name: format.name,
    title: format.title,
    extensions: format.extensions,
    ...(format.tellsCards ? { tellsCards: true } : {}),
    guess(head, fileName) {
      const text = headText(head);
      return text === null ? 0 : format.guess(text, fileName);
    },
    async open(input: ByteInput, losses: Losses, card = 1): Promise<TraceSource> {
      const session = new SessionLog(losses);
      const cards = new CardChoice(card, losses);
      const parser = format.parser(session, losses, cards);
      const steps = parse(input, parser, session, cards, format.title);
      const first: TraceEvent[] = [];
      let fault: unknown = null;
      try {
        while (!session.hasCommand && first.length < EVENTS_AWAITED) {
          const step = await steps.next();
          if (step.done === true) break;
          first.push(...step.value);
        }
      } catch (error) {
        // What came before it is given first.
        if (!(error instanceof FormatError) || first.length === 0) throw error;
        fault = error;
      }
      const known = parser.header();
      return {
        header: importedHeader({ ...known, atr: known.atr ?? session.atr }),
        async *events() {
          try {
            yield* first;
            if (fault !== null) throw fault;
            for await (const events of steps) yield* events;
          } finally {
            await steps.return();
          }
        },
      };
    },
  };
}

async function* parse(
  input: ByteInput,
  parser: LineParser,
  session: SessionLog,
  cards: CardChoice,
  title: string,
): AsyncGenerator<readonly TraceEvent[], void, undefined> {
  let number = 0;
  let any = false;
  for await (const line of textLines(input)) {
    number = line.number;
    let fault: unknown = null;
    try {
      parser.line(line.text, line);
    } catch (error) {
      fault = error;
    }
    const events = session.take();
    if (events.length > 0) {
      any = true;
      yield events;
    }
    if (fault !== null) throw fault;
  }
  let fault: unknown = null;
  try {
    parser.end(number);
  } catch (error) {
    fault = error;
  }
  const events = session.take();
  if (events.length > 0) yield events;
  if (fault !== null) throw fault;
  const last = { line: Math.max(1, number) };
  if (cards.count > 0 && cards.count < cards.wanted) {
    const count = cards.count === 1 ? 'one card' : `${cards.count} cards`;
    throw new FormatError(last, `there is no card ${cards.wanted} in this text: it tells of ${count}`);
  }
  if (!any && events.length === 0) {
    throw new FormatError(last, `there is no APDU in this text (it was read as: ${title})`);
  }
}
