import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { counted } from '../../report/words.ts';
import type { LabAddress } from '../bench/verb.ts';
import { asking } from './ask.ts';

/** `vitap lab prune`: drops files of runs that ended so many days ago; verdicts stay. */
export async function pruneLab(
  { lab, days, dryRun }: { lab: LabAddress; days: number; dryRun: boolean },
  io: CommandIo,
): Promise<ExitCode> {
  const { files, bytes } = await asking(lab, io, async (link) => {
    const all = { files: 0, bytes: 0 };
    for (let more = true; more; ) {
      const some = await link.prune(days, dryRun);
      all.files += some.files;
      all.bytes += some.bytes;
      more = some.more;
    }
    return all;
  });
  io.stdout(`${counted(files, 'file')}, ${bytes} bytes ${dryRun ? 'would be' : 'were'} dropped\n`);
  return EXIT.pass;
}
