import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IssuerRefused } from '../../../../rig/life/api/issuer-refused.ts';
import type { PhoneLink } from '../../../../rig/life/api/phone-link.ts';
import type { Begin, Delegate, Mint, Relay } from '../../../../rig/life/api/wire.ts';
import { jwkToPoint, readJws, readP256Jwk } from '../../../../rig/life/credential/jws.ts';
import { CONTENT } from './blank-card.ts';
import { IssuerDouble } from './issuer-double.ts';

/** The issuer in memory, over HTTP as the phone's verbs reach it: the paths of rig/life/api, requests taken as they come. */
export async function servedDouble(): Promise<{ issuer: IssuerDouble; origin: string; close: () => Promise<void> }> {
  const issuer = new IssuerDouble();
  const server = createServer((request, response) => {
    void answer(issuer, request)
      // A fault of the double, or of what it was sent: whoever asked hears of it.
      .catch((fault: unknown) => ({ status: 500, body: { error: 'fault', message: String(fault) } }))
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { issuer, origin: `http://127.0.0.1:${port}`, close };
}

/** What is asked for with a ticket, or with nothing. */
const OPEN: Readonly<Record<string, unknown>> = {
  '/v1/applications': { ticket: 'application:app_1.right-and-long', destroyBy: 1 },
  '/v1/applications/state': { state: 'refused', reason: 'unreadable', filesDestroyed: true },
  '/v1/losses': { since: 1, why: 'lost' },
  '/v1/contexts/ctx_1/renew': { expiresAt: 1 },
  '/v1/contexts/ctx_1/destroy': {},
};

async function answer(issuer: IssuerDouble, request: IncomingMessage): Promise<{ status: number; body: unknown }> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  const open = OPEN[request.url ?? ''];
  if (open !== undefined) return { status: 200, body: open };
  const jws = (request.headers.authorization ?? '').split(' ')[1] ?? '';
  const point = jwkToPoint(readP256Jwk(readJws(jws, { typ: 'vitap-device+jwt' }).header.jwk));
  try {
    const body = await carriedOut(issuer.linkOf(point), request, text === '' ? {} : JSON.parse(text));
    return { status: 200, body };
  } catch (error) {
    if (!(error instanceof IssuerRefused)) throw error;
    return { status: error.status, body: { error: error.code, message: error.message } };
  }
}

async function carriedOut(
  link: PhoneLink,
  { url: path = '', method }: IncomingMessage,
  body: unknown,
): Promise<unknown> {
  const id = path.split('/')[3] ?? '';
  if (path === '/v1/phone/state') return link.standing();
  if (path === '/v1/activations') {
    const begun = await link.begin(body as Begin);
    return { ...begun, claims: { ...CONTENT, insured: { nir: '2751263220749', key: '74' } } };
  }
  if (path.endsWith('/personalisation')) {
    const { step, relay, answer: hex } = body as Relay;
    const turn = await link.relay(id, step, relay, hex === null ? null : Buffer.from(hex, 'hex'));
    return 'command' in turn ? { ...turn, command: Buffer.from(turn.command).toString('hex') } : turn;
  }
  if (path.endsWith('/commit')) return link.commit(id, new Uint8Array(65));
  if (path === '/v1/phone/claims') return { claims: await link.claims() };
  if (path === '/v1/phone/presences') return link.presence((body as Mint).agreed);
  if (path === '/v1/phone/delegations') {
    return method === 'GET' ? link.delegations() : link.delegate(body as Delegate);
  }
  if (path.startsWith('/v1/phone/delegations/')) return (await link.revokeDelegation(id)) ?? {};
  if (path === '/v1/phone/lost') return (await link.reportLoss()) ?? {};
  if (path === '/v1/phone/wiped') {
    await link.wiped();
    return {};
  }
  throw new IssuerRefused(404, 'no-path', 'nothing is here', null);
}
