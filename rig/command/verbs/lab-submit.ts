import { type Command, Option } from 'commander';
import { labAddress } from '../../web/token-origin.ts';
import type { DeclareVerb, Perform } from '../program.ts';
import { addLabOptions, type TypedLab } from './lab-bench.ts';

interface TypedSubmit extends TypedLab {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly watch?: boolean;
  readonly json?: boolean;
}

/** `vitap lab submit`; the group `lab` is given instead of the program. */
export const declareLabSubmit: DeclareVerb = (lab: Command, perform: Perform) => {
  const submit = lab
    .command('submit')
    .description(
      'check a campaign, say what it costs and which of its runs no bench can take, and put it into the queue',
    )
    .argument('<file>', 'the campaign (YAML)');
  addLabOptions(submit)
    .option('--dry-run', 'check and say, and submit nothing')
    .option('--force', 'submit although no bench can take some of its runs: they wait')
    .addOption(
      new Option('--watch', 'follow it until its last run has ended; exit 1 when one did not pass').conflicts('dryRun'),
    )
    .action((file: string, typed: TypedSubmit) =>
      perform(typed, async (io) => {
        const { labSubmit } = await import('../../lab/submit/submit.ts');
        const { dryRun = false, force = false, watch = false } = typed;
        return labSubmit({ file, lab: labAddress(typed, io.env), dryRun, force, watch }, io);
      }),
    );
};
