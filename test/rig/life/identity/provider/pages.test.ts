import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizationRequestParameters, clientIdOf } from '../../../../../rig/life/identity/openid4vp/request.ts';
import type { Person } from '../../../../../rig/life/identity/provider/people.ts';
import { addProviderRoutes } from '../../../../../rig/life/identity/provider/routes.ts';
import { createWebServer, type WebServer } from '../../../../../rig/web/server.ts';
import { SeededRandom } from '../../../../../src/hal/virtual/random.ts';
import { ask } from '../../../web/served.ts';
import { crypto, keyPair } from '../sd-jwt-making.ts';

/** The identity provider as a browser sees it, with a verifier that keeps what it gets. */

const KEY = keyPair(31);
const person = (id: string, familyName: string): Person => ({
  id,
  familyName,
  givenName: 'ZOÉ <b>',
  birthDate: '1975-12-31',
  birthPlaceCode: '63220',
  sex: 2,
});
const PEOPLE = [
  person('1', 'ADRUN'),
  person('2', 'NESSI'),
  ...Array.from({ length: 25 }, (_, i) => person(`x${i}`, 'BIS')),
];

let identity: WebServer;
let verifier: WebServer;
let origin: string;
let responseUri: string;
let answer: unknown = {};
const received: Record<string, string>[] = [];
let now = 1_800_000_000_000;

beforeAll(async () => {
  const options = { host: '127.0.0.1', port: 0, tls: null, title: 'Test', version: '1', log: () => {} } as const;
  verifier = await createWebServer(options);
  verifier.app.post('/response', { config: { access: 'open' } }, (request, reply) => {
    received.push(request.body as Record<string, string>);
    if (answer === 'refuse') return reply.code(400).send({ error: 'invalid_request', reason: 'stale-binding' });
    return answer;
  });
  responseUri = `${(await verifier.listen()).origin}/response`;
  identity = await createWebServer(options);
  addProviderRoutes(identity.app, {
    issuer: () => ({ crypto, random: new SeededRandom('pages'), origin, sign: KEY.sign, kid: 'k' }),
    publicKey: KEY.jwk,
    people: PEOPLE,
    verifiers: 'loopback',
    now: () => now,
  });
  origin = (await identity.listen()).origin;
});
afterAll(async () => {
  await identity.close();
  await verifier.close();
});

const parameters = (change: Record<string, string | null> = {}): URLSearchParams => {
  const made = authorizationRequestParameters({
    clientId: clientIdOf(responseUri),
    responseUri,
    nonce: 'n-0S6_WzA2Mj',
    state: 'state-1',
    vct: 'urn:vitap:test-identity:1',
    claims: ['family_name', 'birthdate'],
    encryption: null,
  });
  for (const [name, value] of Object.entries(change)) value === null ? made.delete(name) : made.set(name, value);
  return made;
};

type Page = ReturnType<typeof parseHTML>['document'];
const documentOf = (text: string): Page => parseHTML(text).document;
const open = async (language = 'en'): Promise<Page> => {
  const page = await fetch(`${origin}/authorize?${parameters()}`, { headers: { 'Accept-Language': language } });
  expect(page.status).toBe(200);
  return documentOf(await page.text());
};
const consentOf = (page: Page): string => page.querySelector('input[name=consent]')!.getAttribute('value')!;
const decide = async (consent: string, decision: string, id = '1', headers = {}): Promise<Response> =>
  fetch(`${origin}/consent`, {
    method: 'POST',
    body: new URLSearchParams({ consent, person: id, decision, lang: 'en' }),
    headers,
  });

describe('the pages', () => {
  it.each([
    ['fr-CA, fr;q=0.9', 'fr', 'Service d’essai'],
    ['de, en;q=0.5', 'en', 'Test service'],
    ['', 'fr', 'Service d’essai'],
  ])('speak the language of %j, and say that this is a test', async (accepted, language, words) => {
    const page = await open(accepted);
    expect(page.documentElement.getAttribute('lang')).toBe(language);
    expect(page.querySelector('[role=note]')!.textContent).toContain(words);
  });

  it('ask who the person is, twenty at most, and find by the beginning of the family name', async () => {
    const page = await open();
    expect(page.querySelectorAll('input[name=person]')).toHaveLength(20);
    expect(page.querySelector('main')!.textContent).toContain(new URL(responseUri).origin);
    expect(page.querySelector('main')!.textContent).toContain('There are more people');
    const found = await fetch(
      `${origin}/people?${new URLSearchParams({ consent: consentOf(page), search: 'nes', lang: 'fr' })}`,
    );
    const list = documentOf(await found.text());
    expect([...list.querySelectorAll('input[name=person]')].map((input) => input.getAttribute('value'))).toEqual(['2']);
    const nobody = await fetch(`${origin}/people?${new URLSearchParams({ consent: consentOf(page), search: 'zz' })}`);
    expect(await nobody.text()).toContain('Personne ne porte ce nom');
  });

  it('show what is given and what is not, and a name as text, never as a tag', async () => {
    const consent = consentOf(await open());
    const page = await fetch(`${origin}/consent?${new URLSearchParams({ consent, person: '1', lang: 'en' })}`);
    const body = await page.text();
    const shown = documentOf(body);
    expect([...shown.querySelectorAll('dt')].map((term) => term.textContent)).toEqual(['Family name', 'Date of birth']);
    expect([...shown.querySelectorAll('dd')].map((value) => value.textContent)).toEqual(['ADRUN', '1975-12-31']);
    expect([...shown.querySelectorAll('main > ul li')].map((item) => item.textContent)).toEqual([
      'Given name',
      'Code of the place of birth',
      'Sex',
    ]);
    expect(shown.querySelector('h1')!.textContent).toBe('ZOÉ <b> ADRUN');
    expect(shown.querySelectorAll('b, script')).toHaveLength(0);
  });

  it('have no script and may not be framed', async () => {
    const page = await fetch(`${origin}/authorize?${parameters()}`);
    const policy = page.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(await page.text()).not.toMatch(/<script|\sstyle=|\son\w+=/);
  });

  it('send the answer when the person agrees, once, and show the way back', async () => {
    answer = { redirect_uri: 'http://127.0.0.1:5000/phone#response_code=x' };
    const consent = consentOf(await open());
    received.length = 0;
    const page = documentOf(await (await decide(consent, 'agree')).text());
    expect(page.querySelector('a.button')!.getAttribute('href')).toBe('http://127.0.0.1:5000/phone#response_code=x');
    expect(received).toEqual([{ vp_token: expect.stringContaining('identity'), state: 'state-1' }]);
    expect((await decide(consent, 'agree')).status).toBe(410);
    expect(received).toHaveLength(1);
  });

  it('send no identity when the person refuses', async () => {
    answer = {};
    const consent = consentOf(await open());
    received.length = 0;
    const page = await (await decide(consent, 'refuse')).text();
    expect(page).toContain('Nothing was sent');
    expect(received).toEqual([{ error: 'access_denied', state: 'state-1' }]);
  });

  it('tell why the verifier did not believe the answer, and follow no address of a script', async () => {
    answer = 'refuse';
    expect(await (await decide(consentOf(await open()), 'agree')).text()).toContain('stale-binding');
    answer = { redirect_uri: 'javascript:alert(1)' };
    const page = await (await decide(consentOf(await open()), 'agree')).text();
    expect(page).toContain('answer-malformed');
    expect(page).not.toContain('javascript');
  });

  it('end a consent after ten minutes', async () => {
    const consent = consentOf(await open());
    now += 10 * 60_000;
    expect((await decide(consent, 'agree')).status).toBe(410);
    expect((await fetch(`${origin}/consent?${new URLSearchParams({ consent, person: '1' })}`)).status).toBe(410);
    expect((await fetch(`${origin}/people?${new URLSearchParams({ consent })}`)).status).toBe(410);
  });

  it('do not use a consent up for a person who is not there', async () => {
    answer = {};
    const consent = consentOf(await open());
    expect((await decide(consent, 'agree', 'nobody')).status).toBe(404);
    const told = await decide(consent, 'agree', '99', { Accept: 'application/json' });
    expect(await told.json()).toEqual({
      error: 'person-unknown',
      message: 'the identity provider knows no such person: see people.json',
    });
    expect((await decide(consent, 'refuse')).status).toBe(200);
  });

  it('name a person who is not there the same way before the decision, to a program and to a person', async () => {
    const consent = consentOf(await open());
    const at = `${origin}/consent?${new URLSearchParams({ consent, person: '99', lang: 'fr' })}`;
    const program = await fetch(at, { headers: { Accept: 'application/json' } });
    expect([program.status, await program.json()]).toEqual([
      404,
      { error: 'person-unknown', message: 'the identity provider knows no such person: see people.json' },
    ]);
    const page = await fetch(at, { headers: { Accept: 'text/html' } });
    expect(page.status).toBe(404);
    expect(await page.text()).toContain('Cette personne est inconnue ici.');
    expect((await decide(consent, 'refuse')).status).toBe(200);
  });

  it('speak the language that who sent the person asks for', async () => {
    for (const [locales, words] of [
      ['fr', 'Qui êtes-vous'],
      ['en-GB fr', 'Who are you'],
      ['de', 'Who are you'],
    ] as const) {
      const asked = `${parameters()}&${new URLSearchParams({ ui_locales: locales })}`;
      const page = await fetch(`${origin}/authorize?${asked}`, { headers: { 'Accept-Language': 'en' } });
      expect(await page.text()).toContain(words);
    }
  });

  it('let a browser say where their forms come from', async () => {
    const page = await fetch(`${origin}/authorize?${parameters()}`);
    expect(page.headers.get('referrer-policy')).toBe('same-origin');
  });

  it('take no decision from a page of another origin', async () => {
    const consent = consentOf(await open());
    received.length = 0;
    const body = new URLSearchParams({ consent, person: '1', decision: 'agree' }).toString();
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'http://evil.test' };
    expect((await ask(origin, '/consent', { method: 'POST', headers }, body)).status).toBe(403);
    expect(received).toEqual([]);
  });
});

describe('a request', () => {
  const other = 'http://127.0.0.1:1/response';
  const query = (change: object): string =>
    JSON.stringify({
      credentials: [
        {
          id: 'identity',
          format: 'dc+sd-jwt',
          meta: { vct_values: ['urn:vitap:test-identity:1'] },
          claims: [{ path: ['birthdate'] }],
          ...change,
        },
      ],
    });
  it.each<[string, Record<string, string | null>, string]>([
    ['whose answer goes to another address', { response_uri: other }, 'not the address of the client'],
    ['with a redirect address beside it', { redirect_uri: other }, 'redirect_uri is not supported'],
    ['by reference', { request_uri: other }, 'request_uri is not supported'],
    ['of another prefix', { client_id: 'x509_san_dns:example.org' }, 'prefix is not redirect_uri'],
    ['without a prefix', { client_id: responseUriOfNobody() }, 'prefix is not redirect_uri'],
    [
      'from elsewhere than this machine',
      { client_id: 'redirect_uri:https://evil.test/r', response_uri: 'https://evil.test/r' },
      'not registered',
    ],
    [
      'from a name that only looks like it',
      { client_id: 'redirect_uri:http://127.0.0.1.evil.test/r', response_uri: 'http://127.0.0.1.evil.test/r' },
      'not registered',
    ],
    [
      'to a file',
      { client_id: 'redirect_uri:file:///etc/passwd', response_uri: 'file:///etc/passwd' },
      'not an address of HTTP',
    ],
    ['without a nonce', { nonce: null }, 'nonce is missing'],
    ['with a nonce of other characters', { nonce: 'a b' }, 'nonce has other characters'],
    ['of another response type', { response_type: 'code' }, 'response_type is not vp_token'],
    ['with the answer in the address', { response_mode: 'fragment' }, 'response_mode is not direct_post'],
    [
      'for encryption without a key',
      { response_mode: 'direct_post.jwt', client_metadata: '{}' },
      'has no key on P-256',
    ],
    ['without a query', { dcql_query: null }, 'dcql_query is missing'],
    ['with a query that is no JSON', { dcql_query: '{' }, 'dcql_query is not a JSON object'],
    ['with a query without end', { dcql_query: JSON.stringify({ x: 'x'.repeat(9000) }) }, 'dcql_query is too long'],
    ['for nothing', { dcql_query: '{"credentials":[]}' }, 'exactly one credential'],
    ['for another format', { dcql_query: query({ format: 'mso_mdoc' }) }, 'not dc+sd-jwt'],
    [
      'for another credential',
      { dcql_query: query({ meta: { vct_values: ['urn:other'] } }) },
      'no credential of that type',
    ],
    ['for everything', { dcql_query: query({ claims: undefined }) }, 'does not say which claims'],
    ['for a claim that is not there', { dcql_query: query({ claims: [{ path: ['nir'] }] }) }, 'no claim of that name'],
    ['for a claim twice', { dcql_query: query({ claims: [{ path: ['sex'] }, { path: ['sex'] }] }) }, 'a claim twice'],
    ['for a claim inside another', { dcql_query: query({ claims: [{ path: ['a', 'b'] }] }) }, 'not at the top'],
    ['for transaction data', { transaction_data: '[]' }, 'transaction_data is not supported'],
  ])('%s is refused, and nobody is told', async (_, change, sentence) => {
    received.length = 0;
    const page = await fetch(`${origin}/authorize?${parameters(change)}`, { headers: { Accept: 'application/json' } });
    expect(page.status).toBe(400);
    expect(((await page.json()) as { message: string }).message).toContain(sentence);
    expect(received).toEqual([]);
  });

  it('with a parameter twice is refused', async () => {
    const page = await fetch(`${origin}/authorize?${parameters()}&nonce=other`, {
      headers: { Accept: 'application/json' },
    });
    expect(((await page.json()) as { message: string }).message).toBe('a parameter comes twice');
  });
});

function responseUriOfNobody(): string {
  return 'https://client.example.org/cb';
}
