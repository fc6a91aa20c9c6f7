import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HalError } from '../../../src/hal/errors.ts';
import type { CardSession, Exchange } from '../../../src/hal/reader.ts';
import { CannotRun } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import { openLabReader } from '../../endpoint/lab.ts';
import { openReader } from '../../endpoint/open-reader.ts';
import { parseReader } from '../../endpoint/readers.ts';
import { workloadFor } from '../../measure/workload.ts';
import { missingForPtys } from '../../sim/serial/pty-port.ts';
import { openBareWay, PoolProcess, type RoundTrip, type Sizes } from './bare-way.ts';
import { inEmptyLab } from './own-store.ts';
import { atMost, type LabBenchChoice, type LabBenchPart, type Measured } from './part-of-bench.ts';
import { type Turn, type WayFigures, wayFigures, wayLines } from './pool-figures.ts';
import { type RunningLab, startLab } from './running-lab.ts';

/** What `--reader lab:` adds to an exchange. */
export interface PoolFigures extends Sizes {
  readonly command: string;
  readonly ways: readonly WayFigures[];
  /** Why the way with a delay was not measured; null: it was. */
  readonly notDelayed: string | null;
}

const SMALL = { near: 400, far: 100 };
const FULL = { near: 5000, far: 1000 };
const MOST_MS = 1;
const DELAY_MS = 10;
const PROFILE = 'reference';
const COMMAND = 'READ BINARY';
/** Each card is read directly in one round and through the lab in the next, at the same time as the other one the other way. */
const ROUNDS = 4;
const CONNECT_MS = 15_000;

export const POOL: LabBenchPart = {
  name: 'pool',
  missing: missingForPtys,
  measure: async (choice, io) => measured(await inEmptyLab(choice.store, (folder) => poolFigures(choice, folder, io))),
};

/** A bench with two boards, and where its server and its ends of a way are. */
interface Place {
  readonly delayMs: number;
  readonly boards: readonly [string, string];
  readonly labels: readonly [string, string];
  readonly trip: RoundTrip;
  /** As who asks for a reader has it. */
  readonly env: CommandIo['env'];
}

async function poolFigures(choice: LabBenchChoice, folder: string, { env, signal }: CommandIo): Promise<PoolFigures> {
  const counts = choice.runs === null ? (choice.full ? FULL : SMALL) : { near: choice.runs, far: choice.runs };
  const sizes = messageSizes();
  const processes: PoolProcess[] = [];
  const start = (name: string): PoolProcess => {
    const made = new PoolProcess(name);
    processes.push(made);
    return made;
  };
  let lab: RunningLab | null = null;
  const trips: RoundTrip[] = [];
  try {
    const ports = join(folder, 'boards');
    mkdirSync(ports);
    await start('the boards').ask({ do: 'boards', count: 4, profile: PROFILE, folder: ports }, signal);
    const board = (number: number): string => `pn532:${join(ports, `board-${number}`)}`;
    const way = { middle: start('the relay'), end: start('the far end'), delay: start('the delay') };
    const late: { origin: string | null; why: string | null } = { origin: null, why: null };
    lab = await startLab(
      { servers: 1, benches: 2, devices: 2 },
      { folder, store: choice.store, env, signal },
      async (bench, origin) => {
        const own = bench === 0 ? NEAR : FAR;
        const file = benchFile(own.boards.map(board), own.labels);
        if (bench === 0) return { file, origin };
        const port = Number(new URL(origin).port);
        try {
          // A server takes no other port for its own, and this name it has.
          await way.delay.ask({ do: 'delay', host: '::1', port, to: port, ms: DELAY_MS }, signal);
          late.origin = `http://[::1]:${port}`;
        } catch (error) {
          if (!(error instanceof CannotRun)) throw error;
          late.why = error.message;
        }
        return { file, origin: late.origin ?? origin };
      },
    );
    const placeOf = async (delayMs: number, origin: string, { boards, labels }: OwnBoards): Promise<Place> => {
      const trip = await openBareWay(way, delayMs, sizes, signal);
      trips.push(trip);
      const asking = { ...env, VITAP_LAB: origin, VITAP_LAB_TOKEN_FILE: lab?.tokenFile, VITAP_LAB_PIN: undefined };
      return { delayMs, boards: [board(boards[0]), board(boards[1])], labels, trip, env: asking };
    };
    const ways = [await wayOf(await placeOf(0, lab.origin, NEAR), counts.near, signal)];
    if (late.origin !== null) ways.push(await wayOf(await placeOf(DELAY_MS, late.origin, FAR), counts.far, signal));
    return { command: COMMAND, ...sizes, ways, notDelayed: late.why };
  } finally {
    for (const trip of trips) trip.close();
    await lab?.end();
    await Promise.all(processes.map((each) => each.end()));
  }
}

/** Numbers of two boards, and labels of the cards in their fields. */
interface OwnBoards {
  readonly boards: readonly [number, number];
  readonly labels: readonly [string, string];
}

const NEAR: OwnBoards = { boards: [1, 2], labels: ['near-1', 'near-2'] };
const FAR: OwnBoards = { boards: [3, 4], labels: ['far-1', 'far-2'] };

function benchFile(boards: readonly string[], labels: readonly string[]): string {
  const readers = boards.map((reader) => ({ reader }));
  const cards = boards.map((reader, i) => ({ label: labels[i], reader }));
  // JSON is YAML.
  return JSON.stringify({ version: 1, inProcess: 0, pcsc: 'no', readers, cards });
}

/** Of the command and its answer as they go over the way: JSON, and the header of a WebSocket's frame. */
function messageSizes(): Sizes {
  const hex = (bytes: number): string => '0'.repeat(2 * bytes);
  const framed = (message: object): number => {
    const { length } = JSON.stringify(message);
    return length + (length < 126 ? 6 : 8);
  };
  return {
    requestBytes: framed({ id: 100, op: 'transmit', session: 1, command: hex(measuredCommand().command.length) }),
    responseBytes: framed({ id: 100, response: hex(102), tookNs: 2_000_000 }),
  };
}

function measuredCommand(): { readonly before: readonly Uint8Array[]; readonly command: Uint8Array } {
  const found = workloadFor(PROFILE).commands.find(({ name }) => name === COMMAND);
  if (found === undefined) throw new Error(`${PROFILE} has no ${COMMAND}`);
  return found;
}

async function wayOf(place: Place, count: number, signal: AbortSignal): Promise<WayFigures> {
  const turns: Turn[] = [];
  const rounds = Math.min(ROUNDS, count);
  for (let round = 0; round < rounds; round++) {
    const ofRound = Math.floor(((round + 1) * count) / rounds) - Math.floor((round * count) / rounds);
    turns.push(...(await turnsOf(place, round % 2 === 0 ? [0, 1] : [1, 0], ofRound, signal)));
  }
  return wayFigures(place.delayMs, turns);
}

/** @param cards the one that is read directly, and the one that is read through the lab */
async function turnsOf(
  { boards, labels, trip, env }: Place,
  [direct, lent]: readonly [0 | 1, 0 | 1],
  count: number,
  signal: AbortSignal,
): Promise<readonly Turn[]> {
  const own = await openBoard(boards[direct], signal);
  try {
    const far = await openLabReader(labels[lent], env);
    try {
      const session = await readyCard(far.reader, signal);
      const turns: Turn[] = [];
      for (let i = 0; i < count; i++) {
        signal.throwIfAborted();
        turns.push(await oneTurn(own.session, session, trip, i));
      }
      return turns;
    } finally {
      await far.reader.close();
    }
  } finally {
    await own.close();
  }
}

const AGAIN_MS = 100;
const FREE_MS = 60_000;

/** The bench still has its port for a moment after it was lent, and measures its echo when it starts. @throws {HalError} */
async function openBoard(
  board: string,
  signal: AbortSignal,
): Promise<{ readonly session: CardSession; close(): Promise<void> }> {
  const until = performance.now() + FREE_MS;
  for (;;) {
    const { reader, close } = await openReader(parseReader(board), { exclusive: true });
    try {
      return { session: await readyCard(reader, signal), close };
    } catch (error) {
      await close();
      if (!(error instanceof HalError && error.kind === 'busy') || performance.now() > until) throw error;
    }
    await sleep(AGAIN_MS, undefined, { signal });
  }
}

/** The card in the state for the command. */
async function readyCard(
  reader: { connect(options: { timeoutMs: number; signal: AbortSignal }): Promise<CardSession> },
  signal: AbortSignal,
): Promise<CardSession> {
  const session = await reader.connect({ timeoutMs: CONNECT_MS, signal });
  for (const each of measuredCommand().before) await transmit(session, each);
  return session;
}

/** @throws {CannotRun} the card refuses it */
async function transmit(session: CardSession, command: Uint8Array): Promise<Exchange> {
  const exchange = await session.transmit(command);
  const { response } = exchange;
  if (response.at(-2) !== 0x90) {
    throw new CannotRun(`the card of profile ${PROFILE} answered ${Buffer.from(response).toString('hex')}`);
  }
  return exchange;
}

/** @param turn who goes first changes with it */
async function oneTurn(own: CardSession, far: CardSession, trip: RoundTrip, turn: number): Promise<Turn> {
  const { command } = measuredCommand();
  const told: { exchange: Exchange | null } = { exchange: null };
  const parts = [
    () => transmit(own, command),
    async () => {
      told.exchange = await transmit(far, command);
    },
    () => trip.ask(),
  ];
  const ms = [0, 0, 0];
  for (let i = 0; i < parts.length; i++) {
    const part = (turn + i) % parts.length;
    const from = performance.now();
    await parts[part]?.();
    ms[part] = performance.now() - from;
  }
  const [direct = 0, throughLab = 0, roundTrip = 0] = ms;
  const { startNs, endNs, networkNs = 0 } = told.exchange as Exchange;
  return { direct, throughLab, roundTrip, far: (endNs - startNs) / 1e6, network: networkNs / 1e6 };
}

function measured(figures: PoolFigures): Measured {
  const { command, requestBytes, responseBytes, ways, notDelayed } = figures;
  return {
    figures,
    targets: ways.map(({ delayMs, beyond }) =>
      atMost(`reader of the lab${delayMs === 0 ? '' : `, ${delayMs} ms away`}`, beyond.p50, MOST_MS),
    ),
    lines: [
      `${command} of 100 bytes on simulated boards; over the way ${requestBytes} bytes, and ${responseBytes} back`,
      ...ways.flatMap(wayLines),
      ...(notDelayed === null ? [] : [`with a delay: not measured, ${notDelayed}`]),
    ],
  };
}
