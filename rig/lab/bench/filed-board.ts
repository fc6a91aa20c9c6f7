import { realpathSync } from 'node:fs';
import * as z from 'zod';
import type { Framing } from '../../../src/hal/serial-line.ts';
import { parseBoardName } from '../../board/board-name.ts';
import { type BootChoice, parseBootChoice } from '../../board/stm32/boot-lines.ts';
import type { Issues } from '../../card/profile/issues.ts';
import { integer, text } from '../../card/profile/scalars.ts';
import type { Path } from '../../card/profile/source.ts';
import { UsageError } from '../../console/failure.ts';
import type { BoardDriver } from '../campaign/work.ts';

/** A board at a bench: how it is reached, and what reads it. */
export interface FiledBoard {
  readonly driver: BoardDriver;
  /** Port, or folder of a UF2 drive. */
  readonly path: string;
  /** Port of the PN532 that a PN532 is tested and read back with; null: none. */
  readonly partner: string | null;
  /** The line to the bootloader of an STM32. */
  readonly line: { readonly baudRate: number; readonly framing: Framing; readonly boot: BootChoice };
}

/** As the ROM of an STM32 has it (AN3155). */
const USUAL_LINE: FiledBoard['line'] = { baudRate: 115_200, framing: '8E1', boot: { how: 'none' } };
const MOST_BAUD = 4_000_000;

interface BoardRow {
  readonly board: string;
  readonly partner?: string | undefined;
  readonly baud?: number | undefined;
  readonly line?: '8e1' | '8n1' | undefined;
  readonly bootLines?: string | undefined;
}

export const BOARD_ROW: z.ZodType<BoardRow> = z.strictObject({
  board: text,
  partner: text.optional(),
  baud: integer(1200, MOST_BAUD).optional(),
  line: z.enum(['8e1', '8n1']).optional(),
  bootLines: text.optional(),
});

/** @returns null: the row was reported */
export function filedBoard(row: BoardRow, at: Path, issues: Issues): FiledBoard | null {
  const named = nameOf(row.board);
  if (named === null) {
    issues.report([...at, 'board'], 'a board of a bench is pn532:PORT, stm32:PORT, uf2:FOLDER or firmware:PORT');
    return null;
  }
  const { driver, path } = named;
  if (row.partner !== undefined && driver !== 'pn532') {
    issues.report([...at, 'partner'], 'only a PN532 is tested with a partner');
  }
  for (const key of ['baud', 'line', 'bootLines'] as const) {
    if (row[key] === undefined || driver === 'stm32') continue;
    issues.report([...at, key], `\`${key}\` is of the bootloader of an STM32, and this board is ${driver}:${path}`);
  }
  return { ...named, partner: partnerOf(row, path, at, issues), line: lineOf(row, at, issues) };
}

function nameOf(board: string): Pick<FiledBoard, 'driver' | 'path'> | null {
  const firmware = /^firmware:(.+)$/.exec(board)?.[1];
  if (firmware !== undefined) return { driver: 'firmware', path: firmware };
  const named = parseBoardName(board);
  return named === null ? null : { driver: named.target, path: named.path };
}

function partnerOf({ partner }: BoardRow, path: string, at: Path, issues: Issues): string | null {
  if (partner === undefined) return null;
  const named = parseBoardName(partner);
  if (named?.target !== 'pn532') issues.report([...at, 'partner'], 'a partner is a PN532, as pn532:PORT');
  else if (samePort(named.path, path)) issues.report([...at, 'partner'], 'a partner is a second board');
  return named?.path ?? null;
}

function lineOf({ baud, line, bootLines }: BoardRow, at: Path, issues: Issues): FiledBoard['line'] {
  const framing = line === undefined ? USUAL_LINE.framing : line === '8n1' ? '8N1' : '8E1';
  return { baudRate: baud ?? USUAL_LINE.baudRate, framing, boot: bootOf(bootLines, at, issues) };
}

function bootOf(bootLines: string | undefined, at: Path, issues: Issues): BootChoice {
  if (bootLines === undefined) return USUAL_LINE.boot;
  try {
    const boot = parseBootChoice(bootLines);
    if (boot.how !== 'operator') return boot;
    issues.report(
      [...at, 'bootLines'],
      'nobody is asked during a run: the board is in its bootloader, or lines bring it there',
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    issues.report([...at, 'bootLines'], error.message);
  }
  return USUAL_LINE.boot;
}

/** Two names of one port are one port. */
export function samePort(one: string, other: string): boolean {
  return one === other || realPath(one) === realPath(other);
}

export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
