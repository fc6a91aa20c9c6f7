import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { counted } from '../../report/words.ts';
import type { Pruned, PrunePlace } from '../api/upkeep.ts';
import type { LabAddress } from '../bench/verb.ts';
import { asking } from './ask.ts';

/** `vitap lab prune`: drops files of runs that ended so many days ago; verdicts stay. */
export async function pruneLab(
  { lab, days, dryRun }: { lab: LabAddress; days: number; dryRun: boolean },
  io: CommandIo,
): Promise<ExitCode> {
  const { files, bytes } = await asking(lab, io, async (link) => {
    const all = { files: 0, bytes: 0 };
    for (let after: PrunePlace | null | undefined; after !== null; ) {
      const some: Pruned = await link.prune({ olderThanDays: days, dryRun, after: after ?? null });
      all.files += some.files;
      all.bytes += some.bytes;
      after = some.after;
    }
    return all;
  });
  if (io.json) writeJson(io, { id: 'lab-prune', dryRun, files, bytes });
  else io.stdout(`${counted(files, 'file')}, ${counted(bytes, 'byte')} ${dryRun ? 'would be' : 'were'} dropped\n`);
  return EXIT.pass;
}
