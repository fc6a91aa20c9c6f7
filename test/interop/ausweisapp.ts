import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';
import { hasEnded } from '../child-end.ts';
import type { RealPart } from './real-parts.ts';

export const AUSWEISAPP: readonly RealPart[] = ['ausweisapp2', 'pcscd', 'vpcd', 'pcscd of our own'];

const START_LIMIT_MS = 20_000;
const STEP_LIMIT_MS = 30_000;

/** What it says; `reader` comes with what it asks for. */
export interface AppMessage {
  readonly msg: string;
  readonly success?: boolean;
  readonly error?: string;
  readonly reader?: {
    readonly card?: {
      readonly retryCounter: number;
      readonly deactivated: boolean;
      readonly inoperative: boolean;
    } | null;
  };
}

/** What a person would type, each list in the order in which it is asked for. */
export interface Typed {
  readonly PIN?: readonly string[];
  readonly CAN?: readonly string[];
  readonly PUK?: readonly string[];
  readonly NEW_PIN?: readonly string[];
}

/** A change of the PIN as it went. */
export interface PinChange {
  /** What was asked for, with the tries that it saw on the card: `PIN 3`. */
  readonly asked: readonly string[];
  /** Whether the PIN was changed; null: it asked for more than there was to type, and was told to give up. */
  readonly success: boolean | null;
}

/** AusweisApp2 without a screen, spoken to over its websocket (BSI TR-03124, and its own SDK). */
export class AusweisApp {
  readonly #process: ChildProcess;
  readonly #socket: WebSocket;
  readonly #messages: AppMessage[] = [];
  #arrived: () => void = () => {};

  /** @param folder for its settings */
  static async start(folder: string): Promise<AusweisApp> {
    const port = await freePort();
    mkdirSync(join(folder, 'run'), { mode: 0o700, recursive: true });
    const env = {
      ...process.env,
      HOME: folder,
      XDG_RUNTIME_DIR: join(folder, 'run'),
      XDG_CONFIG_HOME: folder,
      QT_QPA_PLATFORM: 'offscreen',
    };
    const child = spawn('AusweisApp2', ['--ui', 'websocket', '--port', String(port)], { stdio: 'ignore', env });
    await once(child, 'spawn');
    const deadlineMs = performance.now() + START_LIMIT_MS;
    for (;;) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/eID-Kernel`);
      try {
        await once(socket, 'open');
        return new AusweisApp(child, socket);
      } catch (error) {
        if (performance.now() > deadlineMs || hasEnded(child)) {
          child.kill('SIGKILL');
          throw error;
        }
        await pause(200);
      }
    }
  }

  private constructor(child: ChildProcess, socket: WebSocket) {
    this.#process = child;
    this.#socket = socket;
    socket.on('message', (text) => {
      this.#messages.push(JSON.parse(String(text)));
      this.#arrived();
    });
  }

  /** Changes the PIN of the card in the reader, or asks for what stands in the way. */
  async changePin(typed: Typed): Promise<PinChange> {
    const left = { PIN: [...(typed.PIN ?? [])], CAN: [...(typed.CAN ?? [])], PUK: [...(typed.PUK ?? [])] };
    const more = { ...left, NEW_PIN: [...(typed.NEW_PIN ?? [])] };
    const asked: string[] = [];
    let gaveUp = false;
    this.#send({ cmd: 'RUN_CHANGE_PIN' });
    for (;;) {
      const message = await this.#next();
      if (message.msg === 'CHANGE_PIN' && message.success !== undefined) {
        return { asked, success: gaveUp ? null : message.success };
      }
      const wanted = /^ENTER_(PIN|CAN|PUK|NEW_PIN)$/.exec(message.msg)?.[1] as keyof typeof more | undefined;
      if (wanted === undefined) continue;
      const tries = message.reader?.card?.retryCounter;
      asked.push(wanted === 'NEW_PIN' ? wanted : `${wanted} ${tries}`);
      const value = more[wanted].shift();
      if (value === undefined) {
        gaveUp = true;
        this.#send({ cmd: 'CANCEL' });
      } else {
        this.#send({ cmd: `SET_${wanted}`, value });
      }
    }
  }

  /** Waits until it has seen a card. @returns what it says of it */
  async card(): Promise<NonNullable<NonNullable<AppMessage['reader']>['card']>> {
    const deadlineMs = performance.now() + STEP_LIMIT_MS;
    while (performance.now() < deadlineMs) {
      this.#messages.length = 0;
      this.#send({ cmd: 'GET_READER_LIST' });
      const message = (await this.#next('READER_LIST')) as AppMessage & {
        readers?: NonNullable<AppMessage['reader']>[];
      };
      const card = message.readers?.find((reader) => reader.card !== null && reader.card !== undefined)?.card;
      if (card !== undefined && card !== null) return card;
      await pause(200);
    }
    throw new Error('AusweisApp2 sees no card');
  }

  async stop(): Promise<void> {
    this.#socket.terminate();
    if (hasEnded(this.#process)) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const insist = setTimeout(() => this.#process.kill('SIGKILL'), 3000);
    await exited;
    clearTimeout(insist);
  }

  #send(command: object): void {
    this.#socket.send(JSON.stringify(command));
  }

  /** The next message, or the next of that name. */
  async #next(name?: string): Promise<AppMessage> {
    const deadlineMs = performance.now() + STEP_LIMIT_MS;
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined && (name === undefined || message.msg === name)) return message;
      if (message !== undefined) continue;
      if (performance.now() > deadlineMs) throw new Error(`AusweisApp2 said nothing for ${STEP_LIMIT_MS} ms`);
      const arrived = new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
      await Promise.race([arrived, pause(1000)]);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
