import { type Command, Option } from 'commander';
import { UsageError } from '../../console/failure.ts';
import { checkOrigin, parseCount, parsePort } from '../option-values.ts';
import type { DeclareVerb, Perform } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface TypedInit {
  readonly origin: string;
  readonly verifier?: readonly string[];
  readonly families?: string;
  readonly generate?: number;
  readonly seed: string;
  readonly json?: boolean;
}

interface TypedServe {
  readonly host?: string;
  readonly port?: number;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly json?: boolean;
}

/** As the folder's own default, whose module is not loaded for help: a test compares. */
export const IDENTITY_ORIGIN = 'http://127.0.0.1:8630';

export const declareIdentity: DeclareVerb = (program, perform) => {
  const identity = program
    .command('identity')
    .description('a test double of a digital identity: invented people, consent pages, OpenID4VP');
  const init = identity
    .command('init')
    .description('make an identity provider in a new folder')
    .argument('<folder>', 'folder to make; it may be there if it is empty')
    .option('--origin <url>', 'scheme, host and port under which it is served', IDENTITY_ORIGIN)
    .option(
      '--verifier <url>',
      'origin of an issuer that may ask for identities; may be given again (default: any on this machine)',
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option('--families <file>', 'people: the insured of a file of families, as `vitap issuer insured import` takes it')
    .addOption(
      new Option('--generate <count>', 'people: those whom `vitap issuer insured generate` makes of the same seed')
        .argParser(parseCount)
        .conflicts('families'),
    )
    .option('--seed <text>', 'what generated people are made from', '1');
  addJsonOption(init).action((folder: string, typed: TypedInit) =>
    perform(typed, async (io) => {
      const { initIdentity } = await import('../../life/identity/provider/init.ts');
      const { origin, verifier: verifiers = [], families, generate: count, seed } = typed;
      const people =
        families !== undefined
          ? ({ kind: 'file', path: families } as const)
          : count !== undefined
            ? ({ kind: 'seed', seed, count } as const)
            : ({ kind: 'test' } as const);
      return initIdentity({ folder, origin, verifiers, people }, io);
    }),
  );
  declarePresent(identity, perform);
  const serve = identity
    .command('serve')
    .description('serve an identity provider until Ctrl-C')
    .argument('<folder>', 'folder of the identity provider');
  addJsonOption(addServing(serve)).action((folder: string, typed: TypedServe) =>
    perform(typed, async (io) => {
      const { tlsCertificate: certificate, tlsKey: key, host = null, port = null } = typed;
      if ((certificate === undefined) !== (key === undefined)) {
        throw new UsageError('--tls-certificate and --tls-key belong together');
      }
      const tls = certificate === undefined || key === undefined ? null : { certificate, key };
      const [{ serveIdentity }, { packageVersion }] = await Promise.all([
        import('../../life/identity/provider/serve.ts'),
        import('../../console/package-root.ts'),
      ]);
      return serveIdentity({ folder, host, port, tls, version: packageVersion() }, io);
    }),
  );
};

/** As the issuer's own default. */
const ISSUER_ORIGIN = 'http://127.0.0.1:8620';

function declarePresent(identity: Command, perform: Perform): void {
  const present = identity
    .command('present')
    .description('agree that an issuer gets an identity, and print the ticket for `vitap phone activate`')
    .option('--issuer <url>', 'origin of the issuer', ISSUER_ORIGIN)
    .option('--identity <url>', 'origin of the identity provider', IDENTITY_ORIGIN)
    .option('--person <id>', 'who agrees, by the id in people.json (default: the only one)');
  addJsonOption(present).action((typed: { issuer: string; identity: string; person?: string; json?: boolean }) =>
    perform(typed, async (io) => {
      const { presentAtTerminal } = await import('../../life/identity/client/present.ts');
      const { issuer, identity, person = null } = typed;
      for (const origin of [issuer, identity]) checkOrigin(origin);
      return presentAtTerminal({ issuer, identity, person }, io);
    }),
  );
}

function addServing(command: Command): Command {
  return command
    .option('--host <address>', 'address to listen at (default: that of the origin)')
    .option('--port <number>', 'port to listen at, 0 for any free one (default: that of the origin)', parsePort)
    .option('--tls-certificate <file>', 'certificate in PEM, where the origin begins with https')
    .option('--tls-key <file>', 'its private key in PEM');
}
