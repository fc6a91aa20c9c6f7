import { Option } from 'commander';
import { recordChoice } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import { addRecordOptions } from './shared-options.ts';

export const declareDemo: DeclareVerb = (program, perform) => {
  const demo = program
    .command('demo')
    .description(
      'issue a test card, unlock it, tap and read it in process; live the life of a digital card; tap through pcscd',
    )
    .option('--web', 'serve issuer, phone and counter as web pages until Ctrl-C, and print their addresses')
    .option('--no-pcsc', 'leave out the part through pcscd')
    // How the demo calls itself inside a private PC/SC stack.
    .addOption(new Option('--pcsc-image <file>').hideHelp());
  addRecordOptions(demo).action(
    (typed: {
      web?: boolean;
      pcsc: boolean;
      pcscImage?: string;
      record?: string;
      keepSecrets?: boolean;
      redactionKey?: string;
    }) =>
      perform(typed, async (io) => {
        const options = {
          web: typed.web === true,
          pcsc: typed.pcsc,
          pcscImage: typed.pcscImage ?? null,
          record: recordChoice(typed),
        };
        const { runDemo } = await import('../demo/demo.ts');
        return runDemo(options, io);
      }),
  );
};
