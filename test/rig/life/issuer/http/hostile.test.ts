import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceAuthorization } from '../../../../../rig/life/api/device-request.ts';
import { terminalRequest } from '../../../../../rig/life/api/terminal-request.ts';
import { openIssuerStore } from '../../../../../rig/life/issuer/store.ts';
import type { Sql } from '../../../../../rig/store/sql.ts';
import { StoreError, type StoreErrorKind } from '../../../../../rig/store/store-error.ts';
import { systemRandom } from '../../../../../src/hal/system/random.ts';
import { ask, sendRaw } from '../../../web/served.ts';
import { device } from '../../signers.ts';
import { CLAIM, NOW } from '../people.ts';
import {
  activate,
  crypto,
  type IssuerInTest,
  issuerInTest,
  type TestRegistry,
  TICKETS,
  testRegistry,
} from './issuer-in-test.ts';

let registry: TestRegistry;
let issuer: IssuerInTest;
let routes: readonly (readonly [method: string, path: string])[];
beforeAll(async () => {
  registry = await testRegistry();
  issuer = await issuerInTest(registry, { limits: { requests: 1_000_000 }, guessesAMinute: 1_000_000 });
  const described = JSON.parse((await ask(issuer.origin, '/openapi.json')).text) as { paths: Record<string, object> };
  routes = Object.entries(described.paths).flatMap(([path, verbs]) =>
    Object.keys(verbs).map((verb) => [verb.toUpperCase(), path] as const),
  );
}, 120_000);
afterAll(async () => {
  await issuer?.close();
  await registry?.remove();
});

/** A path with something in the places of its parameters. */
const filled = (path: string, value: string): string => path.replaceAll(/\{\w+\}/g, encodeURIComponent(value));

describe('requests across sites', () => {
  it.each([
    ['a page of another origin', { origin: 'https://attacker.example' }],
    ['a page on another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a frame without an origin', { origin: 'null' }],
    ['a script across sites', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }],
    ['a name that was made to lead here', { host: 'attacker.example' }],
  ])('%s reaches no route', async (_name, headers) => {
    expect(routes.length).toBeGreaterThan(25);
    for (const [method, path] of routes) {
      const secret = { authorization: `Bearer ${issuer.server.secret}` };
      const answer = await ask(issuer.origin, filled(path, 'x'), { method, headers: { ...secret, ...headers } });
      expect([method, path, answer.status]).toEqual([method, path, 'host' in headers ? 421 : 403]);
    }
    expect((await registry.store.sql.query('select 1 as one from activations')).length).toBe(0);
  });
});

const MEGABYTE: string = `f4240\r\n${'x'.repeat(1_000_000)}\r\n`;
/** What an answer says of the program that made it: nothing. */
const STACK = /\n\s+at |node_modules|\.[jt]s:\d|Error:/;

describe('malformed requests', () => {
  const types = ['application/json', 'application/jose', 'application/x-www-form-urlencoded', 'text/plain', ''];
  const names = [
    'presence',
    'token',
    'claim',
    'request',
    'agreed',
    'ticket',
    'can',
    'cardSerial',
    'step',
    'relay',
    'answer',
    'holderKey',
    'jti',
    'identity',
    'familyName',
    'birthDate',
    'files',
    'offline',
    '__proto__',
    'constructor',
  ];
  // What no database takes as text, and what no terminal should show, as values of the fields that there are.
  const odd = fc.constantFrom('A\ud800', '\u0000', 'A\u202eB', '\u001b[2J', 'VP1:\ufeff', '9'.repeat(400), '-1e999');
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), odd);
  const json = fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc.dictionary(fc.constantFrom(...names), value).map((each) => JSON.stringify(each)),
  );
  const jws = fc
    .tuple(json, json, fc.uint8Array({ maxLength: 70 }))
    .map(([header, payload, signature]) =>
      [Buffer.from(header), Buffer.from(payload), signature]
        .map((part) => Buffer.from(part).toString('base64url'))
        .join('.'),
    );
  const body = fc.oneof(
    json,
    jws,
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.string(),
    fc.constant(''),
  );
  const identifier = fc.oneof(
    fc.constant('act_0'),
    fc.constantFrom(...names),
    fc.string({ maxLength: 40 }),
    fc.constant('../../x'),
  );
  const authorization = fc.oneof(
    fc.constant(undefined),
    jws.map((token) => `Vitap-Device ${token}`),
    fc.constant('Bearer SECRET'),
    fc.string({ unit: 'grapheme-ascii', maxLength: 60 }).map((text) => text.replace(/[^\x21-\x7e]/g, '.')),
  );

  it('10,000 of them on every route: no fault of the server, and nothing is changed', async () => {
    const before = await picture();
    const agent = new (await import('node:http')).Agent({ keepAlive: true, maxSockets: 8 });
    const cases = fc.sample(fc.tuple(fc.nat(), identifier, fc.constantFrom(...types), body, authorization), 10_000);
    const statuses = new Map<number, number>();
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
    const one = async ([which, id, type, content, header]: (typeof cases)[number]): Promise<void> => {
      const [own, path] = routes[which % routes.length] as (typeof routes)[number];
      // One in eight by a method that the route may not have.
      const method = which % 8 === 7 ? (methods[which % methods.length] ?? own) : own;
      // What the operator's own routes change is not for this test: they see the secret only as text.
      const headers = {
        ...(type !== '' && { 'content-type': type }),
        ...(header !== undefined && { authorization: header }),
      };
      const { status, text } = await ask(issuer.origin, filled(path, id), { method, headers, agent }, content);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status >= 500 || STACK.test(text)) throw new Error(`${method} ${path} answers ${status}: ${text}`);
    };
    for (let i = 0; i < cases.length; i += 8) await Promise.all(cases.slice(i, i + 8).map(one));
    agent.destroy();
    expect(issuer.faults).toEqual([]);
    expect([...statuses.values()].reduce((sum, each) => sum + each, 0)).toBe(10_000);
    expect(statuses.get(429)).toBeUndefined();
    expect(statuses.get(400) ?? 0).toBeGreaterThan(1000);
    expect(statuses.get(401) ?? 0).toBeGreaterThan(1000);
    expect(await picture()).toEqual(before);
  }, 300_000);

  it('signed ones too: whatever a believed phone or terminal sends, no fault of the server', async () => {
    await activate(issuer, 'hostile', TICKETS.zoe);
    const signer = device('hostile');
    const post = routes.filter(
      ([method, path]) => method === 'POST' && /^\/v1\/(phone|activations|presences|contexts|claims)/.test(path),
    );
    expect(post.length).toBeGreaterThan(10);
    const contents = fc.sample(fc.tuple(fc.nat(), identifier, json), 600);
    const statuses = new Set<number>();
    for (const [which, id, content] of contents) {
      const [method, path] = post[which % post.length] as (typeof routes)[number];
      const url = `${issuer.origin}${filled(path, id)}`;
      const ofPhone = /phone|activations/.test(path);
      const signed = { method, url, body: Buffer.from(content), now: NOW };
      const headers = ofPhone
        ? {
            'content-type': 'application/json',
            authorization: await deviceAuthorization(crypto, systemRandom, signer, signed),
          }
        : { 'content-type': 'application/jose' };
      const request = { request: JSON.parse(content) };
      const requestId = Buffer.from(`${which}${id}`.padEnd(22, '-')).toString('hex').slice(0, 40);
      const text = ofPhone
        ? content
        : terminalRequest(crypto, issuer.terminals.keys, { method, url, requestId, now: NOW, ...request });
      const answer = await ask(issuer.origin, filled(path, id), { method, headers }, text);
      statuses.add(answer.status);
      if (answer.status >= 500)
        throw new Error(`${method} ${path} answers ${answer.status}: ${answer.text} to ${content}`);
    }
    expect(issuer.faults).toEqual([]);
    expect(statuses).toContain(400);
  }, 300_000);

  async function picture(): Promise<unknown> {
    const tables = [
      'insured',
      'activations',
      'presences',
      'contexts',
      'claims',
      'applications',
      'departments',
      'blank_cards',
      'revoked_terminals',
    ];
    const counts = [];
    for (const table of tables) {
      counts.push(
        await registry.store.sql.query(
          `select count(*) as count, md5(string_agg(t::text, ',' order by t::text)) from ${table} t`,
        ),
      );
    }
    return counts;
  }

  it.each([
    ['a hundred megabytes that are announced', 'Content-Length: 100000000\r\n\r\n', []],
    ['as many that are not', 'Transfer-Encoding: chunked\r\n\r\n', Array.from({ length: 100 }, () => MEGABYTE)],
  ])(
    '%s are not taken, on any route',
    async (_name, head, parts) => {
      for (const path of new Set(
        routes.filter(([method]) => method === 'POST').map((route) => filled(route[1], 'x')),
      )) {
        const start = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: application/json\r\nConnection: close\r\n`;
        const answer = await sendRaw(issuer.port, start + head, ...parts);
        // Empty where the line was cut while the rest was still being sent.
        expect([path, answer]).toEqual([path, expect.stringMatching(/^$|^HTTP\/1\.1 (413|401|400) /)]);
      }
      expect((await ask(issuer.origin, '/v1/trust')).status).toBe(200);
    },
    60_000,
  );

  it('a body in a hundred pieces, and one that is cut, leave the server as it was', async () => {
    const start =
      'POST /v1/presences/resolve HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: application/jose\r\nConnection: close\r\nContent-Length: 300\r\n\r\n';
    const whole = await sendRaw(issuer.port, start, ...Array.from({ length: 100 }, () => 'a.b'));
    expect(whole).toMatch(/^HTTP\/1\.1 400 /);
    expect((await ask(issuer.origin, '/v1/trust')).status).toBe(200);
  });
});

describe('a registry that cannot do its work', () => {
  it.each<[StoreErrorKind, number, string]>([
    ['busy', 503, 'store-busy'],
    ['full', 503, 'store-full'],
    ['unreachable', 503, 'store-unreachable'],
    ['damaged', 500, 'server-fault'],
  ])('%s: its own refusal, and the next request is served', async (kind, status, code) => {
    const broken = (): Promise<never> => Promise.reject(new StoreError(kind, 'GEHEIM'));
    const asked = { query: broken, transaction: broken, script: broken };
    const sql: Sql = { kind: 'pglite', location: 'x', ...asked, close: async () => {} };
    const other = await issuerInTest({ ...registry, store: { ...registry.store, sql } });
    const answer = await other
      .phone()
      .standing()
      .catch((error: { status: number; code: string; message: string }) => error);
    expect(answer).toMatchObject({ status, code });
    expect(JSON.stringify(answer)).not.toContain('GEHEIM');
    expect((await ask(other.origin, '/v1/trust')).status).toBe(200);
    await other.close();
  });

  it('a folder that another process has: one sentence', async () => {
    const location = registry.store.sql.location;
    await expect(openIssuerStore({ location, files: registry.store.files, now: NOW })).rejects.toMatchObject({
      name: 'HalError',
      kind: 'busy',
    });
  });

  it('a claim that fails in the database is not half there', async () => {
    const counter = issuer.professional();
    const claim = { ...CLAIM, beneficiaryIndex: 1 };
    const { link } = await activate(issuer, 'whole', TICKETS.lea, '999000000009');
    const { presence } = await link.presence(['insured']);
    const { context } = await counter.resolve(presence);
    await registry.store.sql.query('alter table claims rename to claims_away');
    await expect(counter.claim(context, claim)).rejects.toMatchObject({ status: 500, code: 'server-fault' });
    await registry.store.sql.query('alter table claims_away rename to claims');
    issuer.faults.splice(0);
    expect((await counter.claim(context, claim)).receivedAt).toBe(NOW);
  });
});
