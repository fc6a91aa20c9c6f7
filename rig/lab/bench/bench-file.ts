import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { Issues } from '../../card/profile/issues.ts';
import { bytes, integer, matching, text, yesNo } from '../../card/profile/scalars.ts';
import { type Path, plain, readSource } from '../../card/profile/source.ts';
import { TEST_TERMINAL_KEYS } from '../../channel/choice.ts';
import { UsageError } from '../../console/failure.ts';
import { readUtf8Text } from '../../console/input-file.ts';
import { type LinkChoice, linkDriver, parseLink } from '../../endpoint/links.ts';
import { parseReader, type ReaderChoice, readerDriver } from '../../endpoint/readers.ts';
import { BOARD_ROW, type FiledBoard, filedBoard, samePort } from './filed-board.ts';

/** What a bench has that nobody can see from outside: which boards belong together, which card is which, their codes. */
export interface BenchFile {
  /** Cards in process at a time. */
  readonly inProcess: number;
  /** Whether the readers that PC/SC lists are the lab's. */
  readonly pcsc: boolean;
  readonly readers: readonly FiledReader[];
  readonly boards: readonly FiledBoard[];
  readonly cards: readonly FiledCard[];
}

export interface FiledReader {
  readonly reader: ReaderChoice;
  readonly text: string;
  /** Where the bench puts a card of ours for this reader; null: nowhere. */
  readonly link: LinkChoice | null;
  readonly interface: 'contact' | 'contactless' | null;
  readonly extendedLength: boolean;
}

/** A card that lies at the bench, by the label that campaigns use. */
export interface FiledCard {
  readonly label: string;
  /** Upper case; null: any in that reader. */
  readonly atr: string | null;
  /** Part of the name of the reader that it lies in; null: any. */
  readonly reader: string | null;
  /** Files whose first line is the code: it never leaves the bench. */
  readonly pinFile: string | null;
  readonly canFile: string | null;
  /** What a terminal proves itself with to this card, once the channel is open: a file, or `test`. */
  readonly terminalKeys: string | null;
  /** Read from time to time to see whether the bench still measures as it did. */
  readonly reference: boolean;
}

export const NO_BENCH_FILE: BenchFile = { inProcess: 1, pcsc: true, readers: [], boards: [], cards: [] };

const MOST_IN_PROCESS = 32;

const label = matching(/^[A-Za-z0-9][\w.-]{0,63}$/, 'a label of up to 64 letters, digits, - _ and .');
const schema = z.strictObject({
  version: integer(1, 1),
  inProcess: integer(0, MOST_IN_PROCESS).optional(),
  pcsc: yesNo.optional(),
  readers: z
    .array(
      z.strictObject({
        reader: text,
        link: text.optional(),
        interface: z.enum(['contact', 'contactless']).optional(),
        extendedLength: yesNo.optional(),
      }),
    )
    .optional(),
  boards: z.array(BOARD_ROW).optional(),
  cards: z
    .array(
      z.strictObject({
        label,
        atr: bytes(2, 33).optional(),
        reader: text.optional(),
        pinFile: text.optional(),
        canFile: text.optional(),
        terminalKeys: text.optional(),
        reference: yesNo.optional(),
      }),
    )
    .optional(),
});

/** @throws {ProfileError} every fault with file, line and column */
export function readBenchFile(path: string): BenchFile {
  return parseBenchFile(readUtf8Text(path, 'the file of a bench'), path, dirname(resolve(path)));
}

/** @param folder from which the paths in it lead */
export function parseBenchFile(source: string, name: string, folder: string): BenchFile {
  const written = readSource(source, name);
  const issues = new Issues(written);
  const result = schema.safeParse(plain(written), { reportInput: true });
  if (!result.success) {
    for (const issue of result.error.issues) issues.reportSchema(issue);
    issues.throwIfAny();
    throw result.error;
  }
  const { inProcess, pcsc, readers = [], boards = [], cards = [] } = result.data;
  const read = <T>(parse: () => T, at: Path): T | null => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      issues.report(at, error.message);
      return null;
    }
  };
  const file = (path: string | undefined, at: Path): string | null => {
    if (path === undefined) return null;
    const found = resolve(folder, path);
    if (!existsSync(found)) issues.report(at, `there is no file ${join(folder, path)}`);
    return found;
  };
  const filed: BenchFile = {
    inProcess: inProcess ?? NO_BENCH_FILE.inProcess,
    pcsc: pcsc ?? true,
    readers: readers.flatMap((each, i): FiledReader[] => {
      const at: Path = ['readers', i];
      const reader = read(() => parseReader(each.reader), [...at, 'reader']);
      const linkText = each.link;
      const link = linkText === undefined ? null : read(() => parseLink(linkText), [...at, 'link']);
      if (reader === null) return [];
      if (readers.findIndex(({ reader: text }) => text === each.reader) < i) {
        issues.report([...at, 'reader'], 'another row has this reader');
      }
      if (readerDriver(reader).ourCards === 'in process') {
        issues.report([...at, 'reader'], '`inProcess` says how many readers in process there are');
      }
      if (reader.driver === 'lab') {
        issues.report([...at, 'reader'], 'a reader of another bench is that bench’s own to lend');
      }
      if (link !== null && onePort(reader, link))
        issues.report([...at, 'link'], 'the card is on another board than its reader');
      // The line to a board's host is a contact, unless its firmware was built for another interface.
      const usual = reader.driver === 'firmware' ? 'contact' : contactOrLess(readerDriver(reader).interface);
      const cardInterface = each.interface ?? usual;
      return [
        {
          reader,
          text: each.reader,
          link,
          interface: cardInterface,
          extendedLength: each.extendedLength ?? (link !== null && linkDriver(link).extended(link)),
        },
      ];
    }),
    boards: boards.flatMap((row, i): FiledBoard[] => {
      if (boards.findIndex(({ board }) => board === row.board) < i) {
        issues.report(['boards', i, 'board'], 'another row has this board');
      }
      const filed = filedBoard(row, ['boards', i], issues);
      return filed === null ? [] : [filed];
    }),
    cards: cards.map((card, i): FiledCard => {
      const at: Path = ['cards', i];
      if (card.atr === undefined && card.reader === undefined) {
        issues.report(at, 'a card is known by its `atr`, by the `reader` that it lies in, or by both');
      }
      if (cards.findIndex((each) => each.label === card.label) < i) {
        issues.report([...at, 'label'], `another card has the label \`${card.label}\``);
      }
      return {
        label: card.label,
        atr: card.atr === undefined ? null : Buffer.from(card.atr).toString('hex').toUpperCase(),
        reader: card.reader ?? null,
        pinFile: file(card.pinFile, [...at, 'pinFile']),
        canFile: file(card.canFile, [...at, 'canFile']),
        terminalKeys:
          card.terminalKeys === TEST_TERMINAL_KEYS
            ? TEST_TERMINAL_KEYS
            : file(card.terminalKeys, [...at, 'terminalKeys']),
        reference: card.reference ?? false,
      };
    }),
  };
  issues.throwIfAny();
  return filed;
}

function onePort(reader: ReaderChoice, link: LinkChoice): boolean {
  const port = linkDriver(link).serialPort?.(link);
  const other = readerDriver(reader).serialPort?.(reader);
  return port !== undefined && other !== undefined && samePort(port, other);
}

function contactOrLess(cardInterface: 'contact' | 'contactless' | 'wired' | null): 'contact' | 'contactless' | null {
  return cardInterface === 'wired' ? null : cardInterface;
}
