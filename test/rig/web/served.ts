import { type ClientRequestArgs, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { createWebServer, type ServedAt, type WebServer, type WebServerOptions } from '../../../rig/web/server.ts';

/** A server of a test, listening on a free port. */
export interface Served extends ServedAt {
  readonly server: WebServer;
  readonly lines: string[];
  readonly faults: unknown[];
}

/** @param routes declares what the test asks for, before the server listens */
export async function serve(
  routes: (server: WebServer) => void = () => {},
  options: Partial<WebServerOptions> = {},
): Promise<Served> {
  const lines: string[] = [];
  const faults: unknown[] = [];
  const server = await createWebServer({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    title: 'Test',
    version: '1',
    log: (line) => lines.push(line),
    fault: (error) => faults.push(error),
    ...options,
  });
  routes(server);
  const at = await server.listen();
  return { ...at, server, lines, faults };
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

/** As `fetch`, which does not let anyone set Host, Origin or Sec-Fetch-Site. */
export function ask(
  origin: string,
  path: string,
  options: ClientRequestArgs = {},
  body?: string | Uint8Array,
): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(new URL(path, origin), { agent: false, ...options }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part) => {
        text += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Sends bytes as they are, with the port in the place of PORT, and gives what came back until the other side ended. */
export function sendRaw(port: number, ...parts: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (part) => {
      text += part;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', () => {});
    for (const part of parts) socket.write(part.replaceAll('PORT', String(port)), 'latin1');
  });
}
