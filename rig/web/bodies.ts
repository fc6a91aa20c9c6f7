import type { FastifyRequest } from 'fastify';
import { WebRefusal } from './refusal.ts';
import type { WebApp } from './server.ts';

const NO_BYTES = new Uint8Array(0);
const bytesOf = new WeakMap<FastifyRequest, Uint8Array>();

/** The body as it came, over which a signed request has its hash; empty without a body. */
export function bodyBytes(request: FastifyRequest): Uint8Array {
  return bytesOf.get(request) ?? NO_BYTES;
}

/** Bodies that routes may take: JSON, a form (RFC 6749 asks for one), a compact JWS. Everything else is refused with 415. */
export function addBodyParsers(app: WebApp): void {
  const json = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = textOf(request, body);
    if (text === null) done(new WebRefusal('request-malformed', 'the body is not in UTF-8'));
    else void json(request, text, done);
  });
  app.addContentTypeParser('application/jose', { parseAs: 'buffer' }, (request, body, done) => {
    const text = textOf(request, body);
    if (text === null) done(new WebRefusal('request-malformed', 'the body is not in UTF-8'));
    else done(null, text);
  });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (request, body, done) => {
    const fields = [...new URLSearchParams(textOf(request, body) ?? '')];
    const names = new Set(fields.map(([name]) => name));
    // A field that comes twice is read differently by different programs.
    if (names.size !== fields.length) done(new WebRefusal('request-malformed', 'a field of the form comes twice'));
    else done(null, Object.fromEntries(fields));
  });
}

/** Keeps the bytes; null for what is not UTF-8. */
function textOf(request: FastifyRequest, body: string | Buffer): string | null {
  const bytes = Buffer.from(body as Buffer);
  bytesOf.set(request, bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
