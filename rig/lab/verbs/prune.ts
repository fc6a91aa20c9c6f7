import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { counted } from '../../report/words.ts';
import type { LabAddress } from '../bench/verb.ts';
import { asking } from './ask.ts';

/** `vitap lab prune`: drops files of runs that ended so many days ago; verdicts stay. */
export async function pruneLab(
  { lab, days, dryRun }: { lab: LabAddress; days: number; dryRun: boolean },
  io: CommandIo,
): Promise<ExitCode> {
  const { files, bytes } = await asking(lab, io, (link) => link.prune(days, dryRun));
  io.stdout(`${counted(files, 'file')}, ${bytes} bytes ${dryRun ? 'would be' : 'were'} dropped\n`);
  return EXIT.pass;
}
