import type { IdentityRequest } from '../../../../rig/life/identity/client/present-identity.ts';
import {
  type AuthorizationRequest,
  readAuthorizationRequest,
} from '../../../../rig/life/identity/openid4vp/request.ts';
import { responseForm } from '../../../../rig/life/identity/openid4vp/response.ts';
import { type Person, TEST_PEOPLE } from '../../../../rig/life/identity/provider/people.ts';
import { addProviderRoutes } from '../../../../rig/life/identity/provider/routes.ts';
import {
  issueIdentity,
  presentIdentity,
  type WalletCredential,
} from '../../../../rig/life/identity/provider/wallet.ts';
import type { CredentialSubject, OpenIdContext } from '../../../../rig/life/issuer/openid/context.ts';
import { OPENID_TABLES } from '../../../../rig/life/issuer/openid/migrations.ts';
import { addOpenIdRoutes } from '../../../../rig/life/issuer/openid/routes.ts';
import { migrate } from '../../../../rig/store/migrate.ts';
import type { Sql } from '../../../../rig/store/sql.ts';
import { NotReached } from '../../../../rig/web/limited-fetch.ts';
import { createWebServer, type WebServer } from '../../../../rig/web/server.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { crypto, type KeyPair, keyPair } from '../identity/sd-jwt-making.ts';

/** An issuer and an identity provider on loopback over one store, with a clock and a registry of the test. */

export const CARD: KeyPair = keyPair(11);
export const OTHER_CARD: KeyPair = keyPair(12);
const ISSUER_KEY = keyPair(13);
export const PROVIDER_KEY: KeyPair = keyPair(14);

export const ZOE: Person = TEST_PEOPLE[0]!;

export interface World {
  readonly context: OpenIdContext;
  readonly issuer: string;
  readonly identity: string;
  /** What the registry says of activations; a test changes it. */
  readonly subjects: Map<string, CredentialSubject>;
  /** Transaction codes as they were sent, by activation. */
  readonly codes: Map<string, string>;
  /** Activations for which a credential was issued. */
  readonly issued: string[];
  readonly log: string[];
  /** Milliseconds since 1970. */
  time: number;
  providerIsDown: boolean;
  /** Whom the provider knows. */
  people: readonly Person[];
  close(): Promise<void>;
}

export function activeSubject(): CredentialSubject {
  return {
    state: 'active',
    holderKey: CARD.jwk,
    claims: { insured: { familyName: 'ADRUN' }, beneficiaries: [{ givenName: 'ZOE' }] },
    frame: { _sd: ['insured'], beneficiaries: { _sd: [0] } },
    status: { uri: 'http://127.0.0.1/v1/status', idx: 5 },
  };
}

const server = (log: string[]): Promise<WebServer> =>
  createWebServer({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    title: 'Test',
    version: '1',
    log: (line) => log.push(line),
    limits: { requests: 100_000 },
  });

export async function startWorld(sql: Sql): Promise<World> {
  const random = new SeededRandom(`world ${sql.location}`);
  const log: string[] = [];
  const issuerServer = await server(log);
  const identityServer = await server(log);
  const origins = { issuer: '', identity: '' };
  const world = { time: 1_800_000_000_000, providerIsDown: false, people: TEST_PEOPLE };
  await migrate(sql, OPENID_TABLES, world.time);
  const subjects = new Map([['activation-1', activeSubject()]]);
  const codes = new Map<string, string>();
  const issued: string[] = [];
  const context: OpenIdContext = {
    crypto,
    random,
    sql,
    now: () => world.time,
    origin: () => origins.issuer,
    signer: { sign: ISSUER_KEY.sign, kid: 'issuer-1', publicKey: ISSUER_KEY.jwk },
    get identityProviders() {
      const keys = async () => {
        if (world.providerIsDown) throw new NotReached('the provider cannot be reached');
        return [PROVIDER_KEY.jwk];
      };
      return [{ issuer: origins.identity, keys }];
    },
    subject: async (_statements, activation) => subjects.get(activation) ?? null,
    sendTransactionCode: async ({ activation, txCode }) => {
      codes.set(activation, txCode);
    },
    noted: async (_statements, kind, activation) => {
      if (kind === 'issued') issued.push(activation);
    },
  };
  addOpenIdRoutes(issuerServer.app, context);
  addProviderRoutes(identityServer.app, {
    issuer: () => ({ crypto, random, origin: origins.identity, sign: PROVIDER_KEY.sign, kid: 'identity-1' }),
    publicKey: PROVIDER_KEY.jwk,
    get people() {
      return world.people;
    },
    verifiers: 'loopback',
    now: () => world.time,
  });
  origins.issuer = (await issuerServer.listen()).origin;
  origins.identity = (await identityServer.listen()).origin;
  return Object.assign(world, {
    context,
    ...origins,
    subjects,
    codes,
    issued,
    log,
    close: async () => {
      await issuerServer.close();
      await identityServer.close();
      await sql.close();
    },
  });
}

export function requestOf({ authorizationRequest }: IdentityRequest): AuthorizationRequest {
  return readAuthorizationRequest(new URL(authorizationRequest).searchParams);
}

/** Seconds since 1970. */
export const seconds = (world: World): number => Math.floor(world.time / 1000);

export interface Presenting {
  readonly request?: Partial<AuthorizationRequest>;
  readonly key?: KeyPair;
  readonly origin?: string;
  readonly person?: Person;
  /** Age of the presentation, seconds. */
  readonly age?: number;
  /** Signs instead of the wallet's own key. */
  readonly holder?: KeyPair;
  /** Changes the finished presentation. */
  readonly change?: (presentation: string) => string;
}

let wallets = 0;

/** A presentation as a wallet makes it, or one that is wrong in one way. */
export async function presentationFor(
  world: World,
  asked: IdentityRequest,
  presenting: Presenting = {},
): Promise<string> {
  const {
    key = PROVIDER_KEY,
    origin = world.identity,
    person = ZOE,
    age = 0,
    holder,
    change = (text) => text,
  } = presenting;
  const issuer = { crypto, random: new SeededRandom(`wallet ${++wallets}`), origin, sign: key.sign, kid: 'x' };
  const credential: WalletCredential = await issueIdentity(issuer, person, seconds(world));
  const signed =
    holder === undefined ? credential : { ...credential, holder: { sign: holder.sign, publicKey: holder.jwk } };
  const request = { ...requestOf(asked), ...presenting.request };
  return change(await presentIdentity(crypto, signed, request, seconds(world) - age));
}

/** Posts an answer to the issuer as a wallet does. */
export async function post(
  asked: IdentityRequest,
  answer: Record<string, unknown>,
  encrypted = true,
): Promise<Answered> {
  const request = requestOf(asked);
  const form = await responseForm({ state: request.state, ...answer }, encrypted ? request.encryption : null);
  return postForm(request.responseUri, form);
}

export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export async function postForm(
  url: string,
  form: Readonly<Record<string, string>>,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

export async function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
  const answer = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...headers },
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
