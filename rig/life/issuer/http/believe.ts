import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { bodyBytes } from '../../../web/bodies.ts';
import { WebRefusal } from '../../../web/refusal.ts';
import { audit } from '../audit.ts';
import type { IssuerHttp } from './issuer-http.ts';
import type { ReceivedRequest } from './judge-claims.ts';
import { type JudgedDevice, judgeDevice } from './judge-device.ts';
import { type JudgedProfessional, judgeProfessional } from './judge-professional.ts';
import { type RequestRefusalCode, refuseRequest } from './request-refusals.ts';
import { revokedOf } from './revoked-terminals.ts';
import { rememberRequest } from './seen-requests.ts';

/** The phone that signed this request, which comes for the first time. @throws {WebRefusal} */
export function believePhone(http: IssuerHttp, request: FastifyRequest): Promise<JudgedDevice> {
  return audited(http, request, async () => {
    const { headers } = request;
    const device = judgeDevice(http.crypto, headers.authorization, bodyBytes(request), received(http, request));
    const { thumbprint: signer, requestId, issuedAt } = device;
    const seen = { signer, requestId, contentHash: hashOf(headers.authorization ?? ''), issuedAt };
    if ((await rememberRequest(http.store.sql, seen, http.now())) !== 'first') throw refuseRequest('request-replayed');
    return device;
  });
}

/**
 * The professional that signed this request: for the first time, or once more the same. What is asked for is read only
 * after every check. @throws {WebRefusal}
 */
export function believeProfessional(
  http: IssuerHttp,
  request: FastifyRequest,
  right: string,
): Promise<JudgedProfessional> {
  return audited(http, request, async () => {
    const { crypto, store, root: key } = http;
    const trust = {
      anchor: { key, date: dayOf(http.now()) },
      revokedOf: (holders: readonly string[]) => revokedOf(store.sql, holders),
    };
    const body = typeof request.body === 'string' ? request.body : '';
    const professional = await judgeProfessional(crypto, body, right, trust, received(http, request));
    const { name: signer, requestId, issuedAt } = professional;
    const contentHash = hashOf(JSON.stringify([request.url, professional.request]));
    const seen = await rememberRequest(store.sql, { signer, requestId, contentHash, issuedAt }, http.now());
    if (seen === 'other') throw refuseRequest('request-replayed', 'it asked for something else');
    return professional;
  });
}

/** Keeps an answer back while the fault `server-timeout` is ordered: what was asked for is done. */
export async function late<T>(http: IssuerHttp, answer: T): Promise<T> {
  const waitMs = http.faults.take('server-timeout');
  if (waitMs !== null) await new Promise((resolve) => setTimeout(resolve, waitMs).unref());
  return answer;
}

function received(http: IssuerHttp, request: FastifyRequest): ReceivedRequest {
  const aheadMs = (http.faults.take('stale-clock') ?? 0) * 1000;
  return {
    method: request.method,
    origin: `${request.protocol}://${request.host}`,
    path: request.url.split('?')[0] ?? '',
    now: http.now() + aheadMs,
  };
}

/** What somebody tried who is not who they say, or does again what was done: it has its line in the audit log. */
const AUDITED: readonly RequestRefusalCode[] = [
  'signature-wrong',
  'request-for-another',
  'request-replayed',
  'terminal-unknown',
  'terminal-expired',
  'terminal-revoked',
  'terminal-refused',
  'terminal-lacks-right',
];

async function audited<T>(http: IssuerHttp, request: FastifyRequest, judge: () => Promise<T>): Promise<T> {
  try {
    return await judge();
  } catch (error) {
    if (error instanceof WebRefusal && (AUDITED as readonly string[]).includes(error.code)) {
      // The route as it was declared: the address may hold an identifier. No name: it has not been proven.
      const verb = `${request.method} ${request.routeOptions.url ?? ''}`;
      await http.store.sql.transaction((statements) =>
        audit(statements, http.now(), 'refused', { verb, reason: error.code }),
      );
    }
    throw error;
  }
}

function hashOf(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest());
}

/** YYMMDD as certificates have it, in UTC. */
function dayOf(ms: number): number {
  return Number(new Date(ms).toISOString().slice(2, 10).replaceAll('-', ''));
}
