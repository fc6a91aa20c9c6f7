import type { Command } from 'commander';
import { labAddress, type TypedAddress } from '../../web/token-origin.ts';
import type { DeclareVerb, Perform } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

/** Where the lab is. */
export interface TypedLab extends TypedAddress {
  readonly json?: boolean;
}

interface TypedBench extends TypedLab {
  readonly name?: string;
  readonly benchFile?: string;
  readonly folder?: string;
  readonly imageKey?: string;
}

/** `--server`, `--token-file`, `--pin` and `--json`. */
export function addLabOptions(command: Command): Command {
  return addJsonOption(command)
    .option('--server <url>', 'origin of the lab, as https://lab.example:8640 (default: VITAP_LAB)')
    .option(
      '--token-file <file>',
      'file with the token in its first line, for its owner alone (default: VITAP_LAB_TOKEN_FILE)',
    )
    .option(
      '--pin <hash>',
      "the server's key and no other, by its SHA-256 in base64url, as the server says it at its start (default: VITAP_LAB_PIN)",
    );
}

/** `vitap lab bench`; the group `lab` is given instead of the program. */
export const declareLabBench: DeclareVerb = (lab: Command, perform: Perform) => {
  const bench = lab
    .command('bench')
    .description('take runs of the lab for the readers and boards of this machine, until Ctrl-C');
  addLabOptions(bench)
    .option('--name <name>', 'name of the bench: small letters, digits and - (default: that of this machine)')
    .option(
      '--bench-file <file>',
      'what cannot be seen: boards that belong together, labels of cards, their codes (YAML)',
    )
    .option(
      '--folder <folder>',
      'where the bench keeps its key and what it could not upload (default: in the state folder)',
    )
    .option('--image-key <file>', "the lab's key that names images (default: the one of this station)")
    .action((typed: TypedBench) =>
      perform(typed, async (io) => {
        const { labBench } = await import('../../lab/bench/verb.ts');
        const { name = null, benchFile = null, folder = null, imageKey = null } = typed;
        return labBench({ ...labAddress(typed, io.env), name, benchFile, folder, imageKey }, io);
      }),
    );
};
