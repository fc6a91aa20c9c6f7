import type { Crypto } from '../../../../src/hal/crypto.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { type ImportedKey, parseCertificate, rootTrustPoint } from '../../../../src/secure-channel/index.ts';
import { CannotRun } from '../../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import { packageVersion } from '../../../console/package-root.ts';
import { testRoot } from '../../../pki/test-hierarchy.ts';
import { counted } from '../../../report/words.ts';
import { migrate } from '../../../store/migrate.ts';
import { openUnlessEnded } from '../../../store/open-unless-ended.ts';
import { addPage, pageFolder } from '../../../web/page-files.ts';
import { type ServedAt, serveUntil, WEB_LIMITS } from '../../../web/server.ts';
import { tellFault } from '../../../web/tell-fault.ts';
import { jwkThumbprint, pointToJwk } from '../../credential/jws.ts';
import type { IdentityClaims } from '../../identity/claims.ts';
import { readIdentityTicket } from '../../identity/ticket.ts';
import { refuseClosed } from '../enrolment.ts';
import { type Issuer, isOrigin, openIssuer, readIssuerKeys, statusListUrl } from '../issuer-folder.ts';
import type { OpenIdContext } from '../openid/context.ts';
import { OPENID_TABLES } from '../openid/migrations.ts';
import { openIdOfRegistry } from '../openid/of-registry.ts';
import { allowOffer, createAnotherOffer, createOffer, credentialOfferLink } from '../openid/offer.ts';
import { redeemIdentityTicket } from '../openid/presentation.ts';
import { trustedProvider } from '../openid/provider-keys.ts';
import { addOpenIdRoutes } from '../openid/routes.ts';
import { readApplicationTicket } from './application-ticket.ts';
import { CardRelays } from './card-relays.ts';
import { cardWork } from './card-work.ts';
import { Faults, type OrderedFault, readFault } from './faults.ts';
import { GUESSES_A_MINUTE, type IssuerHttp } from './issuer-http.ts';
import { createIssuerServer } from './issuer-server.ts';
import { writeLetter } from './letters.ts';
import { refuseRequest } from './request-refusals.ts';
import { HTTP_TABLES } from './tables.ts';

export interface ServeOptions {
  readonly folder: string;
  /** Null: the host of the issuer's origin. */
  readonly host: string | null;
  /** Null: the port of the issuer's origin; 0: any free one. */
  readonly port: number | null;
  /** Files in PEM; both or none. */
  readonly certificate: string | null;
  readonly key: string | null;
  /** Origins of identity providers that are believed. */
  readonly identityProviders: readonly string[];
  /** As `readFault` takes them. */
  readonly faults: readonly string[];
  /** Requests that one address may send in ten seconds. */
  readonly requests: number | null;
  /** No line for each request. */
  readonly quiet: boolean;
}

/** `vitap issuer serve`: the issuer's HTTP interface, until Ctrl-C. */
export async function serveIssuer(options: ServeOptions, io: CommandIo): Promise<ExitCode> {
  const faults = options.faults.map(readFault);
  const badProvider = options.identityProviders.find((origin) => !isOrigin(origin));
  if (badProvider !== undefined) {
    throw new CannotRun(`"${badProvider}" is no origin of an identity provider: scheme, host and port`);
  }
  if ((options.certificate === null) !== (options.key === null)) {
    throw new CannotRun('TLS takes a certificate and its key: give both files or none');
  }
  const opening = openIssuer(options.folder, Date.now());
  const issuer = await openUnlessEnded(opening, ({ store }) => store.sql.close(), io.signal);
  try {
    await migrate(issuer.store.sql, HTTP_TABLES, Date.now());
    await migrate(issuer.store.sql, OPENID_TABLES, Date.now());
    io.signal.throwIfAborted();
    return await serve(issuer, options, faults, io);
  } finally {
    await issuer.store.sql.close();
  }
}

async function serve(
  issuer: Issuer,
  options: ServeOptions,
  faults: readonly OrderedFault[],
  io: CommandIo,
): Promise<ExitCode> {
  const { config } = issuer;
  const { host, port } = listeningAt(config.origin, options);
  const { http, openId } = standOn(issuer, options, faults, io);
  const server = await createIssuerServer(http, {
    host,
    port,
    tls:
      options.certificate === null || options.key === null
        ? null
        : { certificate: options.certificate, key: options.key },
    version: packageVersion(),
    log: options.quiet ? () => {} : (line) => io.stderr(`${line}\n`),
    fault: (error) => tellFault(error, io),
    limits: { requests: options.requests ?? WEB_LIMITS.requests },
  });
  addOpenIdRoutes(server.app, openId);
  addPage(server.app, pageFolder('issuer'));
  const at = await server.listen();
  announce(config.origin, at, http, io);
  await serveUntil(server, io.signal);
  return EXIT.pass;
}

/** Where the issuer's tokens say that it is, unless the person wants another place. */
function listeningAt(origin: string, { host, port }: ServeOptions): { host: string; port: number } {
  const url = new URL(origin);
  const ordinary = url.protocol === 'https:' ? 443 : 80;
  return {
    host: host ?? url.hostname.replace(/^\[|\]$/g, ''),
    port: port ?? (url.port === '' ? ordinary : Number(url.port)),
  };
}

function announce(origin: string, at: ServedAt, { faults }: IssuerHttp, io: CommandIo): void {
  if (at.origin !== origin) {
    io.stderr(
      `note: cards and lists name ${origin}, and this issuer listens on ${at.origin}: they do not find it there\n`,
    );
  }
  const ordered = faults.list();
  if (io.json) {
    writeJson(io, { origin, listening: at.origin, operator: at.pageAddress(), faults: ordered });
    return;
  }
  io.stdout(`the test issuer: ${at.origin}, described at ${at.origin}/openapi.json\n`);
  io.stdout(`for its operator: ${at.pageAddress()}\n`);
  for (const { name, value, times } of ordered) {
    io.stdout(
      `fault ordered: ${name}${value === 0 ? '' : `=${value}`}${times === null ? '' : `, ${counted(times, 'time')}`}\n`,
    );
  }
  io.stdout('The second address opens everything for whoever has it. Ctrl-C ends the issuer.\n');
}

/** What the routes stand on. */
function standOn(
  { folder, config, store }: Issuer,
  { identityProviders }: ServeOptions,
  faults: readonly OrderedFault[],
  io: CommandIo,
): { readonly http: IssuerHttp; readonly openId: OpenIdContext } {
  const crypto = nobleCrypto();
  const random = systemRandom;
  const now = (): number => Date.now();
  const { signer, documentSigner, fileSigning, terminal } = readIssuerKeys(folder, crypto);
  const names = { issuer: config.origin, statusList: statusListUrl(config.origin) };
  const publicKey = pointToJwk(signer.publicKey);
  const openId = openIdOfRegistry(store, () => names.statusList, {
    crypto,
    random,
    now,
    origin: () => config.origin,
    signer: { sign: signer.sign, kid: jwkThumbprint(crypto, publicKey), publicKey },
    identityProviders: identityProviders.map((origin) => trustedProvider(origin, now)),
    sendTransactionCode: async ({ activation, txCode }) => {
      io.stderr(`the transaction code of ${activation} is in ${writeLetter(folder, activation, txCode)}\n`);
    },
  });
  const http: IssuerHttp = {
    crypto,
    store,
    now,
    root: trustedRoot(crypto),
    signer,
    names,
    cards: cardWork({
      crypto,
      random,
      clock: systemClock,
      store,
      now,
      names,
      signer,
      documentSigner,
      fileSigning,
      terminal,
    }),
    relays: new CardRelays(),
    faults: new Faults(faults),
    guessesAMinute: GUESSES_A_MINUTE,
    proofOf: async (ticket, purpose) => {
      if (readIdentityTicket(ticket) !== null) {
        const isOpen =
          purpose === 'loss' ? undefined : (identity: IdentityClaims) => refuseClosed(store, { identity, now: now() });
        return { identity: await redeemIdentityTicket(openId, ticket, isOpen) };
      }
      const application = readApplicationTicket(ticket);
      if (application === null) throw refuseRequest('ticket-malformed');
      return { application };
    },
    offerOf: async (activationId) => credentialOfferLink(await createOffer(openId, activationId)),
    anotherOfferOf: async (activationId) => credentialOfferLink(await createAnotherOffer(openId, activationId)),
    allowOffer: (activationId) => allowOffer(openId, activationId),
  };
  return { http, openId };
}

/** The root that the cards of the shipped profiles trust: a terminal that they let read is one that the issuer believes. */
function trustedRoot(crypto: Crypto): ImportedKey {
  const key = rootTrustPoint(crypto, parseCertificate(testRoot(crypto).certificate));
  if ('reason' in key) throw new Error(key.reason);
  return key;
}
