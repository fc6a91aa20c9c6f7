import { CannotRun } from '../../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import { counted } from '../../../report/words.ts';
import { audit } from '../audit.ts';
import type { Family } from '../family.ts';
import { familyLines } from '../family-lines.ts';
import { addFamilies, insertFamilies } from '../registry.ts';
import { MOST_FAMILIES, syntheticFamilies } from '../synthetic-family.ts';
import { withIssuer } from './with-issuer.ts';

/** Families in one statement. */
const BATCH = 1000;
/** Faults that are told one by one. */
const MOST_FAULTS = 100;

interface Fault {
  readonly line: number;
  readonly reason: string;
}

/** `vitap issuer insured import`: a file of families, all of it or nothing. */
export async function importInsured(
  { folder, file }: { readonly folder: string; readonly file: string },
  io: CommandIo,
): Promise<ExitCode> {
  return withIssuer(folder, io, async ({ store }, now) => {
    const faults: Fault[] = [];
    let [added, faulty] = [0, 0];
    const fault = (line: number, reason: string): void => {
      faulty++;
      if (faults.length < MOST_FAULTS) faults.push({ line, reason });
    };
    const undo = new Error('the file has faults');
    try {
      await store.sql.transaction(async (statements) => {
        let batch: { line: number; family: Family }[] = [];
        const flush = async (): Promise<void> => {
          const known = await insertFamilies(
            statements,
            batch.map(({ family }) => family),
            now,
          );
          for (const place of known) fault((batch[place] as { line: number }).line, 'this NIR is registered already');
          added += batch.length - known.length;
          batch = [];
        };
        for await (const read of familyLines(file)) {
          io.signal.throwIfAborted();
          if ('fault' in read) fault(read.line, read.fault);
          else batch.push(read);
          if (batch.length === BATCH) await flush();
        }
        if (batch.length > 0) await flush();
        if (faulty > 0) throw undo;
        if (added > 0) await audit(statements, now, 'families-imported', { count: added });
      });
    } catch (error) {
      if (error !== undo) throw error;
      added = 0;
    }
    faults.sort((a, b) => a.line - b.line);
    if (io.json) writeJson(io, { file, added, faulty, faults });
    else {
      for (const { line, reason } of faults) io.stderr(`${file}:${line}: ${reason}\n`);
      const more = faulty - faults.length;
      if (more > 0) io.stderr(`and ${counted(more, 'fault')} more\n`);
      if (faulty > 0) io.stderr(`nothing was imported: ${counted(faulty, 'line')} cannot be\n`);
      else io.stdout(`${counted(added, 'insured', 'insured')} imported\n`);
    }
    return faulty > 0 ? EXIT.fail : EXIT.pass;
  });
}

/** `vitap issuer insured generate`: synthetic families, the same ones for the same seed. */
export async function generateInsured(
  { folder, count, seed }: { readonly folder: string; readonly count: number; readonly seed: string },
  io: CommandIo,
): Promise<ExitCode> {
  if (count > MOST_FAMILIES) throw new CannotRun(`a seed has ${MOST_FAMILIES} families at most: take another seed too`);
  return withIssuer(folder, io, async ({ store }, now) => {
    let added = 0;
    let batch: Family[] = [];
    for (const family of syntheticFamilies(seed, count)) {
      batch.push(family);
      if (batch.length < BATCH) continue;
      added += await addFamilies(store, { families: batch, now });
      batch = [];
      // What is added stays: the same command goes on there.
      io.signal.throwIfAborted();
    }
    if (batch.length > 0) added += await addFamilies(store, { families: batch, now });
    if (io.json) writeJson(io, { seed, count, added, known: count - added });
    else {
      const known = count - added;
      const rest = known === 0 ? '' : `; ${counted(known, 'was', 'were')} registered already`;
      io.stdout(`${counted(added, 'synthetic insured', 'synthetic insured')} added${rest}\n`);
    }
    return EXIT.pass;
  });
}
