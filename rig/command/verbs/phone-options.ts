import { type Command, Option } from 'commander';
import { AGREEABLE, type PhoneOptions, type WithCode } from '../../life/phone/options.ts';
import { pinChoice } from '../option-values.ts';
import { addJsonOption, addPinOptions, timeoutOption } from './shared-options.ts';

/** What several verbs of the phone take. */
export interface Typed {
  phone?: string;
  json?: boolean;
}
export interface TypedCode extends Typed {
  pin?: boolean;
  pinFile?: string;
}

export function addPhone(command: Command): Command {
  return addJsonOption(
    command.option(
      '--phone <folder>',
      'the phone: a folder of its owner alone (default: phone in the state folder of vitap)',
    ),
  );
}

export function addCode(command: Command): Command {
  return addPinOptions(addPhone(command));
}

export function newPinOption(): Option {
  return new Option(
    '--new-pin-file <file>',
    'the new code in the first line of a file (otherwise VITAP_NEW_PIN, or asked for)',
  );
}

export function testOption(): Option {
  return new Option('--test', 'allow the code of the shipped test cards');
}

export function answerOption(): Option {
  return timeoutOption('how long to wait for an answer of the issuer');
}

export function discloseOption(): Option {
  return new Option('--disclose <what...>', 'what the professional is told (default: all but the invoices)').choices(
    AGREEABLE,
  );
}

export function folderOf({ phone = null }: { readonly phone?: string | null }): PhoneOptions {
  return { folder: phone };
}

export function withCode(typed: TypedCode): WithCode {
  return { ...folderOf(typed), pin: pinChoice(typed) };
}
