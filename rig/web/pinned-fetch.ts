import { createHash, X509Certificate } from 'node:crypto';
import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { OTHER_KEY } from '../../src/hal/connection-words.ts';
import { CannotRun } from '../console/failure.ts';

/** How long a connection is kept that nobody uses. */
const KEPT_MS = 3000;

/** SHA-256 of a server's public key (SubjectPublicKeyInfo) in base64url: what a bench pins. */
export function keyPin(certificate: Uint8Array): string {
  const { publicKey } = new X509Certificate(certificate);
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('base64url');
}

/** @throws {CannotRun} no SHA-256 in base64url */
export function parsePin(text: string): string {
  if (!/^[\w-]{43}$/.test(text)) {
    throw new CannotRun(
      "the pin of a server's key has 43 characters of base64url; `vitap lab serve` says it when it starts",
    );
  }
  return text;
}

/**
 * Fetches over TLS from the server with that key and no other, whoever signed its certificate; nothing is sent before
 * the key was seen. Knows what the lab's calls use of fetch.
 */
export function pinnedFetch(pin: string): typeof fetch {
  const agent = new PinnedAgent(pin);
  return ((address: string, init: RequestInit = {}) =>
    new Promise<Response>((resolve, reject) => {
      const { method = 'GET', headers, body, signal } = init;
      const asked = request(
        address,
        {
          agent,
          method,
          headers: Object.fromEntries(new Headers(headers)),
          ...(signal != null && { signal }),
        },
        (answer) => {
          const { statusCode = 500 } = answer;
          // 204 and 304 have no body, and a Response refuses one.
          const content = [204, 304].includes(statusCode) ? null : (Readable.toWeb(answer) as ReadableStream);
          const fields = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, `${value}`]);
          resolve(new Response(content, { status: statusCode, headers: fields }));
        },
      );
      asked.on('error', reject);
      asked.end(body ?? undefined);
    })) as typeof fetch;
}

/** Connects to the server with that key and no other. */
export function pinnedAgent(pin: string): Agent {
  return new PinnedAgent(pin);
}

/** Gives out connections after their key was compared. */
class PinnedAgent extends Agent {
  readonly #pin: string;

  constructor(pin: string) {
    // Given up before the server does it (after 5 s): what is sent in that moment is lost.
    super({ keepAlive: true, timeout: KEPT_MS });
    this.#pin = pin;
  }

  /** Node calls this for each new connection; its types do not say so. */
  createConnection(options: object, done: (error: Error | null, socket?: TLSSocket) => void): void {
    const socket = connect({ ...options, rejectUnauthorized: false });
    socket.once('secureConnect', () => {
      const { raw } = socket.getPeerCertificate();
      if (raw !== undefined && keyPin(raw) === this.#pin) done(null, socket);
      else socket.destroy(Object.assign(new Error('the server has another key'), { code: OTHER_KEY }));
    });
    socket.once('error', (error) => done(error));
  }
}
