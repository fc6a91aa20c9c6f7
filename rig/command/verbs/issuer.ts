import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../../console/failure.ts';
import type { RefusalReason } from '../../life/issuer/application.ts';
import { parseCount, parsePort } from '../option-values.ts';
import type { DeclareVerb, Perform } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface TypedShow {
  readonly show?: boolean;
  readonly json?: boolean;
}

/** As the issuer's own list, which is not loaded for help: a test compares. */
export const REASONS: readonly RefusalReason[] = [
  'unreadable',
  'not-the-same-person',
  'document-expired',
  'not-a-document',
];
const EVERYWHERE = '*';
const ORIGIN = 'http://127.0.0.1:8620';
const LISTED = 20;

export const declareIssuer: DeclareVerb = (program, perform) => {
  const issuer = program
    .command('issuer')
    .description('the issuer of the digital card, a test double: registry, activations, revocation, audit log');
  declareInit(issuer, perform);
  declareServe(issuer, perform);
  declareInsured(issuer, perform);
  declareRollout(issuer, perform);
  declareReview(issuer, perform);
  declareStatus(issuer, perform);
  declareRevoke(issuer, perform);
  declareOffer(issuer, perform);
  declareAudit(issuer, perform);
};

function declareInit(issuer: Command, perform: Perform): void {
  const init = issuer
    .command('init')
    .description('make an issuer in a new folder: its registry, its keys, and terminals for itself and for a counter')
    .argument('<folder>', 'folder to make; it may be there if it is empty')
    .option('--origin <url>', 'scheme, host and port under which it is served', ORIGIN)
    .option('--store <url>', 'PostgreSQL database for the registry (default: PGlite in the folder)')
    .option('--departments <list>', 'departments that are open: all, none, or a list such as 75,2A,974', 'all');
  addJsonOption(init).action(
    (folder: string, typed: { origin: string; store?: string; departments: string; json?: boolean }) =>
      perform(typed, async (io) => {
        const departments = typed.departments === 'none' ? [] : readDepartments([typed.departments]);
        const { initIssuer } = await import('../../life/issuer/verbs/init.ts');
        return initIssuer({ folder, origin: typed.origin, store: typed.store ?? null, departments }, io);
      }),
  );
}

interface TypedServe {
  readonly host?: string;
  readonly port?: number;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly identity?: readonly string[];
  readonly fault?: readonly string[];
  readonly requests?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

function declareServe(issuer: Command, perform: Perform): void {
  const serve = issuer
    .command('serve')
    .description('serve the issuer over HTTP until Ctrl-C: on this machine, or beyond it with TLS')
    .argument('<folder>', 'folder of the issuer')
    .option('--host <address>', "address to listen on (default: that of the issuer's origin)")
    .option('--port <number>', "port, or 0 for any free one (default: that of the issuer's origin)", parsePort)
    .option('--tls-certificate <file>', 'certificate in PEM; its names are those of the server')
    .option('--tls-key <file>', 'private key of the certificate in PEM, for its owner alone')
    .option('--identity <url>', 'origin of an identity provider that is believed; may be given again', addText)
    .option(
      '--fault <name>',
      'order a fault, such as stale-clock, stale-clock=90 or stale-clock=90x2; again for more',
      addText,
    )
    .option('--requests <number>', 'requests that one address may send in ten seconds (default: 1000)', parseCount)
    .option('--quiet', 'no line for each request');
  addJsonOption(serve).action((folder: string, typed: TypedServe) =>
    perform(typed, async (io) => {
      const { serveIssuer } = await import('../../life/issuer/http/serve.ts');
      const { host = null, port = null, tlsCertificate: certificate = null, tlsKey: key = null } = typed;
      const { identity: identityProviders = [], fault: faults = [], requests = null, quiet = false } = typed;
      return serveIssuer({ folder, host, port, certificate, key, identityProviders, faults, requests, quiet }, io);
    }),
  );
}

function addText(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function declareInsured(issuer: Command, perform: Perform): void {
  const insured = issuer.command('insured').description('who is insured: a file of families, or synthetic ones');
  const file = insured
    .command('import')
    .description('import families from JSON lines, all of them or none')
    .argument('<folder>', 'folder of the issuer')
    .argument('<file>', 'one family a line; docs/issuer.md has the fields');
  addJsonOption(file).action((folder: string, path: string, typed: { json?: boolean }) =>
    perform(typed, async (io) => {
      const { importInsured } = await import('../../life/issuer/verbs/insured.ts');
      return importInsured({ folder, file: path }, io);
    }),
  );
  const generate = insured
    .command('generate')
    .description('add synthetic families, the same ones for the same seed')
    .argument('<folder>', 'folder of the issuer')
    .option('--count <number>', 'insured people', parseCount, 1000)
    .option('--seed <text>', 'what they are made from', '1');
  addJsonOption(generate).action((folder: string, typed: { count: number; seed: string; json?: boolean }) =>
    perform(typed, async (io) => {
      const { generateInsured } = await import('../../life/issuer/verbs/insured.ts');
      return generateInsured({ folder, count: typed.count, seed: typed.seed }, io);
    }),
  );
}

function declareRollout(issuer: Command, perform: Perform): void {
  const rollout = issuer
    .command('rollout')
    .description('open and close departments; without options, say which are open')
    .argument('<folder>', 'folder of the issuer')
    .option('--open <list>', 'departments such as 75,2A,974, or all', addDepartments)
    .option('--close <list>', 'the same; all closes the general permission, not each department', addDepartments);
  addJsonOption(rollout).action((folder: string, typed: { open?: string[]; close?: string[]; json?: boolean }) =>
    perform(typed, async (io) => {
      const { rollout } = await import('../../life/issuer/verbs/rollout.ts');
      return rollout(
        { folder, open: readDepartments(typed.open ?? []), close: readDepartments(typed.close ?? []) },
        io,
      );
    }),
  );
}

function declareReview(issuer: Command, perform: Perform): void {
  const review = issuer
    .command('review')
    .description('list applications without a digital identity, or accept or refuse one; its files are then destroyed')
    .argument('<folder>', 'folder of the issuer')
    .argument('[application]', 'identifier of the application')
    .option('--accept', 'accept it')
    .addOption(new Option('--refuse <reason>', 'refuse it').choices(REASONS).conflicts('accept'));
  addJsonOption(addShowOption(review)).action(
    (
      folder: string,
      application: string | undefined,
      typed: TypedShow & { accept?: boolean; refuse?: RefusalReason },
    ) =>
      perform(typed, async (io) => {
        const { accept = false, refuse = null, show = false } = typed;
        const decides = accept || refuse !== null;
        if (decides !== (application !== undefined)) {
          throw new UsageError('a decision is an application with --accept or --refuse REASON; a list is neither');
        }
        const { review } = await import('../../life/issuer/verbs/review.ts');
        return review({ folder, application: application ?? null, refuse, show }, io);
      }),
  );
}

function declareStatus(issuer: Command, perform: Perform): void {
  const status = issuer
    .command('status')
    .description('say what the registry holds, and list the newest activations')
    .argument('<folder>', 'folder of the issuer')
    .option('--nir-file <file>', 'list the activations of the insured whose NIR is in this file')
    .option('--most <number>', 'activations that are listed', parseCount, LISTED);
  addJsonOption(addShowOption(status)).action((folder: string, typed: TypedShow & { nirFile?: string; most: number }) =>
    perform(typed, async (io) => {
      const { nirOfFile, status } = await import('../../life/issuer/verbs/status.ts');
      const nir = typed.nirFile === undefined ? null : nirOfFile(typed.nirFile);
      return status({ folder, nir, most: typed.most, show: typed.show === true }, io);
    }),
  );
}

function declareRevoke(issuer: Command, perform: Perform): void {
  const revoke = issuer
    .command('revoke')
    .description('revoke an active card at once; its phone wipes itself when it asks next')
    .argument('<folder>', 'folder of the issuer')
    .argument('<activation>', 'identifier of the activation, as status lists it')
    .option('--lost', 'the phone is lost; otherwise it is a decision of the operator');
  addJsonOption(revoke).action((folder: string, activation: string, typed: { lost?: boolean; json?: boolean }) =>
    perform(typed, async (io) => {
      const { revokeActivation } = await import('../../life/issuer/verbs/revoke.ts');
      return revokeActivation({ folder, activation, why: typed.lost === true ? 'lost' : 'operator' }, io);
    }),
  );
}

function declareOffer(issuer: Command, perform: Perform): void {
  const offer = issuer
    .command('offer')
    .description('let a phone ask for one more offer of its credential, whatever it asked for before')
    .argument('<folder>', 'folder of the issuer')
    .argument('<activation>', 'identifier of the activation, as status lists it');
  addJsonOption(offer).action((folder: string, activation: string, typed: { json?: boolean }) =>
    perform(typed, async (io) => {
      const { offerAgain } = await import('../../life/issuer/verbs/offer.ts');
      return offerAgain({ folder, activation }, io);
    }),
  );
}

function declareAudit(issuer: Command, perform: Perform): void {
  const audit = issuer
    .command('audit')
    .description('check that no line of the audit log was changed, added or removed')
    .argument('<folder>', 'folder of the issuer')
    .option('--expect <line:hash>', 'a line as it was noted before; may be given again', addExpected)
    .option('--tail <number>', 'show so many of the last lines', parseCount);
  addJsonOption(audit).action(
    (folder: string, typed: { expect?: Map<number, string>; tail?: number; json?: boolean }) =>
      perform(typed, async (io) => {
        const { auditIssuer } = await import('../../life/issuer/verbs/audit.ts');
        return auditIssuer({ folder, expected: typed.expect ?? new Map(), tail: typed.tail ?? 0 }, io);
      }),
  );
}

function addShowOption(command: Command): Command {
  return command.option('--show', 'show names, birth dates and NIRs, which are masked otherwise');
}

function addDepartments(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** @throws {UsageError} */
function readDepartments(lists: readonly string[]): readonly string[] {
  return lists
    .flatMap((list) => list.split(','))
    .map((part) => {
      const code = part.trim().toUpperCase();
      if (code === 'ALL') return EVERYWHERE;
      if (/^(0[1-9]|1\d|2[1-9AB]|[3-8]\d|9[0-5]|97[1-8]|98[4-8])$/.test(code)) return code;
      throw new UsageError(`"${part.trim()}" is no department: 01 to 95, 2A, 2B, 971 and so on, or all`);
    });
}

function addExpected(text: string, before: ReadonlyMap<number, string> = new Map()): ReadonlyMap<number, string> {
  const [, line, hash] = /^(\d{1,15}):([0-9a-fA-F]{64})$/.exec(text) ?? [];
  if (line === undefined || hash === undefined) {
    throw new InvalidArgumentError('It takes a line number, a colon and 64 hexadecimal digits.');
  }
  return new Map([...before, [Number(line), hash.toLowerCase()]]);
}
