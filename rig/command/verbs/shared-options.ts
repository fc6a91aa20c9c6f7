import { type Command, Option } from 'commander';
import { PIN_STATES } from '../../card/card-source.ts';
import { PACE_CODES } from '../../channel/choice.ts';
import { READER_FORMS, READER_OF_A_CARD, READER_OF_OUR_CARD, type ReaderChoice } from '../../endpoint/readers.ts';
import { parseReader, parseSeconds } from '../option-values.ts';

/** Options that several verbs share, with the same words everywhere. */

/** `--profile`, `--image` and `--state`. */
export function addCardOptions(command: Command): Command {
  return command
    .option('--profile <name>', 'a fresh card in memory, from a shipped profile or a profile file')
    .option('--image <file>', 'the card in an image file, which keeps its state; or a profile by name')
    .addOption(stateOption());
}

/** `--state`. */
export function stateOption(): Option {
  return new Option('--state <state>', 'state of the PIN of PACE on the fresh card').choices(PIN_STATES);
}

/** `--reader`, of a verb that takes a card in a reader or one of ours. */
export function addReaderOption<T = ReaderChoice>(
  command: Command,
  what = '',
  parse: (text: string) => T = parseReader as (text: string) => T,
): Command {
  const words = `${what}${READER_FORMS}; part of the name is enough (default: ${READER_OF_A_CARD.driver}; ${READER_OF_OUR_CARD.driver} when a card is named)`;
  return command.option('--reader <reader>', words, parse);
}

/** `--interface`. */
export function addInterfaceOption(command: Command): Command {
  return command.addOption(
    new Option('--interface <name>', 'interface through which the card is used (default: as its profile says)').choices(
      ['contact', 'contactless', 'wired'],
    ),
  );
}

/** `--pin` and `--pin-file`. */
export function addPinOptions(command: Command): Command {
  return command
    .option('--pin', 'ask for the code on the terminal, without showing it')
    .option('--pin-file <file>', 'read the code from the first line of a file (otherwise VITAP_PIN)');
}

/** `--can-file`, `--channel`, `--channel-file` and `--terminal-keys`. */
export function addChannelOptions(command: Command): Command {
  return command
    .option(
      '--can-file <file>',
      'open the secure channel (PACE) with the card access number in the first line of a file (VITAP_CAN in the environment does too, where the card has PACE)',
    )
    .addOption(
      new Option(
        '--channel <code>',
        'which code opens the secure channel: from VITAP_CAN, VITAP_PIN, VITAP_PUK or VITAP_MRZ, or asked for on the terminal',
      ).choices(PACE_CODES),
    )
    .option('--channel-file <file>', 'take that code from the first line of a file')
    .option(
      '--terminal-keys <file>',
      'prove who the terminal is (see: vitap pki issue); test: as the terminal that shipped profiles trust, the default with a card in memory',
    );
}

/** `--session-keys`. */
export function sessionKeysOption(): Option {
  const words = 'write the keys of the secure channel to a file beside the trace: who has both reads everything';
  return new Option('--session-keys <file>', words);
}

/** `--record`, `--keep-secrets` and `--redaction-key`. */
export function addRecordOptions(command: Command): Command {
  return command
    .option('--record <file>', 'write a trace of everything exchanged; codes, keys, NIRs, names, birth dates masked')
    .option('--keep-secrets', 'mask nothing in the trace')
    .option(
      '--redaction-key <file>',
      'key for the hashes of masked values: the same secret has the same hash in all traces with this key',
    );
}

/** `--image-key`. */
export function imageKeyOption(): Option {
  const words = "the lab's key for the names of card images (default: one in the state folder, made on first use)";
  return new Option('--image-key <file>', words);
}

/** `--evidence`, `--evidence-key` and, where a card of ours may be judged, `--image-key`. */
export function addEvidenceOptions(
  command: Command,
  what: string,
  { images = true }: { images?: boolean } = {},
): Command {
  command
    .option('--evidence <folder>', `write a signed bundle: ${what}`)
    .option('--evidence-key <file>', 'the private key that signs it (see: vitap evidence keygen)');
  return images ? command.addOption(imageKeyOption()) : command;
}

/** `--json`. */
export function addJsonOption(command: Command): Command {
  return command.option('--json', 'print JSON, and nothing else, on standard output');
}

/** `--timeout`, in milliseconds; 10 seconds by default. */
export function timeoutOption(words: string): Option {
  return new Option('--timeout <seconds>', words).argParser(parseSeconds).default(10_000, '10');
}
