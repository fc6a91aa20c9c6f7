import type { Agent } from 'node:https';
import { connectionWords } from '../connection-words.ts';
import { HalError } from '../errors.ts';
import { type Channel, MOST_MESSAGE_CHARACTERS } from './messages.ts';

/** What is used of a WebSocket, of the package `ws` at either end. */
export interface Socket {
  readonly readyState: number;
  send(text: string): void;
  close(): void;
  terminate(): void;
  ping(): void;
  on(event: 'message', take: (data: Buffer, isBinary: boolean) => void): unknown;
  on(event: 'pong', take: () => void): unknown;
  on(event: 'close', take: (code: number, reason: Buffer) => void): unknown;
  on(event: 'error', take: (error: Error) => void): unknown;
}

const OPEN = 1;
const LONGEST_REASON = 200;
const MOST_KEPT = 64;
/** Between two questions whether the other end is there; twice that without an answer it is not. */
const ALIVE_MS = 5000;
/** When this process was stopped for longer, its own clock says nothing of the other end. */
const HELD_MS = 1000;
/** For the other end to close as well; then the connection is cut. */
const CLOSE_MS = 1000;

/** Options of a WebSocket at either end: its longest message, and how long its closing may take. */
export const SOCKET_LIMITS: {
  readonly maxPayload: number;
  readonly perMessageDeflate: false;
  readonly closeTimeout: number;
} = { maxPayload: MOST_MESSAGE_CHARACTERS, perMessageDeflate: false, closeTimeout: CLOSE_MS };

/** A channel over a WebSocket that is open. */
export function webSocketChannel(socket: Socket): Channel {
  let closed: string | null = null;
  let told: ((reason: string) => void) | null = null;
  let take: ((text: string) => void) | null = null;
  /** What came before anybody listened: the other end may speak as soon as the way is open. */
  const kept: string[] = [];
  socket.on('message', (data, isBinary) => {
    const text = data.toString('utf8');
    if (isBinary || kept.length >= MOST_KEPT) socket.terminate();
    else if (take === null) kept.push(text);
    else take(text);
  });
  keepAlive(socket);
  const end = (reason: string): void => {
    if (closed !== null) return;
    closed = reason;
    told?.(reason);
  };
  socket.on('error', (error) => end(`the way to the reader failed: ${error.message}`));
  socket.on('close', (_code, reason) => {
    const words = reason.toString('utf8').slice(0, LONGEST_REASON);
    end(words === '' ? 'the other end of the way to the reader has gone' : words);
  });
  return {
    send: (text) => {
      if (socket.readyState === OPEN) socket.send(text);
    },
    close: () => socket.close(),
    onText: (listener) => {
      take = listener;
      for (const text of kept.splice(0)) listener(text);
    },
    onClose: (listener) => {
      if (closed === null) told = listener;
      else listener(closed);
    },
  };
}

/** Ends the way when the other end has vanished without a word: its machine, or a cable. */
export function keepAlive(socket: Pick<Socket, 'ping' | 'terminate' | 'readyState' | 'on'>): void {
  let heard = true;
  socket.on('pong', () => {
    heard = true;
  });
  let turnMs = performance.now();
  const timer = setInterval(() => {
    if (socket.readyState !== OPEN) return;
    const held = performance.now() - turnMs > ALIVE_MS + HELD_MS;
    turnMs = performance.now();
    // Of a process that was stopped for a while the answer may be there, and nobody has read it yet.
    if (!heard && !held) return socket.terminate();
    heard = false;
    socket.ping();
  }, ALIVE_MS);
  timer.unref();
  socket.on('close', () => clearInterval(timer));
}

export interface WebSocketAddress {
  /** `wss://lab.example:8630/v1/pool/blue-42`; without TLS on this machine only. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Ends the try. */
  readonly signal?: AbortSignal;
  /** Makes the connection, where it is judged in another way than usual. */
  readonly agent?: Agent;
}

/**
 * @throws {HalError} `no-service` nobody answers there, `no-reader`, `busy`, `permission` as the server refuses; the reason
 * of `signal`
 */
export async function openWebSocket({ url, headers, timeoutMs, signal, agent }: WebSocketAddress): Promise<Channel> {
  const { WebSocket } = await import('ws');
  signal?.throwIfAborted();
  const socket = new WebSocket(url, {
    headers,
    handshakeTimeout: timeoutMs,
    ...SOCKET_LIMITS,
    ...(agent !== undefined && { agent }),
  });
  // Its messages may come in the same turn as its opening.
  const channel = webSocketChannel(socket);
  const stop = (): void => socket.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  const failed = (error: Error): HalError => {
    const origin = new URL(url).origin.replace(/^ws/, 'http');
    return new HalError('no-service', `${origin} cannot be reached: ${connectionWords(error)}`, { cause: error });
  };
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('unexpected-response', (_request, answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        if (text.length < MOST_MESSAGE_CHARACTERS) text += part;
      });
      answer.on('end', () => reject(refusal(answer.statusCode ?? 0, text)));
      answer.on('error', (error) => reject(failed(error)));
    });
    socket.once('error', (error) => reject(failed(error)));
  });
  try {
    await opened;
    return channel;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

const KIND_OF: Readonly<Record<number, 'permission' | 'no-reader' | 'busy'>> = {
  401: 'permission',
  403: 'permission',
  404: 'no-reader',
  409: 'busy',
};

function refusal(status: number, text: string): HalError {
  let message = `the server answered ${status}`;
  try {
    const said = (JSON.parse(text) as { message?: unknown }).message;
    if (typeof said === 'string') message = said.slice(0, LONGEST_REASON);
  } catch {
    // Not a lab's answer: its status says enough.
  }
  return new HalError(KIND_OF[status] ?? 'no-service', message);
}
