import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Listening } from './sql.ts';

/** After a connection broke, and between two that could not be made. */
const AGAIN_MS = 1000;

/** A connection to PostgreSQL that does nothing but listen, and that is made again when it breaks. */
export class ListeningConnection implements Listening {
  readonly #connect: () => Client;
  readonly #channel: string;
  readonly #heard: (payload: string | null) => void;
  readonly #end = new AbortController();
  readonly #ended: Promise<void>;
  #live = false;

  constructor(connect: () => Client, channel: string, heard: (payload: string | null) => void) {
    this.#connect = connect;
    this.#channel = channel;
    this.#heard = heard;
    this.#ended = this.#listen();
  }

  isLive(): boolean {
    return this.#live;
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#ended;
  }

  async #listen(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      await this.#listenOnce(signal);
      await waited(AGAIN_MS, signal);
    }
  }

  /** Until the connection breaks; what broke it is told by the statements of others. */
  async #listenOnce(signal: AbortSignal): Promise<void> {
    const client = this.#connect();
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    client.on('error', end);
    client.on('end', end);
    signal.addEventListener('abort', end);
    client.on('notification', ({ payload = '' }) => {
      // The connection may bring one more while it ends.
      if (!signal.aborted) this.#heard(payload);
    });
    const listening = client.connect().then(() => client.query(`listen ${client.escapeIdentifier(this.#channel)}`));
    listening.then(() => {
      if (signal.aborted) return;
      this.#live = true;
      this.#heard(null);
    }, end);
    await over;
    this.#live = false;
    signal.removeEventListener('abort', end);
    // Not waited for: a server that hangs would hold up the end.
    client.end().catch(() => {});
  }
}

function waited(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => {});
}
