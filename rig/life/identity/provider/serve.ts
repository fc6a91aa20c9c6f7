import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { CannotRun } from '../../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import { counted } from '../../../report/words.ts';
import type { AddressChoice } from '../../../web/listening-address.ts';
import { createWebServer, serveUntil } from '../../../web/server.ts';
import { softwareSigner } from '../../credential/jws.ts';
import { openIdentityFolder } from './folder.ts';
import { addProviderRoutes } from './routes.ts';

export interface IdentityServeOptions {
  readonly folder: string;
  /** Address and port; null: those of the folder's origin. */
  readonly host: string | null;
  readonly port: number | null;
  readonly tls: AddressChoice['tls'];
  readonly version: string;
}

/** `vitap identity serve`: consent pages and answers until Ctrl-C. */
export async function serveIdentity(options: IdentityServeOptions, io: CommandIo): Promise<ExitCode> {
  const crypto = nobleCrypto();
  const folder = openIdentityFolder(options.folder, crypto);
  const named = new URL(folder.origin);
  if ((named.protocol === 'https:') !== (options.tls !== null)) {
    throw new CannotRun(
      options.tls === null
        ? `${folder.origin} is served with TLS: give a certificate and its key`
        : `${folder.origin} is served without TLS: make the folder with an origin that begins with https`,
    );
  }
  const server = await createWebServer({
    host: options.host ?? hostOf(named),
    port: options.port ?? portOf(named),
    tls: options.tls,
    title: 'Mirabelle Identity, a test identity provider',
    version: options.version,
    log: (line) => io.stderr(`${line}\n`),
    fault: (error) =>
      io.stderr(`this is a fault of vitap: ${error instanceof Error ? error.message : String(error)}\n`),
  });
  const { people, publicKey, kid, privateKey, origin, verifiers } = folder;
  const sign = softwareSigner(crypto, privateKey);
  addProviderRoutes(server.app, {
    issuer: () => ({ crypto, random: systemRandom, origin, sign, kid }),
    publicKey,
    people,
    verifiers: verifiers.length === 0 ? 'loopback' : verifiers,
    now: Date.now,
    limits: { signal: io.signal },
  });
  const served = await server.listen();
  if (io.json) writeJson(io, { origin, address: served.origin, people: people.length, key: kid });
  else {
    io.stdout(
      `Mirabelle Identity, a test identity provider of ${counted(people.length, 'person', 'people')}: ${origin}\n`,
    );
    if (served.origin !== origin) io.stdout(`it listens at ${served.origin}; issuers must reach it under ${origin}\n`);
    io.stdout('Ctrl-C ends it\n');
  }
  await serveUntil(server, io.signal);
  return EXIT.pass;
}

/** Without the brackets of an IPv6 address. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}
