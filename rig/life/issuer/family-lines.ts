import { createReadStream, statSync } from 'node:fs';
import { CannotRun } from '../../console/failure.ts';
import { type Family, FamilyError, LONGEST_LINE, readFamily } from './family.ts';

/** A line of a file of families: what it says, or why it says nothing. */
export type FamilyLine = { readonly line: number } & ({ readonly family: Family } | { readonly fault: string });

const LINE_FEED = 0x0a;

/**
 * Reads a file of families, JSON lines, one in memory at a time; empty lines are skipped.
 * @throws {CannotRun} no plain file; {Error} of Node, with `code` and `path`
 */
export async function* familyLines(path: string): AsyncGenerator<FamilyLine, void, undefined> {
  if (!statSync(path).isFile()) throw new CannotRun(`${path}: families are read from a plain file, and this is none`);
  let line = 0;
  for await (const bytes of lines(createReadStream(path))) {
    line++;
    if (bytes.length > LONGEST_LINE) {
      yield { line, fault: `longer than ${LONGEST_LINE} bytes` };
      continue;
    }
    const text = decoded(bytes);
    if (text?.trim() === '') continue;
    try {
      if (text === null) throw new FamilyError('not UTF-8');
      yield { line, family: readFamily(text) };
    } catch (error) {
      if (!(error instanceof FamilyError)) throw error;
      yield { line, fault: error.message };
    }
  }
}

/** Lines without their ends. Of one that is too long, its beginning: so much that it is seen to be. */
async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let kept: Buffer = Buffer.alloc(0);
  const keep = (piece: Buffer): void => {
    if (kept.length <= LONGEST_LINE) kept = Buffer.concat([kept, piece.subarray(0, LONGEST_LINE + 1)]);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      keep(chunk.subarray(start, end));
      yield kept;
      kept = Buffer.alloc(0);
      start = end + 1;
    }
    keep(chunk.subarray(start));
  }
  if (kept.length > 0) yield kept;
}

function decoded(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
