import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { CannotRun } from '../../console/failure.ts';
import type { PoolTask, PoolTaskDone } from './pool-process.ts';

/** pool-process.ts, or pool-process.js in the build. */
const PROGRAM = fileURLToPath(import.meta.url).replace(/bare-way(\.[jt]s)$/, 'pool-process$1');

/** A process that does what is asked, one thing after the other, and goes on with it until it is ended. */
export class PoolProcess {
  readonly #name: string;
  readonly #child: ChildProcess;

  /** @param nodeOptions where plain Node cannot run it */
  constructor(name: string, nodeOptions: readonly string[] = []) {
    this.#name = name;
    this.#child = fork(PROGRAM, { execArgv: [...nodeOptions], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    // One that is gone is noticed by its exit.
    this.#child.on('error', () => {});
  }

  /** @returns ports by their names @throws {CannotRun} it was not done; the reason of the signal */
  async ask(task: PoolTask, signal: AbortSignal): Promise<Readonly<Record<string, number>>> {
    const answered = once(this.#child, 'message', { signal });
    const ended = once(this.#child, 'exit', { signal });
    this.#child.send(task);
    const [done] = (await Promise.race([answered, ended.then(() => [{ error: 'its process ended' }])]).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        throw error;
      },
    )) as [PoolTaskDone];
    if (done.ports === undefined) throw new CannotRun(`${this.#name}: ${done.error}`);
    return done.ports;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    // `close` never comes for a channel that this end has closed.
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

export interface Sizes {
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** Asks over plain TCP and waits for the answer, as the ends of a way do that have nothing but bytes for each other. */
export class RoundTrip {
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #responseBytes: number;
  #came = 0;
  #waiting: { resolve(): void; reject(error: Error): void } | null = null;

  private constructor(socket: Socket, { requestBytes, responseBytes }: Sizes) {
    this.#socket = socket;
    this.#request = Buffer.alloc(requestBytes);
    this.#responseBytes = responseBytes;
    socket.on('data', (bytes) => {
      this.#came += bytes.length;
      if (this.#came < this.#responseBytes) return;
      this.#came -= this.#responseBytes;
      this.#waiting?.resolve();
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#waiting?.reject(new CannotRun('the bare way broke')));
  }

  static async open(port: number, sizes: Sizes): Promise<RoundTrip> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new RoundTrip(socket, sizes);
  }

  /** @throws {CannotRun} the way broke */
  ask(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(this.#request);
    });
  }

  close(): void {
    this.#waiting = null;
    this.#socket.destroy();
  }
}

/** The processes of a bare way: its middle, its far end, and what delays. */
export interface WayProcesses {
  readonly middle: PoolProcess;
  readonly end: PoolProcess;
  readonly delay: PoolProcess;
}

/**
 * A way as the one of a reader of the lab: from here to a process in the middle, from there to one at the end, and back; with
 * nothing on it but TCP.
 * @param delayMs of each of both parts of the way, in each direction; 0: nothing delays
 */
export async function openBareWay(
  { middle, end, delay }: WayProcesses,
  delayMs: number,
  sizes: Sizes,
  signal: AbortSignal,
): Promise<RoundTrip> {
  const { client = 0, bench = 0 } = await middle.ask({ do: 'relay' }, signal);
  const late = async (to: number): Promise<number> => {
    if (delayMs === 0) return to;
    const { port = 0 } = await delay.ask({ do: 'delay', host: '127.0.0.1', port: 0, to, ms: delayMs }, signal);
    return port;
  };
  await end.ask({ do: 'echo', port: await late(bench), ...sizes }, signal);
  return RoundTrip.open(await late(client), sizes);
}
