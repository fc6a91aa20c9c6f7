import { reassembled } from '../frames/reassembly.ts';
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

/** How a text that shows frames is read, a line at a time. */
export interface FrameLineParser {
  /** @returns what is complete by now @throws {FormatError} */
  line(text: string, line: Line): readonly TraceEvent[];
  end(): readonly TraceEvent[];
}

export interface FrameLineFormat {
  readonly name: string;
  readonly title: string;
  readonly extensions: readonly string[];
  readonly header: ImportedHeader;
  /** As in {@link Importer}, from whole lines of text with LF. */
  guess(head: string): number;
  parser(losses: Losses): FrameLineParser;
}

/** An importer from a parser of lines with frames; APDUs are made of them. */
export function frameLineImporter(format: FrameLineFormat): Importer {
  return {
    name: format.name,
    title: format.title,
    extensions: format.extensions,
    guess(head) {
      const text = headText(head);
      return text === null ? 0 : format.guess(text);
    },
    async open(input: ByteInput, losses: Losses): Promise<TraceSource> {
      return {
        header: importedHeader(format.header),
        events: () => reassembled(frames(input, format, losses)),
      };
    },
  };
}

async function* frames(
  input: ByteInput,
  format: FrameLineFormat,
  losses: Losses,
): AsyncGenerator<TraceEvent, void, undefined> {
  const parser = format.parser(losses);
  let number = 1;
  let any = false;
  for await (const line of textLines(input)) {
    number = line.number;
    for (const event of parser.line(line.text, line)) {
      any = true;
      yield event;
    }
  }
  for (const event of parser.end()) {
    any = true;
    yield event;
  }
  if (!any) throw new FormatError({ line: number }, `there is no frame in this text (it was read as: ${format.title})`);
}
