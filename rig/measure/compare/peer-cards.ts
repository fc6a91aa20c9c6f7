import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { PcscReader } from '../../../src/hal/pcsc/index.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { VPCD_PORT } from '../../../src/hal/vpcd/index.ts';
import { slotsAreLeft } from '../../../src/hal/vpcd/left-slots.ts';
import type { CardSource } from '../../card/card-source.ts';
import { CannotRun } from '../../console/failure.ts';
import { ChildProgram } from './child-program.ts';

/** What there is of both cards, under the same names. */
export interface Both<T> {
  readonly ours: T;
  readonly peer: T;
}

export interface BothCards {
  /** Connects to the card in its slot: power on, and its answer to reset. @throws {HalError} */
  readonly connect: Both<() => Promise<CardSession>>;
  /** What to say of a program that has ended by itself, or null. Its card may go a moment before it does. */
  ended(): Promise<string | null>;
  /** Ends both programs, whose sessions are closed; returns when pcscd has seen that the slots are empty. */
  remove(): Promise<void>;
}

interface Slot {
  readonly name: string;
  readonly port: number;
}

const HOST = '127.0.0.1';
/** vpcd's two. */
const SLOTS: readonly [Slot, Slot] = [
  { name: 'Virtual PCD 00 00', port: VPCD_PORT },
  { name: 'Virtual PCD 00 01', port: VPCD_PORT + 1 },
];
/** pcscd looks into its slots every 400 ms. */
const SEEN_MS = 15_000;
const LOOK_MS = 50;
/** How long after its card a program may take to end. */
const GONE_MS = 2000;

/**
 * Starts our card and the peer's program, and waits until PC/SC sees both. Nothing was sent to either yet.
 * @param table answers for the echo card
 * @param round they change slots from one to the next, if the peer lets itself be told which
 * @throws {CannotRun} a card of theirs is not seen
 */
export async function insertBoth(
  reader: PcscReader,
  { card, peer: command }: { readonly card: CardSource; readonly peer: string | null },
  table: string,
  round: number,
  signal: AbortSignal,
): Promise<BothCards> {
  const swapped = round % 2 === 1 && (command === null || command.includes('{port}'));
  const [peerSlot, ourSlot] = swapped ? [SLOTS[1], SLOTS[0]] : SLOTS;
  const programs: ChildProgram[] = [];
  const remove = async (): Promise<void> => {
    await Promise.all(programs.map((program) => program.end()));
    await slotsAreLeft(
      reader,
      SLOTS.map(({ name }) => name),
      signal,
    );
  };
  try {
    const ours = startOurs(card, ourSlot);
    programs.push(ours);
    const peer = startPeer(command, peerSlot, table);
    programs.push(peer);
    await cardSeen(reader, ourSlot.name, ours, signal);
    await cardSeen(reader, peerSlot.name, peer, signal);
    const connectTo =
      ({ name }: Slot) =>
      (): Promise<CardSession> =>
        reader.connect({ reader: name, timeoutMs: SEEN_MS, signal });
    return {
      connect: { ours: connectTo(ourSlot), peer: connectTo(peerSlot) },
      ended: async () => {
        const deadline = performance.now() + GONE_MS;
        while (!programs.some((program) => program.ended) && performance.now() < deadline) await pause(LOOK_MS);
        const gone = programs.find((program) => program.ended);
        return gone === undefined ? null : `${gone.name} ended in the middle${gone.lastWords}`;
      },
      remove,
    };
  } catch (error) {
    await Promise.all(programs.map((program) => program.end()));
    throw error;
  }
}

function startOurs(card: CardSource, { port }: Slot): ChildProgram {
  const link = `vpcd:${HOST}:${port}`;
  return ChildProgram.node([
    'bin/vitap.js',
    'emulate',
    '--link',
    link,
    ...cardArguments(card),
    '--interface',
    'contact',
  ]);
}

/** @param command null for the echo card */
function startPeer(command: string | null, { port }: Slot, table: string): ChildProgram {
  if (command === null) return ChildProgram.node(['dist/rig/measure/compare/echo-peer.js', HOST, `${port}`, table]);
  return ChildProgram.shell(command.replaceAll('{host}', HOST).replaceAll('{port}', `${port}`));
}

function cardArguments(card: CardSource): readonly string[] {
  return card.kind === 'profile'
    ? ['--profile', card.name]
    : ['--image', existsSync(card.fileOrName) ? resolve(card.fileOrName) : card.fileOrName];
}

/** @throws {CannotRun} there are no such slots, or a card is in one */
export async function expectEmptySlots(reader: PcscReader): Promise<void> {
  const there = await reader.list();
  for (const { name } of SLOTS) {
    const slot = there.find((each) => each.name === name);
    if (slot === undefined) {
      throw new CannotRun(`PC/SC has no reader ${name}: vpcd with its two slots is needed (vitap doctor says more)`);
    }
    if (slot.cardPresent) throw new CannotRun(`there is a card in ${name} already: both slots of vpcd must be empty`);
  }
}

async function cardSeen(reader: PcscReader, slot: string, program: ChildProgram, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + SEEN_MS;
  for (;;) {
    signal.throwIfAborted();
    if ((await reader.list()).some((each) => each.name === slot && each.atr !== null)) return;
    if (program.ended) throw new CannotRun(`${program.name} ended before its card was seen${program.lastWords}`);
    if (performance.now() > deadline)
      throw new CannotRun(`no card of ${program.name} was seen in ${slot}${program.lastWords}`);
    await pause(LOOK_MS, undefined, { signal });
  }
}
