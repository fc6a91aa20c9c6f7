import { Argument } from 'commander';
import { EXIT } from '../../console/io.ts';
import type { ShellName } from '../completion.ts';
import type { DeclareVerb } from '../program.ts';

const SHELLS: readonly ShellName[] = ['bash', 'zsh', 'fish'];

export const declareCompletion: DeclareVerb = (program, perform) => {
  program
    .command('completion')
    .description('print a script that completes commands, options and values in a shell')
    .addArgument(new Argument('<shell>', 'the shell that reads it').choices(SHELLS))
    .action((shell: ShellName) =>
      perform({}, async (io) => {
        const [{ completionScript }, { listProfiles }] = await Promise.all([
          import('../completion.ts'),
          import('../../card/profile/load.ts'),
        ]);
        io.stdout(completionScript(program, shell, await listProfiles()));
        return EXIT.pass;
      }),
    );
};

export const declareMan: DeclareVerb = (program, perform) => {
  program
    .command('man')
    .description('print the manual page, for man(1)')
    .action(() =>
      perform({}, async (io) => {
        const { manPage } = await import('../man-page.ts');
        io.stdout(manPage(program, program.version() ?? ''));
        return EXIT.pass;
      }),
    );
};
