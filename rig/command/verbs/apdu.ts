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
    .argument('[HEX[=SW]...]', 'commands in hexadecimal; =SW states the status word that must come, X for any digit')
    .description(
      'send commands to a card and show the answers in words; without HEX, read a script from standard input',
    );
  addJsonOption(addShellOptions(apdu))
    .option('--keep-going', 'continue after a status word other than the stated one')
    .option('--no-explain', 'do not read the rules of a file after a refusal (6982)')
    .action((commands: string[], typed: Typed) =>
      perform(typed, async (io) => {
        const options = shellOptions(typed);
        const { runScript } = await import('../../shell/run-script.ts');
        const more = { commands, keepGoing: typed.keepGoing === true, explain: typed.explain };
        return runScript({ ...options, ...more }, io, 'vitap apdu');
      }),
    );
};
