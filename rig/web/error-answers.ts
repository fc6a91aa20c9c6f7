import type { Socket } from 'node:net';
import { type RefusalAnswer, refusalOfStatus, WebRefusal } from './refusal.ts';
import type { WebApp } from './server.ts';

/** What an answer needs of the HTTP library's. */
interface Replies {
  code(status: number): { send(body: unknown): unknown };
}

export interface ErrorAnswers {
  /** How errors of what is served answer; null: it is none of them. */
  readonly refusalOf?: (error: unknown) => RefusalAnswer | null;
  /** Gets a fault of ours, for whoever looks for it; the other side sees none of it. */
  readonly fault?: (error: unknown) => void;
}

/** Every error becomes `{ error, message }`, without a stack and without words of libraries, which repeat what came. */

export function answerErrors(app: WebApp, { refusalOf, fault }: ErrorAnswers): void {
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    const found = error instanceof WebRefusal ? error : (refusalOf?.(error) ?? null);
    if (found !== null) {
      if (found.status === 401) reply.header('WWW-Authenticate', 'Bearer');
      return sendRefusal(reply, found);
    }
    if (error.code === 'FST_ERR_HANDLER_TIMEOUT') return sendRefusal(reply, new WebRefusal('answer-too-slow'));
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500) return sendRefusal(reply, refusalOfStatus(status));
    fault?.(error);
    return sendRefusal(reply, new WebRefusal('server-fault'));
  });
}

function sendRefusal(reply: Replies, { status, code, message }: RefusalAnswer): void {
  reply.code(status).send({ error: code, message });
}

/** An address that the HTTP library itself cannot read. */
export function answerBadAddress(_error: unknown, _request: unknown, reply: Replies): void {
  sendRefusal(reply, new WebRefusal('request-malformed'));
}

/** What is no HTTP, too long in its header, or too slow never becomes a request. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, code, message } =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new WebRefusal('request-too-slow')
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? new WebRefusal('header-too-large')
        : new WebRefusal('request-malformed');
  const body = JSON.stringify({ error: code, message });
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
