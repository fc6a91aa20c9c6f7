import type { DeclareVerb } from '../program.ts';
import { addJsonOption } from './shared-options.ts';
import { addShellOptions, shellOptions, type TypedForShell } from './shell.ts';

interface Typed extends TypedForShell {
  keepGoing?: boolean;
  explain: boolean;
  json?: boolean;
}

export const declareApdu: DeclareVerb = (program, perform) => {
  const apdu = program
    .command('apdu')
    .argument('[HEX[=SW]...]', 'commands in hexadecimal, with the status word that each must have, X for any digit')
    .description('send commands to a card and show the answers in words; without HEX a script on standard input');
  addJsonOption(addShellOptions(apdu))
    .option('--keep-going', 'go on after a status word that differs from the stated one')
    .option('--no-explain', 'do not ask the card for the rules of files that it refused (6982)')
    .action((commands: string[], typed: Typed) =>
      perform(typed, async (io) => {
        const options = shellOptions(typed);
        const { runScript } = await import('../../shell/run-script.ts');
        const more = { commands, keepGoing: typed.keepGoing === true, explain: typed.explain };
        return runScript({ ...options, ...more }, io, 'vitap apdu');
      }),
    );
};
