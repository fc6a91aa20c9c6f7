import { Option } from 'commander';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { PinState } from '../../card/card-source.ts';
import { UsageError } from '../../console/failure.ts';
import type { EmulateOptions } from '../../emulate/options.ts';
import { LINK_FORMS, type LinkChoice, linkDriver, USUAL_LINK } from '../../endpoint/links.ts';
import { cardSource, parseLink, pinChoice, recordChoice } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import {
  addCardOptions,
  addInterfaceOption,
  addJsonOption,
  addPinOptions,
  addRecordOptions,
} from './shared-options.ts';

interface Typed {
  link: LinkChoice;
  profile?: string;
  image?: string;
  state?: PinState;
  interface?: CardInterface;
  unlock?: boolean;
  pin?: boolean;
  pinFile?: string;
  wait?: boolean;
  record?: string;
  keepSecrets?: boolean;
  redactionKey?: string;
  json?: boolean;
}

export const declareEmulate: DeclareVerb = (program, perform) => {
  const emulate = program
    .command('emulate')
    .description('emulate a card until Ctrl-C')
    .addOption(
      new Option('--link <link>', `${LINK_FORMS}: the virtual reader of pcscd, or a board`)
        .argParser(parseLink)
        .default(USUAL_LINK, 'vpcd'),
    );
  addInterfaceOption(addCardOptions(emulate));
  emulate.option('--unlock', "open the holder's presentation window at the start; needs the code");
  addPinOptions(emulate).option('--wait', 'wait for the virtual reader or the board when it is not there yet');
  addJsonOption(addRecordOptions(emulate)).action((typed: Typed) =>
    perform(typed, async (io) => {
      const options = emulateOptions(typed);
      const { emulate: run } = await import('../../emulate/emulate.ts');
      return run(options, io);
    }),
  );
};

function emulateOptions(typed: Typed): EmulateOptions {
  const card = cardSource(typed);
  if (card === null && linkDriver(typed.link).serialPort === undefined) {
    throw new UsageError('which card? name one with --profile or --image');
  }
  return {
    link: typed.link,
    card,
    interface: typed.interface ?? null,
    unlock: typed.unlock === true,
    pin: pinChoice(typed),
    wait: typed.wait === true,
    record: recordChoice(typed),
  };
}
