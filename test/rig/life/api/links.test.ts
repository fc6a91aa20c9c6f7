import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { IssuerRefused, IssuerUnreachable } from '../../../../rig/life/api/issuer-refused.ts';
import { phoneLink } from '../../../../rig/life/api/phone-link.ts';
import { professionalLink } from '../../../../rig/life/api/professional-link.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { device, hierarchy } from '../signers.ts';

const world = { crypto: nobleCrypto(), random: systemRandom, now: () => Date.UTC(2026, 10, 29) };
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

/** What answers as it is told, whatever it is asked. */
async function answering(
  status: number,
  body: string,
  headers: Record<string, string> = {},
): Promise<{ origin: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      asked.push({ method: request.method, url: request.url, type: request.headers['content-type'], body: text });
      response.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  ends.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

it('a phone asks for its standing', async () => {
  const { origin, asked } = await answering(200, '{"state":"active","activationId":"act_1","number":2,"since":5}');
  const standing = await phoneLink({ origin }, device('a'), world).standing();
  expect(standing).toEqual({ state: 'active', activationId: 'act_1', number: 2, since: 5 });
  expect(asked).toEqual([{ method: 'GET', url: '/v1/phone/state', type: undefined, body: '' }]);
});

it('a command for the card comes as bytes', async () => {
  const { origin, asked } = await answering(200, '{"relay":"r1","command":"00A40400"}');
  const turn = await phoneLink({ origin }, device('a'), world).relay(
    'act_1',
    'operation',
    'r0',
    Uint8Array.of(0x90, 0x00),
  );
  expect(turn).toEqual({ relay: 'r1', command: Uint8Array.of(0x00, 0xa4, 0x04, 0x00) });
  expect(asked[0]?.url).toBe('/v1/activations/act_1/personalisation');
  expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ step: 'operation', relay: 'r0', answer: '9000' });
});

it('an identifier never leads out of its place in the path', async () => {
  const { origin, asked } = await answering(200, '{"number":1,"since":1}');
  await phoneLink({ origin }, device('a'), world).commit('../../x?y#z', device('h').publicKey);
  expect(asked[0]?.url).toBe('/v1/activations/..%2F..%2Fx%3Fy%23z/commit');
});

it('a professional sends the JWS as the body, and the same identifier again when told so', async () => {
  const { origin, asked } = await answering(200, '{"id":7,"receivedAt":1}');
  const link = professionalLink({ origin }, hierarchy().keys, world);
  const again = link.newRequestId();
  const claim = {
    ...{ number: '000000001', date: '20261129', beneficiaryIndex: 1, professionalId: '999000001' },
    ...{ professionalName: 'TEST', total: 1, amo: 1, amc: 0, patient: 0, thirdParty: false },
  };
  for (const id of [again, again]) await link.claim({ id: 'ctx', token: 't' }, claim, id);
  const payloads = asked.map(({ body }) => JSON.parse(Buffer.from(body.split('.')[1] ?? '', 'base64url').toString()));
  expect(payloads.map(({ jti }) => jti)).toEqual([again, again]);
  expect(payloads[0].request).toEqual({ token: 't', claim });
  expect(asked[0]).toMatchObject({ method: 'POST', url: '/v1/contexts/ctx/claims', type: 'application/jose' });
});

it('a refusal has the code, the words, and the time to wait', async () => {
  const { origin } = await answering(429, '{"error":"too-many-requests","message":"wait"}', { 'retry-after': '7' });
  const error = await failure(phoneLink({ origin }, device('a'), world).standing());
  expect(error).toBeInstanceOf(IssuerRefused);
  expect(error).toMatchObject({ status: 429, code: 'too-many-requests', message: 'wait', retryAfter: 7 });
});

it.each([
  ['a page', 200, '<html></html>', {}, 'answered something else than an issuer'],
  ['another document', 200, '{"state":"perhaps"}', {}, 'answered something else than an issuer'],
  ['an error of a proxy', 502, 'Bad Gateway', {}, 'answered 502, not as an issuer does'],
  ['an endless answer', 200, '"'.padEnd(300_000, 'x'), {}, 'answered more than 262144 bytes'],
  ['another place', 302, '', { location: 'http://127.0.0.1:1/' }, 'cannot be reached'],
])('%s is no answer of an issuer', async (_name, status, body, headers, words) => {
  const { origin } = await answering(status, body, headers as Record<string, string>);
  const error = await failure(phoneLink({ origin }, device('a'), world).standing());
  expect(error).toBeInstanceOf(IssuerUnreachable);
  expect((error as Error).message).toContain(words);
});

it('nobody there', async () => {
  const error = await failure(phoneLink({ origin: 'http://127.0.0.1:2' }, device('a'), world).standing());
  expect(error).toBeInstanceOf(IssuerUnreachable);
  expect((error as Error).message).toBe('http://127.0.0.1:2 cannot be reached: nothing listens there: is it running?');
});

it('no answer in time', async () => {
  const server = createServer(() => {});
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  ends.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const error = await failure(phoneLink({ origin, timeoutMs: 200 }, device('a'), world).standing());
  expect((error as Error).message).toBe(`${origin} did not answer within 0.2 s`);
  const minted = await failure(phoneLink({ origin, timeoutMs: 200 }, device('a'), world).presence(['insured']));
  expect((minted as Error).message).toBe(
    `${origin} did not answer within 0.2 s; whether it carried the request out is not known`,
  );
});

it('ended by the person: the reason of the signal, not a failure of the issuer', async () => {
  const signal = AbortSignal.abort(new Error('Ctrl-C'));
  const error = await failure(phoneLink({ origin: 'http://127.0.0.1:1', signal }, device('a'), world).standing());
  expect((error as Error).message).toBe('Ctrl-C');
});
