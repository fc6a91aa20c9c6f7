import { type Command, Option } from 'commander';
import { CURVE_NAMES, type CurveName, type HashName } from '../../../src/hal/crypto.ts';
import type { TerminalType } from '../../../src/secure-channel/index.ts';
import { UsageError } from '../../console/failure.ts';
import type { IssuedRole } from '../../pki/issue.ts';
import type { DeclareVerb } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

/** The preferred ones first. */
const HASHES: readonly HashName[] = ['sha-256', 'sha-384', 'sha-512', 'sha-224', 'sha-1'];
const ROLES: readonly IssuedRole[] = ['link', 'dv-domestic', 'dv-foreign', 'terminal'];

interface TypedDates {
  readonly from?: string;
  readonly to?: string;
}

interface TypedInit extends TypedDates {
  readonly test?: boolean;
  readonly prefix: string;
  readonly type: TerminalType;
  readonly curve: CurveName;
  readonly hash?: HashName;
  readonly rights?: string;
  readonly json?: boolean;
}

interface TypedIssue extends TypedDates {
  readonly by?: string;
  readonly curve?: CurveName;
  readonly hash?: HashName;
  readonly rights?: string;
  readonly json?: boolean;
}

export const declarePki: DeclareVerb = (program, perform) => {
  const pki = program
    .command('pki')
    .description('test certificates and keys of terminals: who may read what from a card');
  const init = pki
    .command('init')
    .description('make a hierarchy in a new folder: a root, a document verifier, a terminal and its key file')
    .argument('<folder>', 'folder to make; it may be there if it is empty')
    .addOption(
      new Option(
        '--test',
        'make the hierarchy that cards of the shipped profiles trust; everyone knows its keys',
      ).conflicts(['prefix', 'type', 'curve', 'hash', 'rights', 'from', 'to']),
    )
    .option(
      '--prefix <letters>',
      'first letters of all names: two capitals for the country, then up to 5 capitals or digits',
      'FRLAB',
    )
    .addOption(
      new Option('--type <type>', 'type of terminal: authentication terminal, inspection system or signature terminal')
        .choices(['AT', 'IS', 'ST'])
        .default('AT'),
    )
    .addOption(new Option('--curve <curve>', 'curve of all keys').choices(CURVE_NAMES).default('brainpoolP256r1'))
    .addOption(hashOption())
    .option(
      '--rights <list>',
      'rights of the terminal: all, none, or a list such as "read DG1, read DG8" (default: all)',
    );
  addJsonOption(addDates(init)).action((folder: string, typed: TypedInit) =>
    perform(typed, async (io) => {
      const { initHierarchy } = await import('../../pki/init.ts');
      const { test = false, prefix, type, curve, hash = null, rights = null } = typed;
      return initHierarchy({ folder, test, prefix, type, curve, hash, rights, ...(await dates(typed)) }, io);
    }),
  );
  const issue = pki
    .command('issue')
    .description('issue one more certificate in a hierarchy, with a new key')
    .argument('<folder>', 'folder of the hierarchy')
    .addArgument(
      pki
        .createArgument('<role>', 'who gets the certificate; link makes the next root and a link certificate to it')
        .choices(ROLES),
    )
    .argument('<name>', 'holder reference: country, up to 9 capitals or digits, then 5 more, for example FRLABAT00002')
    .option('--by <name>', 'the holder that signs it (default: the only one that can)')
    .addOption(
      new Option('--curve <curve>', 'curve of the next root (default: that of the root before)').choices(CURVE_NAMES),
    )
    .addOption(hashOption())
    .option(
      '--rights <list>',
      'rights: all, none, or a list such as "read DG1, read DG8" (default: those of the issuer)',
    );
  addJsonOption(addDates(issue)).action((folder: string, role: IssuedRole, name: string, typed: TypedIssue) =>
    perform(typed, async (io) => {
      const { issueCertificateTo } = await import('../../pki/issue.ts');
      const { by = null, curve = null, hash = null, rights = null } = typed;
      const order = { folder, role, name, by, curve, hash, rights, ...(await dates(typed)) };
      return issueCertificateTo(order, io);
    }),
  );
  const show = pki
    .command('show')
    .description('show card-verifiable certificates in words, and judge them')
    .argument('<file...>', 'certificates (7F21, bytes or hexadecimal, several in a row) or terminal keys')
    .option('--trust <file>', 'the root certificate to judge them against')
    .option('--date <date>', 'date that the card goes by, for example 2026-01-31 (default: today)');
  addJsonOption(show).action((files: string[], typed: { trust?: string; date?: string; json?: boolean }) =>
    perform(typed, async (io) => {
      const { showCertificates } = await import('../../pki/show.ts');
      return showCertificates({ files, trust: typed.trust ?? null, date: await dateOf(typed.date, '--date') }, io);
    }),
  );
};

function hashOption(): Option {
  return new Option(
    '--hash <hash>',
    'hash of the signatures (default: the one that fits the size of the curve)',
  ).choices(HASHES);
}

function addDates(command: Command): Command {
  return command
    .option('--from <date>', 'first day, for example 2026-01-31 (default: today)')
    .option('--to <date>', 'last day (default: ten years after the first)');
}

async function dates({ from, to }: TypedDates): Promise<{ from: number | null; to: number | null }> {
  return { from: await dateOf(from, '--from'), to: await dateOf(to, '--to') };
}

async function dateOf(text: string | undefined, option: string): Promise<number | null> {
  if (text === undefined) return null;
  const { readDate } = await import('../../pki/dates.ts');
  const date = readDate(text);
  if (date === null) throw new UsageError(`${option} takes a day from 2000-01-01 to 2099-12-31, and "${text}" is none`);
  return date;
}
