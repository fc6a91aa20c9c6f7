import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { obtainCredential } from '../../../../rig/life/identity/client/obtain-credential.ts';
import { consentAtTerminal, requestIdentity, ticketOf } from '../../../../rig/life/identity/client/present-identity.ts';
import { issueSdJwtVc } from '../../../../rig/life/identity/sd-jwt/issue.ts';
import { issuerMetadata, serverMetadata } from '../../../../rig/life/issuer/openid/metadata.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { crypto, keyPair, NOW } from '../identity/sd-jwt-making.ts';

/** An issuer that lies: what the phone's side must notice by itself. Each case changes one answer of an honest one. */

const CARD = keyPair(21);
const OTHER = keyPair(22);
const ISSUER = keyPair(23);

type Answer = unknown | ((body: string) => unknown);
let answers: Record<string, Answer>;
const asked: { readonly path: string; readonly body: string; readonly authorization: string | undefined }[] = [];
let server: Server;
let origin: string;
let elsewhere: Server;
let elsewhereOrigin: string;
const caught: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    request.on('end', () => {
      const path = request.url!.split('?')[0]!;
      asked.push({ path, body, authorization: request.headers.authorization });
      const answer = answers[path];
      if (answer instanceof Redirect) {
        response.writeHead(307, { Location: answer.to }).end();
        return;
      }
      const value: unknown = typeof answer === 'function' ? answer(body) : answer;
      response
        .writeHead(value === undefined ? 404 : 200, { 'Content-Type': 'application/json' })
        .end(typeof value === 'string' ? value : JSON.stringify(value ?? {}));
    });
  });
  elsewhere = createServer((request, response) => {
    caught.push(request.url!);
    response.writeHead(200).end('{}');
  });
  origin = await listening(server);
  elsewhereOrigin = await listening(elsewhere);
});
afterAll(() => {
  for (const each of [server, elsewhere]) {
    each.closeAllConnections();
    each.close();
  }
});

async function listening(of: Server): Promise<string> {
  await new Promise<void>((done) => of.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(of.address() as AddressInfo).port}`;
}

class Redirect {
  readonly to: string;
  constructor(to: string) {
    this.to = to;
  }
}

const credential = (change: { iss?: string; sign?: typeof ISSUER; holder?: typeof CARD; vct?: string } = {}) =>
  issueSdJwtVc({
    crypto,
    random: new SeededRandom('hostile'),
    sign: (change.sign ?? ISSUER).sign,
    kid: 'k',
    draft: {
      vct: change.vct ?? 'urn:vitap:test-card:1',
      iss: change.iss ?? origin,
      iat: NOW,
      exp: NOW + 1000,
      holderKey: (change.holder ?? CARD).jwk,
      status: null,
      claims: {},
      frame: {},
    },
  });

const jwks = (of: typeof ISSUER) => ({ keys: [{ ...of.jwk, kid: 'k' }] });

beforeEach(async () => {
  asked.length = 0;
  caught.length = 0;
  const issued = await credential();
  answers = {
    '/.well-known/openid-credential-issuer': issuerMetadata(origin),
    '/.well-known/oauth-authorization-server': serverMetadata(origin),
    '/.well-known/jwt-vc-issuer': { issuer: origin, jwks: jwks(ISSUER) },
    '/openid/token': { access_token: 'a', token_type: 'Bearer', expires_in: 600, refresh_token: 'r' },
    '/openid/nonce': { c_nonce: 'n' },
    '/openid/credential': { credentials: [{ credential: issued }] },
  };
});

const offer = (issuer: string) => ({
  credential_issuer: issuer,
  credential_configuration_ids: ['vitap-test-card'],
  grants: { 'urn:ietf:params:oauth:grant-type:pre-authorized_code': { 'pre-authorized_code': 'c' } },
});
const obtain = (offered: unknown = offer(origin), limits = {}) =>
  obtainCredential({
    crypto,
    issuer: origin,
    vct: 'urn:vitap:test-card:1',
    holder: { publicKey: CARD.jwk, sign: CARD.sign },
    now: () => NOW * 1000,
    limits,
    offer: offered,
    txCode: '123456',
  });

it('takes what an honest issuer gives', async () => {
  expect(await obtain()).toMatchObject({ refreshToken: 'r', claims: { iss: origin } });
});

it('takes no offer of another issuer, and asks nobody (mix-up)', async () => {
  await expect(obtain(offer(elsewhereOrigin))).rejects.toThrow('the offer is of another issuer');
  expect([asked, caught]).toEqual([[], []]);
});

it.each<[string, unknown]>([
  ['nothing', null],
  ['another grant', { ...offer('x'), grants: { authorization_code: {} } }],
  ['no configuration', { ...offer('x'), credential_configuration_ids: [] }],
])('takes no offer with %s', async (_, offered) => {
  await expect(obtain(offered)).rejects.toThrow('not one of OpenID4VCI');
});

it.each<[string, () => Record<string, Answer>, string]>([
  [
    'describes another issuer',
    () => ({ '/.well-known/openid-credential-issuer': issuerMetadata(elsewhereOrigin) }),
    'another issuer',
  ],
  [
    'names another authorization server',
    () => ({ '/.well-known/oauth-authorization-server': serverMetadata(elsewhereOrigin) }),
    'another issuer',
  ],
  [
    'takes the token elsewhere',
    () => ({
      '/.well-known/oauth-authorization-server': {
        ...serverMetadata(origin),
        token_endpoint: `${elsewhereOrigin}/token`,
      },
    }),
    'endpoint at another address',
  ],
  [
    'takes the proof elsewhere',
    () => ({
      '/.well-known/openid-credential-issuer': {
        ...issuerMetadata(origin),
        credential_endpoint: `${elsewhereOrigin}/c`,
      },
    }),
    'endpoint at another address',
  ],
  [
    'redirects the token request',
    () => ({ '/openid/token': new Redirect(`${elsewhereOrigin}/token`) }),
    'cannot be reached',
  ],
  [
    'redirects the credential request',
    () => ({ '/openid/credential': new Redirect(`${elsewhereOrigin}/c`) }),
    'cannot be reached',
  ],
  ['answers with no JSON', () => ({ '/openid/nonce': 'nonce' }), 'another form'],
  ['gives no refresh token', () => ({ '/openid/token': { access_token: 'a', token_type: 'Bearer' } }), 'another form'],
  [
    'gives a token of another type',
    () => ({ '/openid/token': { access_token: 'a', token_type: 'DPoP', refresh_token: 'r' } }),
    'another form',
  ],
  ['answers without end', () => ({ '/openid/credential': 'x'.repeat(300_000) }), 'more than 262144 bytes'],
  [
    'offers another credential',
    () => ({
      '/.well-known/openid-credential-issuer': { ...issuerMetadata(origin), credential_configurations_supported: {} },
    }),
    'offers no credential',
  ],
  [
    'publishes keys of another issuer',
    () => ({ '/.well-known/jwt-vc-issuer': { issuer: elsewhereOrigin, jwks: jwks(ISSUER) } }),
    'another issuer',
  ],
  [
    'publishes another key',
    () => ({ '/.well-known/jwt-vc-issuer': { issuer: origin, jwks: jwks(OTHER) } }),
    'not believed: the signature',
  ],
])('stops where the issuer %s', async (_, change, sentence) => {
  answers = { ...answers, ...change() };
  await expect(obtain()).rejects.toThrow(sentence);
  expect(caught).toEqual([]);
});

it.each<[string, Parameters<typeof credential>[0], string]>([
  ['bound to another key', { holder: OTHER }, 'bound to another key'],
  ['of another issuer', { iss: 'https://other.test' }, 'names an issuer that is not trusted'],
  ['of another type', { vct: 'urn:other' }, 'of another type'],
  ['signed by another key', { sign: OTHER }, 'the signature'],
])('keeps no credential %s', async (_, change, sentence) => {
  answers = { ...answers, '/openid/credential': { credentials: [{ credential: await credential(change) }] } };
  await expect(obtain()).rejects.toThrow(sentence);
});

it('ends when nothing comes, and when it is told to', async () => {
  answers = { ...answers, '/openid/token': () => 'x' };
  const hanging = createServer(() => {});
  const at = await listening(hanging);
  const request = { issuer: at, identity: at, returnTo: null };
  await expect(requestIdentity(request, { timeoutMs: 50 })).rejects.toThrow('did not answer within 0.05 s');
  const control = new AbortController();
  setTimeout(() => control.abort(new Error('Ctrl-C')), 50);
  await expect(requestIdentity(request, { signal: control.signal })).rejects.toThrow('Ctrl-C');
  hanging.closeAllConnections();
  hanging.close();
});

it('says nothing that a terminal would obey', async () => {
  answers = { ...answers, '/openid/token': undefined };
  const refusing = createServer((_request, response) => {
    response.writeHead(400).end(JSON.stringify({ error: 'invalid_request', error_description: 'a\u001b[2Jb\n' }));
  });
  const at = await listening(refusing);
  await expect(requestIdentity({ issuer: at, identity: at, returnTo: null })).rejects.toThrow('a?[2Jb?');
  refusing.close();
});

it('follows no issuer to another identity provider', async () => {
  const request = {
    transaction: 'A'.repeat(43),
    expires_in: 600,
    authorization_request: `${elsewhereOrigin}/authorize?x=1`,
  };
  answers = { ...answers, '/openid/presentations': request };
  const asking = requestIdentity({ issuer: origin, identity: origin, returnTo: null });
  await expect(asking).rejects.toThrow('sends to another identity provider');
});

it('makes no ticket of a consent that went to another address', async () => {
  const code = 'B'.repeat(43);
  answers = {
    ...answers,
    '/openid/presentations': {
      transaction: 'A'.repeat(43),
      expires_in: 600,
      authorization_request: `${origin}/authorize?x=1`,
    },
    '/authorize': {
      consent: 'c',
      verifier: origin,
      claims: [],
      people: [{ id: '1', familyName: 'A', givenName: 'B' }],
    },
    '/consent': { decision: 'agree', redirect_uri: `${elsewhereOrigin}/#response_code=${code}` },
  };
  const request = await requestIdentity({ issuer: origin, identity: origin, returnTo: null });
  const consenting = consentAtTerminal(request, async () => '1');
  await expect(consenting).rejects.toThrow('went to another address');
  expect(() => ticketOf(request, `${request.returnTo}#response_code=short`)).toThrow('no response code');
  expect(ticketOf(request, `${request.returnTo}#response_code=${code}`)).toBe(`identity:${'A'.repeat(43)}.${code}`);
});
