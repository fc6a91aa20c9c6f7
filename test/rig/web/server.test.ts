import type { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { bodyBytes } from '../../../rig/web/bodies.ts';
import { WEB_REFUSALS, WebRefusal } from '../../../rig/web/refusal.ts';
import { checkListening, serveUntil, type WebServer } from '../../../rig/web/server.ts';
import { failureOf } from '../../contract/served-link.ts';
import { ask, type Served, sendRaw, serve } from './served.ts';

const OPEN = { config: { access: 'open' } } as const;
const running: Served[] = [];
afterEach(async () => {
  for (const { server } of running.splice(0)) await server.close();
});

async function started(...given: Parameters<typeof serve>): Promise<Served> {
  const served = await serve(...given);
  running.push(served);
  return served;
}

const hello = ({ app }: WebServer): void => {
  app.get('/hello', OPEN, async () => ({ says: 'hello' }));
  app.get('/secret', async () => ({ says: 'secret' }));
  app.post(
    '/echo',
    { ...OPEN, schema: { body: z.strictObject({ count: z.int().max(10) }) } },
    async ({ body }) => body,
  );
  app.post('/echo-form', { ...OPEN, schema: { body: z.strictObject({ a: z.string() }) } }, async ({ body }) => body);
  app.post('/echo-jose', { ...OPEN, schema: { body: z.string() } }, async (request) => ({
    text: request.body,
    bytes: bodyBytes(request).length,
  }));
  app.get('/items/:id', OPEN, async () => ({}));
};

const JSON_TYPE = { 'content-type': 'application/json' };

describe('who may ask', () => {
  it.each([
    ['the address itself', (at: Served) => `127.0.0.1:${at.port}`, 200],
    ['localhost', (at: Served) => `localhost:${at.port}`, 200],
    ['LOCALHOST', (at: Served) => `LOCALHOST:${at.port}`, 200],
    ['IPv6 loopback', (at: Served) => `[::1]:${at.port}`, 200],
    ['without a port', () => 'localhost', 421],
    ['with the port of another server', (at: Served) => `localhost:${at.port - 1}`, 421],
    ['a name that was made to lead here', (at: Served) => `attacker.example:${at.port}`, 421],
    ['a name that ends like ours', (at: Served) => `evil-localhost:${at.port}`, 421],
    ['a name that begins like ours', (at: Served) => `localhost.attacker.example:${at.port}`, 421],
    ['a user before the name', (at: Served) => `localhost:x@attacker.example:${at.port}`, 421],
  ])('Host is %s', async (_name, host, status) => {
    const at = await started(hello);
    const answer = await ask(at.origin, '/hello', { headers: { host: host(at) } });
    expect(answer.status).toBe(status);
    if (status === 421) expect(JSON.parse(answer.text).error).toBe('host-refused');
  });

  it.each([
    ['none, as from a program', {}, 200],
    ['its own', { origin: 'SELF' }, 200],
    ['another one', { origin: 'https://attacker.example' }, 403],
    ['another port of this machine', { origin: 'http://127.0.0.1:9' }, 403],
    ['another scheme', { origin: 'HTTPS' }, 403],
    ['null, of a sandboxed frame or a file', { origin: 'null' }, 403],
    ['a script of a page of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    ['a script of another port', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }, 403],
    ['an image of another page', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' }, 403],
    ['a frame', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, 403],
    ['its own script', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, 200],
    ['a link', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, 200],
  ])('Origin: %s', async (_name, headers, status) => {
    const at = await started(hello);
    const known: Record<string, string> = { SELF: at.origin, HTTPS: at.origin.replace('http:', 'https:') };
    const sent: Record<string, string> = { ...headers };
    if (sent.origin !== undefined) sent.origin = known[sent.origin] ?? sent.origin;
    const answer = await ask(at.origin, '/hello', { headers: sent });
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('a form that another page posts is refused, however it navigates', async () => {
    const at = await started(hello);
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect((await ask(at.origin, '/echo-form', { method: 'POST', headers }, 'a=1')).status).toBe(403);
  });

  it('a preflight gets no leave', async () => {
    const at = await started(hello);
    const headers = { origin: 'https://attacker.example', 'access-control-request-method': 'POST' };
    const answer = await ask(at.origin, '/echo', { method: 'OPTIONS', headers });
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it.each([
    ['without', undefined, 401],
    ['with another secret', 'Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 401],
    ['with the secret as a password', 'Basic SECRET', 401],
    ['with a part of it', 'Bearer HALF', 401],
    ['with it', 'Bearer SECRET', 200],
    ['with it, in small letters of the scheme', 'bearer SECRET', 200],
  ])('a route asks for the secret unless it says otherwise: %s', async (_name, authorization, status) => {
    const at = await started(hello);
    const { secret } = at.server;
    const value = authorization?.replace('SECRET', secret).replace('HALF', secret.slice(0, 20));
    const answer = await ask(at.origin, '/secret', value === undefined ? {} : { headers: { authorization: value } });
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  it('every start has another secret of 256 bits, which stands in the fragment of the address', async () => {
    const [one, two] = [await started(), await started()];
    expect(one.server.secret).not.toBe(two.server.secret);
    expect(Buffer.from(one.server.secret, 'base64url')).toHaveLength(32);
    const page = new URL(one.pageAddress('/phone'));
    expect([page.hash, page.pathname, page.search]).toEqual([`#${one.server.secret}`, '/phone', '']);
  });
});

describe('what every answer has', () => {
  it.each(['/hello', '/secret', '/nothing-here'])('%s', async (path) => {
    const at = await started(hello);
    const { headers } = await ask(at.origin, path);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe-inline');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['set-cookie']).toBeUndefined();
  });
});

describe('what a request may be', () => {
  const post = (at: Served, path: string, body: string | Uint8Array, headers: Record<string, string> = JSON_TYPE) =>
    ask(at.origin, path, { method: 'POST', headers }, body);

  it.each([
    ['as described', '/echo', '{"count":3}', JSON_TYPE, 200, null],
    ['too large a number', '/echo', '{"count":11}', JSON_TYPE, 400, 'body.count is not as described'],
    ['a field too many', '/echo', '{"count":1,"x":2}', JSON_TYPE, 400, 'body has fields that are not known here'],
    ['not JSON', '/echo', '{"count":', JSON_TYPE, 400, null],
    ['nothing', '/echo', '', JSON_TYPE, 400, null],
    ['a prototype', '/echo', '{"__proto__":{"count":1}}', JSON_TYPE, 400, null],
    ['not UTF-8', '/echo', Uint8Array.of(0x22, 0xff, 0x22), JSON_TYPE, 400, 'the body is not in UTF-8'],
    ['of another type', '/echo', '<a/>', { 'content-type': 'text/xml' }, 415, null],
    ['JSON as text, which any page may post', '/echo', '{"count":3}', { 'content-type': 'text/plain' }, 415, null],
    ['too long', '/echo', `{"count":${' '.repeat(70_000)}1}`, JSON_TYPE, 413, null],
    ['a form', '/echo-form', 'a=b%20c', { 'content-type': 'application/x-www-form-urlencoded' }, 200, null],
    ['a field twice', '/echo-form', 'a=1&a=2', { 'content-type': 'application/x-www-form-urlencoded' }, 400, null],
    ['a compact JWS', '/echo-jose', 'aa.bb.cc', { 'content-type': 'application/jose' }, 200, null],
  ] as const)('%s', async (_name, path, body, headers, status, message) => {
    const at = await started(hello);
    const answer = await post(at, path, body, headers);
    expect(answer.status).toBe(status);
    if (status !== 200) expect(Object.keys(JSON.parse(answer.text)).sort()).toEqual(['error', 'message']);
    if (message !== null) expect(JSON.parse(answer.text).message).toBe(message);
    expect(at.faults).toEqual([]);
  });

  it('what came is in no refusal', async () => {
    const at = await started(hello);
    for (const body of ['{"count":"GEHEIM"}', '{"GEHEIM":1}', 'GEHEIM', '"GEHEIM']) {
      expect((await post(at, '/echo', body)).text).not.toContain('GEHEIM');
    }
    expect((await ask(at.origin, '/GEHEIM?GEHEIM=1')).text).not.toContain('GEHEIM');
  });

  it.each([
    ['no HTTP at all', ['\x16\x03\x01\r\n\r\n'], 400, 'request-malformed'],
    ['no Host', ['GET /hello HTTP/1.1\r\n\r\n'], 400, null],
    [
      'the address of another server in place of a path',
      ['GET http://attacker.example/hello HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nConnection: close\r\n\r\n'],
      421,
      'host-refused',
    ],
    ['an empty Host', ['GET /hello HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'], 421, 'host-refused'],
    [
      'an endless header',
      [`GET /hello HTTP/1.1\r\nHost: localhost:PORT\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
      431,
      'header-too-large',
    ],
    [
      'two lengths',
      ['POST /echo HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}'],
      400,
      'request-malformed',
    ],
    [
      'an address that is no text',
      ['GET /%ff%fe HTTP/1.1\r\nHost: localhost:PORT\r\nConnection: close\r\n\r\n'],
      400,
      'request-malformed',
    ],
  ] as const)('on the wire: %s', async (_name, parts, status, code) => {
    const at = await started(hello);
    const text = await sendRaw(at.port, ...parts);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    if (code !== null) expect(text).toContain(`"error":"${code}"`);
    expect((await ask(at.origin, '/hello')).status).toBe(200);
  });

  it('a request that never ends is cut and told so', async () => {
    const at = await started(hello, { limits: { requestMs: 300 } });
    const text = await sendRaw(
      at.port,
      'POST /echo HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{',
    );
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(text).toContain('"error":"request-too-slow"');
  });

  it('an upload that is refused in its middle leaves a connection that takes the next request', async () => {
    const at = await started((server) => {
      hello(server);
      server.app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
      server.app.put('/disk', { ...OPEN, bodyLimit: 8_000_000 }, async ({ body }) => {
        const parts = (body as Readable).iterator({ destroyOnReturn: false });
        for await (const _part of parts) throw new WebRefusal('disk-full', 'full', 507);
      });
    });
    const host = 'Host: localhost:PORT\r\n';
    const text = await sendRaw(
      at.port,
      `PUT /disk HTTP/1.1\r\n${host}Content-Type: application/octet-stream\r\nContent-Length: 4000000\r\n\r\n`,
      'x'.repeat(4_000_000),
      `GET /hello HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    );
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 507', 'HTTP/1.1 200']);
  });

  it('an answer that takes too long is a refusal', async () => {
    const at = await started(({ app }) => app.get('/never', OPEN, () => new Promise(() => {})), {
      limits: { answerMs: 200 },
    });
    const answer = await ask(at.origin, '/never');
    expect([answer.status, JSON.parse(answer.text).error]).toEqual([503, 'answer-too-slow']);
  });

  it('one to a request with a body too, which the library forgets when it has read the body', async () => {
    const at = await started(({ app }) => app.post('/never', OPEN, () => new Promise(() => {})), {
      limits: { answerMs: 200 },
    });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${at.origin}/never`, { method: 'POST', headers, body: '{}' });
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: 'answer-too-slow' }]);
  });

  it.each(['/hello', '/nothing-here', '/secret'])(
    'too many requests for %s: 429 with the time to wait',
    async (path) => {
      const at = await started(hello, { limits: { requests: 3, windowMs: 60_000 } });
      const answers = [];
      for (let i = 0; i < 5; i++) answers.push(await ask(at.origin, path));
      expect(answers.slice(3).map(({ status }) => status)).toEqual([429, 429]);
      expect(answers.slice(0, 3).some(({ status }) => status === 429)).toBe(false);
      expect(Number(answers[4]?.headers['retry-after'])).toBeGreaterThan(0);
      expect(JSON.parse(answers[4]?.text ?? '').error).toBe('too-many-requests');
    },
  );
});

describe('what an answer may be', () => {
  it('a field that the route did not declare never leaves', async () => {
    const schema = { response: { 200: z.object({ shown: z.string() }) } };
    const at = await started(({ app }) =>
      app.get('/person', { ...OPEN, schema }, async () => ({ shown: 'a', nir: '1840577288' }) as { shown: string }),
    );
    expect((await ask(at.origin, '/person')).text).toBe('{"shown":"a"}');
  });

  it('an answer that is not as declared is a fault, which says nothing', async () => {
    const schema = { response: { 200: z.object({ count: z.int() }) } };
    const at = await started(({ app }) =>
      app.get('/person', { ...OPEN, schema }, async () => ({ count: 'GEHEIM' }) as never),
    );
    const answer = await ask(at.origin, '/person');
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      500,
      { error: 'server-fault', message: WEB_REFUSALS['server-fault'].meaning },
    ]);
    expect(at.faults).toHaveLength(1);
  });

  it('errors: a refusal, one of what is served, and a fault without its words', async () => {
    class Locked extends Error {}
    const at = await started(
      ({ app }) => {
        app.get('/refused', OPEN, async () => {
          throw new WebRefusal('card-unknown', 'no such card', 404);
        });
        app.get('/locked', OPEN, async () => {
          throw new Locked();
        });
        app.get('/broken', OPEN, async () => {
          throw Object.assign(new Error('GEHEIM at line 3'), { detail: 'GEHEIM' });
        });
      },
      {
        refusalOf: (error) =>
          error instanceof Locked ? { status: 503, code: 'store-locked', message: 'later' } : null,
      },
    );
    const got = async (path: string): Promise<unknown> => {
      const { status, text } = await ask(at.origin, path);
      return [status, JSON.parse(text)];
    };
    expect(await got('/refused')).toEqual([404, { error: 'card-unknown', message: 'no such card' }]);
    expect(await got('/locked')).toEqual([503, { error: 'store-locked', message: 'later' }]);
    expect(await got('/broken')).toEqual([
      500,
      { error: 'server-fault', message: WEB_REFUSALS['server-fault'].meaning },
    ]);
    expect(at.faults.map(String)).toEqual(['Error: GEHEIM at line 3']);
  });

  it('/openapi.json describes the routes by their schemas', async () => {
    const at = await started(({ app }) => {
      const body = z.strictObject({ count: z.int().max(10) });
      app.post('/echo', { ...OPEN, schema: { body, response: { 200: z.object({ ok: z.boolean() }) } } }, async () => ({
        ok: true,
      }));
    });
    const described = JSON.parse((await ask(at.origin, '/openapi.json')).text);
    expect(described.openapi).toBe('3.1.0');
    const { requestBody, responses } = described.paths['/echo'].post;
    expect(requestBody.content['application/json'].schema).toMatchObject({
      type: 'object',
      properties: { count: { type: 'integer', maximum: 10 } },
      required: ['count'],
      additionalProperties: false,
    });
    expect(responses['200'].content['application/json'].schema.properties).toEqual({ ok: { type: 'boolean' } });
  });

  it('/openapi.json says how a route is opened, what is no JSON, and the form of a refusal', async () => {
    const at = await started(
      ({ app }) => {
        app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
        app.get('/secret', { schema: { produces: ['application/octet-stream'] } }, async () => ({}));
        const words = { access: 'open', opensWith: 'a token of a viewer' } as const;
        app.put('/file', { config: words, schema: { consumes: ['application/octet-stream'] } }, async () => ({}));
        app.get('/hello', OPEN, async () => ({}));
      },
      { refusals: ['campaign-unknown'] },
    );
    const { paths, components } = JSON.parse((await ask(at.origin, '/openapi.json')).text);
    // OpenAPI 3.1, Security Scheme Object; RFC 6750 has the scheme.
    expect(components.securitySchemes).toEqual({ bearer: { type: 'http', scheme: 'bearer' } });
    const [secret, file, hello] = [paths['/secret'].get, paths['/file'].put, paths['/hello'].get];
    expect([secret.security, file.security, hello.security]).toEqual([[{ bearer: [] }], [{ bearer: [] }], undefined]);
    expect(file.description).toContain('a token of a viewer');
    const bytes = { type: 'string', format: 'binary' };
    expect(file.requestBody.content['application/octet-stream'].schema).toMatchObject(bytes);
    expect(secret.responses['200'].content['application/octet-stream'].schema).toMatchObject(bytes);
    const { schema } = hello.responses.default.content['application/json'];
    expect(schema.required).toEqual(['error', 'message']);
    expect(schema.properties.error.enum).toEqual(expect.arrayContaining(['campaign-unknown', 'host-refused']));
    // What it says of an open route and of a refusal is so.
    expect((await ask(at.origin, '/hello')).status).toBe(200);
    const refused = JSON.parse((await ask(at.origin, '/secret')).text);
    expect(Object.keys(refused).sort()).toEqual(['error', 'message']);
    expect(schema.properties.error.enum).toContain(refused.error);
  });
});

describe('log', () => {
  it('one line a request, by the route: no identifier, query, header or body', async () => {
    const at = await started(hello);
    await ask(at.origin, '/items/GEHEIM?code=GEHEIM', { headers: { authorization: 'Bearer GEHEIM' } });
    await ask(at.origin, '/echo', { method: 'POST', headers: JSON_TYPE }, '{"count":"GEHEIM"}');
    await ask(at.origin, '/GEHEIM');
    await ask(at.origin, '/hello', { headers: { host: 'GEHEIM' } });
    expect(at.lines.map((line) => line.replace(/^\S+ /, '').replace(/ [\d.]+ ms$/, ''))).toEqual([
      'GET /items/:id 200',
      'POST /echo 400',
      'GET (no such route) 404',
      'GET /hello 421',
    ]);
  });
});

describe('where it listens', () => {
  it.each(['0.0.0.0', '::', '192.0.2.1', 'example.org', '128.0.0.1'])(
    '%s without TLS is refused in one sentence',
    async (host) => {
      await expect(serve(() => {}, { host })).rejects.toMatchObject({
        name: 'CannotRun',
        message: expect.stringMatching(
          new RegExp(`^${host.replaceAll('.', '\\.')} can be reached from other machines`),
        ),
      });
    },
  );

  it('a port in use: one sentence that says so', async () => {
    const at = await started(hello);
    await expect(serve(hello, { port: at.port })).rejects.toMatchObject({
      name: 'CannotRun',
      message: `port ${at.port} of 127.0.0.1 is in use by another program: take another port, or 0 for any free one`,
    });
  });

  it('an address can be tried before anything is made, and is free afterwards', async () => {
    const at = await started(hello);
    const tried = (host: string, port: number) => checkListening({ host, port, tls: null });
    await expect(tried('127.0.0.1', at.port)).rejects.toThrow(
      `port ${at.port} of 127.0.0.1 is in use by another program`,
    );
    await expect(tried('0.0.0.0', 0)).rejects.toThrow('0.0.0.0 can be reached from other machines');
    await at.server.close();
    await tried('localhost', at.port);
    await serve(hello, { port: at.port }).then(({ server }) => server.close());
  });

  it('port 0: the address has the real port', async () => {
    const at = await started(hello);
    expect(at.port).toBeGreaterThan(0);
    expect(at.origin).toBe(`http://127.0.0.1:${at.port}`);
  });
});

describe('the end', () => {
  it('an open request is answered, and then nothing listens', async () => {
    const end = new AbortController();
    let [arrived, answer] = [() => {}, () => {}];
    const asked = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { server, origin } = await serve(({ app }) => {
      app.get('/slow', OPEN, async () => {
        arrived();
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return { done: true };
      });
    });
    const ended = serveUntil(server, end.signal);
    const given = ask(origin, '/slow');
    await Promise.race([failureOf(ended), failureOf(given), asked]);
    end.abort();
    answer();
    expect(await given).toMatchObject({ status: 200, text: '{"done":true}' });
    await ended;
    await expect(ask(origin, '/slow')).rejects.toThrow('ECONNREFUSED');
  });

  it('a request that does not end is cut in time', async () => {
    const at = await serve(({ app }) => app.get('/never', OPEN, () => new Promise(() => {})), {
      limits: { endMs: 200 },
    });
    const given = ask(at.origin, '/never').catch((error: Error) => error.message);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await serveUntil(at.server, AbortSignal.abort());
    expect(await given).toMatch(/socket hang up|ECONNRESET/);
  });
});
