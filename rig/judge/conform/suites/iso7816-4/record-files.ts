import type { Structure } from '../../declaration.ts';
import { field, given, ok, send } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { LocatedFile } from '../../located.ts';
import type { CommandStep, Need } from '../../model.ts';
import { file } from '../../needs.ts';

/** b3b2b1 of P2. */
export const MODE = { FIRST: 0, LAST: 1, NEXT: 2, PREVIOUS: 3, NUMBER: 4, FROM: 5, UP_TO: 6 } as const;
/** Rules of a file that anybody may write. */
export const FREE = { read: 'free', update: 'free', append: 'free' } as const;
export const LINEAR: readonly (readonly [letter: string, structure: Structure])[] = [
  ['F', 'linear-fixed'],
  ['V', 'linear-variable'],
];
export const fixed: Need<LocatedFile> = file({ structure: 'linear-fixed', access: FREE, records: 3, recordSize: 4 });
export const variable: Need<LocatedFile> = file({
  structure: 'linear-variable',
  access: FREE,
  records: 3,
  recordSize: 4,
});
export const cyclic: Need<LocatedFile> = file({ structure: 'cyclic', access: FREE, records: 3, recordSize: 4 });
/** Cases that count on the records that a file had at the start. */
export const wish = (structure: Structure): Need<LocatedFile> =>
  file({ structure, access: FREE, records: 3, recordSize: 4 });

export const read = (number: number, f: LocatedFile): string => `00B2${hex(number)}${f.p2(MODE.NUMBER, false)}00`;
export const update = (number: number, f: LocatedFile, data: string, mode: number = MODE.NUMBER): string =>
  `00DC${hex(number)}${f.p2(mode, false)}${field(data)}`;
export const is = (words: string, number: number, f: LocatedFile, data: string): CommandStep =>
  send(words, read(number, f), ok(data));

/** One way in which UPDATE and WRITE RECORD name a record. */
export interface RecordMode {
  readonly id: string;
  readonly words: string;
  readonly mode: number;
  readonly p1: number;
  /** Number of the record that it means, record 2 being the current one. */
  readonly target: (f: LocatedFile) => number;
}

export const MODES: readonly RecordMode[] = [
  { id: '0', words: 'first', mode: MODE.FIRST, p1: 0, target: () => 1 },
  { id: '1', words: 'last', mode: MODE.LAST, p1: 0, target: (f) => f.count },
  { id: '2', words: 'next', mode: MODE.NEXT, p1: 0, target: () => 3 },
  { id: '3', words: 'previous', mode: MODE.PREVIOUS, p1: 0, target: () => 1 },
  { id: '4', words: 'number 3', mode: MODE.NUMBER, p1: 3, target: () => 3 },
  { id: '5', words: 'the current record', mode: MODE.NUMBER, p1: 0, target: () => 2 },
];

/** Makes record 2 the current one. */
export const toSecond = (f: LocatedFile): readonly CommandStep[] => [
  ...f.select,
  ...[1, 2].map((number) => given(`READ RECORD next: ${number} is current`, `00B200${f.p2(MODE.NEXT, false)}00`)),
];
