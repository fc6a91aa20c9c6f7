/**
 * What stands beside the lab for the part `pool` of `bench lab`, in a process of its own: the boards, and the ends and the
 * middle of a bare way. It does what its parent asks, and ends with it.
 */

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandIo } from '../../console/io.ts';
import { boardNames, runBoardSim } from '../../sim/board-sim.ts';

/** What a parent asks. The answer has ports, or a sentence that says why it was not done. */
export type PoolTask =
  /** Simulated boards, each with a card of the profile in its field; paths of their links in `folder`. */
  | { readonly do: 'boards'; readonly count: number; readonly profile: string; readonly folder: string }
  /** Joins connections from both sides, in their order: `client` and `bench`. */
  | { readonly do: 'relay' }
  /** Connects, and gives an answer to each request by its length. */
  | { readonly do: 'echo'; readonly port: number; readonly requestBytes: number; readonly responseBytes: number }
  /** Takes connections at an address and passes bytes on to a port of 127.0.0.1, both ways late; `port`. */
  | { readonly do: 'delay'; readonly host: string; readonly port: number; readonly to: number; readonly ms: number };

export interface PoolTaskDone {
  readonly error?: string;
  readonly ports?: Readonly<Record<string, number>>;
}

const LOOPBACK = '127.0.0.1';
const over = new AbortController();
let boards: Promise<unknown> = Promise.resolve();

process.on('message', (task: PoolTask) => {
  perform(task).then(
    (ports) => process.send?.({ ports } satisfies PoolTaskDone),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => {
  over.abort();
  void boards.catch(() => {}).finally(() => process.exit());
});
// Ctrl-C reaches every process of the terminal: the parent ends this one when it is done.
process.on('SIGINT', () => {});

async function perform(task: PoolTask): Promise<Readonly<Record<string, number>>> {
  switch (task.do) {
    case 'boards':
      await startBoards(task);
      return {};
    case 'relay':
      return relay();
    case 'echo':
      await echo(task);
      return {};
    case 'delay':
      return delay(task);
  }
}

/** They tell every exchange, which nobody hears here. */
function startBoards({ count, profile, folder }: Extract<PoolTask, { do: 'boards' }>): Promise<void> {
  return new Promise((resolve, reject) => {
    const io: CommandIo = {
      stdout: (text) => text.startsWith('ready') && resolve(),
      delivered: async () => true,
      stderr: () => {},
      ...{ json: false, stdinIsTty: false, stdoutIsTty: false, stderrIsTty: false },
      env: process.env,
      signal: over.signal,
      askHidden: () => Promise.reject(new Error('nobody is asked here')),
    };
    const cards = boardNames(count).map((board) => ({ board, profile }));
    const own = { boards: count, pair: false, links: {}, folder, rate: 424, cards };
    boards = runBoardSim({ ...own, faults: [], faultFile: null, bytes: false }, io);
    boards.catch(reject);
  });
}

async function relay(): Promise<Readonly<Record<string, number>>> {
  const clients: Socket[] = [];
  const benches: Socket[] = [];
  const taking = (side: Socket[]): Server =>
    createServer({ noDelay: true }, (socket) => {
      side.push(socket);
      if (clients.length === 0 || benches.length === 0) return;
      const [client, bench] = [clients.shift() as Socket, benches.shift() as Socket];
      pass(client, bench, (bytes) => void bench.write(bytes));
      pass(bench, client, (bytes) => void client.write(bytes));
    });
  return { client: await listen(taking(clients), 0, LOOPBACK), bench: await listen(taking(benches), 0, LOOPBACK) };
}

/** @param take gets what comes from one end for the other */
function pass(from: Socket, to: Socket, take: (bytes: Buffer) => void): void {
  from.on('data', take);
  from.on('error', () => {});
  from.on('close', () => to.destroySoon());
}

function echo({ port, requestBytes, responseBytes }: Extract<PoolTask, { do: 'echo' }>): Promise<void> {
  const response = Buffer.alloc(responseBytes);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: LOOPBACK, port, noDelay: true }, resolve);
    let wanted = requestBytes;
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      wanted -= bytes.length;
      if (wanted > 0) return;
      wanted += requestBytes;
      socket.write(response);
    });
  });
}

async function delay({ host, port, to, ms }: Extract<PoolTask, { do: 'delay' }>): Promise<{ port: number }> {
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: LOOPBACK, port: to, noDelay: true });
    pass(near, far, late(far, ms));
    pass(far, near, late(near, ms));
  });
  return { port: await listen(server, port, host) };
}

/** Writes each piece so many milliseconds after it came, in order. */
function late(to: Socket, ms: number): (bytes: Buffer) => void {
  let last: Promise<unknown> = Promise.resolve();
  return (bytes) => {
    const at = performance.now() + ms;
    last = last.then(async () => {
      await until(at);
      to.write(bytes);
    });
  };
}

/** A timer may come so much later than it was set for. */
const TIMER_MS = 2;

async function until(at: number): Promise<void> {
  const leftMs = at - performance.now() - TIMER_MS;
  if (leftMs >= 1) await sleep(leftMs);
  while (performance.now() < at) await new Promise((resolve) => setImmediate(resolve));
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}
