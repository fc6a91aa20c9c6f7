import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../../console/failure.ts';
import type { RunState } from '../../lab/api/run.ts';
import type { Role } from '../../lab/api/token.ts';
import { labAddress } from '../../web/token-origin.ts';
import { parseCount, parsePort } from '../option-values.ts';
import type { DeclareVerb, Perform } from '../program.ts';
import { addLabOptions, declareLabBench, type TypedLab } from './lab-bench.ts';
import { declareLabSubmit } from './lab-submit.ts';
import { addJsonOption } from './shared-options.ts';

/** As the lab's own lists, which are not loaded for help: a test compares. */
export const LAB_ROLES: readonly Role[] = ['viewer', 'operator', 'bench'];
export const LAB_STATES: readonly RunState[] = ['queued', 'running', 'passed', 'failed', 'error', 'cancelled'];
const PORT = 8640;

export const declareLab: DeclareVerb = (program, perform) => {
  const lab = program.command('lab').description('many benches, one queue: campaigns, benches that take runs, results');
  declareServe(lab, perform);
  declareLabBench(lab, perform);
  declareLabSubmit(lab, perform);
  declareWatch(lab, perform);
  declareCancel(lab, perform);
  declareResults(lab, perform);
  declareCompare(lab, perform);
  declareExport(lab, perform);
  declarePrune(lab, perform);
  declareBenches(lab, perform);
  declareToken(lab, perform);
};

interface TypedServe {
  readonly store?: string;
  readonly host: string;
  readonly port: number;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

function declareServe(lab: Command, perform: Perform): void {
  const serve = lab
    .command('serve')
    .description('serve a lab over HTTP until Ctrl-C: on this machine, or beyond it with TLS')
    .argument('<folder>', 'folder of its files, and of its database without --store; made if it is not there')
    .option('--store <url>', 'PostgreSQL database (default: PGlite in the folder)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port, or 0 for any free one', parsePort, PORT)
    .option('--tls-certificate <file>', 'certificate in PEM; its names are those of the server')
    .option('--tls-key <file>', 'private key of the certificate in PEM, for its owner alone')
    .option('--quiet', 'no line for each request');
  addJsonOption(serve).action((folder: string, typed: TypedServe) =>
    perform(typed, async (io) => {
      const { serveLab } = await import('../../lab/server/serve.ts');
      const { store = null, host, port, tlsCertificate: certificate = null, tlsKey: key = null } = typed;
      return serveLab({ folder, store, host, port, certificate, key, quiet: typed.quiet === true }, io);
    }),
  );
}

function declareWatch(lab: Command, perform: Perform): void {
  const watch = lab
    .command('watch')
    .description('say what changes in a campaign until its last run has ended')
    .argument('<campaign>', 'number of the campaign', parseCount);
  addLabOptions(watch).action((campaign: number, typed: TypedLab) =>
    perform(typed, async (io) => {
      const { watchCampaign } = await import('../../lab/verbs/watch.ts');
      return watchCampaign(labAddress(typed, io.env), campaign, io);
    }),
  );
}

function declareCancel(lab: Command, perform: Perform): void {
  const cancel = lab
    .command('cancel')
    .description('cancel what waits and what runs of a campaign; verdicts stay')
    .argument('<campaign>', 'number of the campaign', parseCount);
  addLabOptions(cancel).action((campaign: number, typed: TypedLab) =>
    perform(typed, async (io) => {
      const { cancelLabCampaign } = await import('../../lab/verbs/cancel.ts');
      return cancelLabCampaign(labAddress(typed, io.env), campaign, io);
    }),
  );
}

interface TypedResults extends TypedLab {
  readonly state?: RunState;
  readonly case?: string;
  readonly all?: boolean;
  readonly check?: boolean;
}

function declareResults(lab: Command, perform: Perform): void {
  const results = lab
    .command('results')
    .description('list the newest campaigns, or the runs of one')
    .argument('[campaign]', 'number of the campaign', parseCount)
    .addOption(new Option('--state <state>', 'only runs in this state').choices(LAB_STATES))
    .addOption(
      new Option('--case <id>', 'only runs in which this case failed or was inconclusive').conflicts([
        'state',
        'check',
      ]),
    )
    .addOption(new Option('--all', 'with --case, the runs of all campaigns').conflicts(['state', 'check']))
    .option('--check', 'ask the store whether any run is lost or doubled');
  addLabOptions(results).action((campaign: number | undefined, typed: TypedResults) =>
    perform(typed, async (io) => {
      const { case: id, all = false, check = false, state = null } = typed;
      if (id !== undefined || all) {
        if (id === undefined || all === (campaign !== undefined)) {
          throw new UsageError('--case ID goes with the number of a campaign, or with --all');
        }
        const { labCaseRuns } = await import('../../lab/verbs/case-runs.ts');
        return labCaseRuns({ lab: labAddress(typed, io.env), id, campaign: campaign ?? null }, io);
      }
      const { checkLab, labResults } = await import('../../lab/verbs/results.ts');
      if (!check) return labResults({ lab: labAddress(typed, io.env), campaign: campaign ?? null, state }, io);
      if (campaign !== undefined || state !== null) {
        throw new UsageError('--check looks at the whole store: give neither a campaign nor --state');
      }
      return checkLab(labAddress(typed, io.env), io);
    }),
  );
}

function declareCompare(lab: Command, perform: Perform): void {
  const compare = lab
    .command('compare')
    .description('compare two campaigns: new failures, mended, flaky, slower')
    .argument('<first>', 'number of the campaign that is the base', parseCount)
    .argument('<second>', 'number of the other one', parseCount);
  addLabOptions(compare).action((first: number, second: number, typed: TypedLab) =>
    perform(typed, async (io) => {
      if (first === second) throw new UsageError('a campaign is compared with another one');
      const { compareLab } = await import('../../lab/results/compare-verb.ts');
      return compareLab({ lab: labAddress(typed, io.env), first, second }, io);
    }),
  );
}

interface TypedExport extends TypedLab {
  readonly junit?: string;
  readonly csv?: string;
  readonly evidence?: string;
  readonly evidenceKey?: string;
}

function declareExport(lab: Command, perform: Perform): void {
  const files = lab
    .command('export')
    .description('write a campaign as JUnit, as CSV, or as one signed bundle with every result and its files')
    .argument('<campaign>', 'number of the campaign', parseCount)
    .option('--junit <file>', 'JUnit report')
    .option('--csv <file>', 'a line for each run, case and figure')
    .option('--evidence <folder>', 'new folder for a signed bundle')
    .option('--evidence-key <file>', 'private key that signs it (vitap evidence keygen)');
  addLabOptions(files).action((campaign: number, typed: TypedExport) =>
    perform(typed, async (io) => {
      const { junit = null, csv = null, evidence: folder, evidenceKey: key } = typed;
      if ((folder === undefined) !== (key === undefined)) {
        throw new UsageError('a bundle is signed: give --evidence FOLDER with --evidence-key FILE');
      }
      const evidence = folder === undefined || key === undefined ? null : { folder, key };
      if (junit === null && csv === null && evidence === null) {
        throw new UsageError('nothing to write: give --junit, --csv or --evidence');
      }
      const { exportLab } = await import('../../lab/results/export.ts');
      return exportLab({ lab: labAddress(typed, io.env), campaign, junit, csv, evidence }, io);
    }),
  );
}

function declarePrune(lab: Command, perform: Perform): void {
  const prune = lab
    .command('prune')
    .description('drop traces and reports of old runs on the server; verdicts, cases and figures stay')
    .requiredOption('--older-than <days>', 'runs that ended so many days ago', parseDays)
    .option('--dry-run', 'only say how much it would be');
  addLabOptions(prune).action((typed: TypedLab & { olderThan: number; dryRun?: boolean }) =>
    perform(typed, async (io) => {
      const { pruneLab } = await import('../../lab/verbs/prune.ts');
      return pruneLab({ lab: labAddress(typed, io.env), days: typed.olderThan, dryRun: typed.dryRun === true }, io);
    }),
  );
}

interface TypedBenches extends TypedLab {
  readonly quarantine?: string;
  readonly reason?: string;
  readonly release?: string;
}

/** As the interface takes them: a hundred years. */
const MOST_DAYS = 36_500;

function parseDays(text: string): number {
  const days = parseCount(text);
  if (days > MOST_DAYS) throw new InvalidArgumentError(`It takes a whole number from 1 to ${MOST_DAYS}.`);
  return days;
}

function declareBenches(lab: Command, perform: Perform): void {
  const benches = lab
    .command('benches')
    .description('list the benches and what they do, or put one into quarantine, or let it back')
    .option('--quarantine <name>', 'this bench takes no runs until it is let back')
    .option('--reason <text>', 'why, with --quarantine')
    .addOption(new Option('--release <name>', 'this bench takes runs again').conflicts('quarantine'));
  addLabOptions(benches).action((typed: TypedBenches) =>
    perform(typed, async (io) => {
      const { quarantine, reason = null, release } = typed;
      if ((quarantine === undefined) !== (reason === null)) {
        throw new UsageError('a quarantine has a reason: give --quarantine NAME with --reason TEXT');
      }
      const { listLabBenches, quarantineBench } = await import('../../lab/verbs/benches.ts');
      const bench = quarantine ?? release;
      if (bench === undefined) return listLabBenches(labAddress(typed, io.env), io);
      return quarantineBench({ lab: labAddress(typed, io.env), bench, reason }, io);
    }),
  );
}

function declareToken(lab: Command, perform: Perform): void {
  const token = lab.command('token').description('tokens of the lab: they open it to viewers, operators and benches');
  const add = token
    .command('add')
    .description('make a token, and show it this once')
    .argument('<name>', 'whose it is')
    .addOption(new Option('--role <role>', 'what it opens').choices(LAB_ROLES).makeOptionMandatory())
    .option('--out <file>', 'new file for it, for its owner alone (default: standard output)');
  addLabOptions(add).action((name: string, typed: TypedLab & { role: Role; out?: string }) =>
    perform(typed, async (io) => {
      const { addLabToken } = await import('../../lab/verbs/token.ts');
      return addLabToken({ lab: labAddress(typed, io.env), name, role: typed.role, out: typed.out ?? null }, io);
    }),
  );
  addLabOptions(token.command('list').description('list the tokens, without their text')).action((typed: TypedLab) =>
    perform(typed, async (io) => {
      const { listLabTokens } = await import('../../lab/verbs/token.ts');
      return listLabTokens(labAddress(typed, io.env), io);
    }),
  );
  const revoke = token
    .command('revoke')
    .description('revoke a token')
    .argument('<id>', 'its number, as list shows it', parseCount);
  addLabOptions(revoke).action((id: number, typed: TypedLab) =>
    perform(typed, async (io) => {
      const { revokeLabToken } = await import('../../lab/verbs/token.ts');
      return revokeLabToken(labAddress(typed, io.env), id, io);
    }),
  );
}
