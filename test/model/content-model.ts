import { ASK } from './answer.ts';
import { FILES, type FilePlan } from './plan.ts';
import type { Command } from './step.ts';

/** What a command on content comes to: a refusal, or data and the record that is current from then on. */
export type Outcome =
  | { readonly refused: number }
  | { readonly data: readonly number[]; readonly sw: number; readonly record?: number };

type ContentCommand = Extract<Command, { sfi: number | null }>;
const DONE: Outcome = { data: [], sw: 0x9000 };
const refuse = (refused: number): Outcome => ({ refused });

/** Bytes and records of all files, as arrays. */
export class ContentModel {
  readonly #contents: Map<FilePlan, number[][]> = new Map(
    FILES.map((file) => [file, file.content.map((piece) => [...piece])]),
  );

  /** @param current number of the current record, 0 for none; it does not count for a file named by short identifier */
  apply(file: FilePlan, command: ContentCommand, current: number): Outcome {
    const pieces = this.#contents.get(file) as number[][];
    const from = isCurrent(command.sfi) ? current : 0;
    switch (command.is) {
      case 'read-binary':
        return readBinary(pieces[0] as number[], command);
      case 'update-binary':
        return updateBinary(pieces[0] as number[], command);
      case 'read-record':
        return readRecord(pieces, command, from);
      case 'update-record':
        return updateRecord(file, pieces, command, from);
      case 'append-record':
        return append(file, pieces, command.data);
      case 'erase-record':
        if (command.p1 > pieces.length) return refuse(0x6a83);
        pieces[command.p1 - 1]?.fill(0);
        return DONE;
    }
  }
}

/** The current EF, plainly or by the short identifier 0. */
export function isCurrent(sfi: number | null): boolean {
  return sfi === null || sfi === 0;
}

function readBinary(content: readonly number[], { offset, ne }: Extract<Command, { is: 'read-binary' }>): Outcome {
  if (offset >= content.length) return refuse(0x6b00);
  const data = content.slice(offset, offset + ne);
  return { data, sw: warning(data, ne) };
}

function updateBinary(content: number[], { offset, data }: Extract<Command, { is: 'update-binary' }>): Outcome {
  if (offset >= content.length) return refuse(0x6b00);
  if (offset + data.length > content.length) return refuse(0x6a84);
  content.splice(offset, data.length, ...data);
  return DONE;
}

function readRecord(
  records: readonly number[][],
  command: Extract<Command, { is: 'read-record' }>,
  current: number,
): Outcome {
  const { mode, ne } = command;
  const record = recordMeant(records, command, current);
  if (record === 0) return refuse(0x6a83);
  const meant = mode <= 4 ? records.slice(record - 1, record) : records.slice(record - 1);
  const data = (mode === 6 ? meant.toReversed() : meant).flat();
  if (ne !== ASK && data.length > ne) return refuse(0x6c00 | (data.length > 255 ? 0 : data.length));
  return { data, sw: warning(data, ne), ...(mode < 4 ? { record } : {}) };
}

function updateRecord(
  file: FilePlan,
  records: number[][],
  command: Extract<Command, { is: 'update-record' }>,
  current: number,
): Outcome {
  // The oldest record of a cyclic file makes place for a new one.
  if (file.structure === 'cyclic' && command.mode === 3) return append(file, records, command.data);
  const record = recordMeant(records, command, current);
  if (record === 0) return refuse(0x6a83);
  if (!fits(file, command.data)) return refuse(0x6700);
  records[record - 1] = [...command.data];
  return { ...DONE, ...(command.mode < 4 ? { record } : {}) };
}

function append(file: FilePlan, records: number[][], data: readonly number[]): Outcome {
  if (!fits(file, data)) return refuse(0x6700);
  if (file.structure === 'cyclic') {
    records.unshift([...data]);
    records.splice(file.capacity);
    return { ...DONE, record: 1 };
  }
  if (records.length === file.capacity) return refuse(0x6a84);
  records.push([...data]);
  return { ...DONE, record: records.length };
}

/** Number of the record that P1 and the mode mean, 0 for none. */
function recordMeant(
  records: readonly number[][],
  { p1, mode }: { readonly p1: number; readonly mode: number },
  current: number,
): number {
  if (mode >= 4) {
    const wanted = p1 === 0 ? current : p1;
    return wanted <= records.length ? wanted : 0;
  }
  const fit = records.flatMap((record, i) => (p1 === 0 || record[0] === p1 ? [i + 1] : []));
  const relative = current !== 0 && mode >= 2;
  const place = mode % 2 === 0 ? fit.find((each) => !relative || each > current) : undefined;
  if (mode % 2 === 0) return place ?? 0;
  return fit.filter((each) => !relative || each < current).at(-1) ?? 0;
}

function fits(file: FilePlan, data: readonly number[]): boolean {
  return file.structure === 'linear-variable' ? data.length <= file.recordSize : data.length === file.recordSize;
}

/** Fewer bytes than an explicit Le asked for. */
function warning(data: readonly number[], ne: number): number {
  return data.length < ne && ne !== ASK ? 0x6282 : 0x9000;
}
