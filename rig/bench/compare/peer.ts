import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { toHex } from '../../../src/apdu/hex.ts';
import { formatStatusWord } from '../../../src/apdu/status-word.ts';
import { PcscReader } from '../../../src/hal/pcsc/index.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { VPCD_PORT } from '../../../src/hal/vpcd/index.ts';
import { openCard } from '../../card/open.ts';
import { CannotRun } from '../../cli/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../cli/io.ts';
import type { CardSource } from '../../cli/options.ts';
import { machine } from '../figures.ts';
import { type Measured, workloadFor } from '../workload.ts';
import { exitOf } from './baseline.ts';
import { ChildProgram } from './child-program.ts';
import { middle } from './compare-results.ts';
import { type Effect, LEAST_PAIRS, pairedEffect } from './effect.ts';
import { effectInWords } from './present.ts';

export interface BenchPeerOptions {
  readonly card: CardSource;
  /** The shell command of a program that puts a card into vpcd; null for the echo card. */
  readonly peer: string | null;
  readonly count: number;
  readonly failIfSlower: number | null;
}

interface Row {
  readonly command: string;
  readonly n: number;
  readonly oursUs: number;
  readonly peerUs: number;
  /** Ours to the peer's; null when the peer answers something else. */
  readonly effect: Effect | null;
  /** What the peer answered instead, or null. */
  readonly otherAnswer: string | null;
}

const HOST = '127.0.0.1';
/** vpcd's two slots: a peer expects the first port. */
const SLOTS = {
  peer: { name: 'Virtual PCD 00 00', port: VPCD_PORT },
  ours: { name: 'Virtual PCD 00 01', port: VPCD_PORT + 1 },
};
const SEEN_MS = 15_000;
const WARM_UP = 30;
/** An exchange over this is the delayed acknowledgement of vpcd and says nothing of cards. */
const DELAYED_US = 20_000;

/** `vitap bench peer`: each command to our card and to the other in turn, through one pcscd. */
export async function benchPeer(options: BenchPeerOptions, io: CommandIo): Promise<ExitCode> {
  if (options.count < LEAST_PAIRS) throw new CannotRun(`--count ${options.count}: ${LEAST_PAIRS} or more are needed`);
  const { profile, commands, answers } = await knownAnswers(options.card);
  const folder = mkdtempSync(join(tmpdir(), 'vitap-peer-'));
  const reader = new PcscReader({ clock: systemClock });
  const programs: ChildProgram[] = [];
  try {
    await expectEmptySlots(reader);
    const table = join(folder, 'answers.json');
    writeFileSync(table, JSON.stringify(answers));
    const ours = ChildProgram.node([
      'bin/vitap.js',
      'emulate',
      '--link',
      `vpcd:${HOST}:${SLOTS.ours.port}`,
      ...cardArguments(options.card),
      '--interface',
      'contact',
    ]);
    programs.push(ours);
    const peer =
      options.peer === null
        ? ChildProgram.node(['dist/rig/bench/compare/echo-peer.js', HOST, `${SLOTS.peer.port}`, table])
        : ChildProgram.shell(options.peer.replaceAll('{host}', HOST).replaceAll('{port}', `${SLOTS.peer.port}`));
    programs.push(peer);
    await cardSeen(reader, SLOTS.ours.name, ours, io.signal);
    await cardSeen(reader, SLOTS.peer.name, peer, io.signal);
    const sessions = {
      ours: await reader.connect({ reader: SLOTS.ours.name, timeoutMs: SEEN_MS, signal: io.signal }),
      peer: await reader.connect({ reader: SLOTS.peer.name, timeoutMs: SEEN_MS, signal: io.signal }),
    };
    const rows: Row[] = [];
    for (const command of commands) {
      io.stderr(`${command.name}\n`);
      rows.push(await measure(sessions, command, options.count, io.signal));
    }
    await Promise.all([sessions.ours.disconnect(), sessions.peer.disconnect()]);
    return tell(options, profile, rows, io);
  } finally {
    await reader.close();
    await Promise.all(programs.map((program) => program.end()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What our card answers to each command, and its ATR. */
async function knownAnswers(card: CardSource): Promise<{
  readonly profile: string;
  readonly commands: readonly Measured[];
  readonly answers: Readonly<Record<string, string>>;
}> {
  const opened = await openCard(card);
  try {
    const { profile } = opened.card.image;
    const { commands } = workloadFor(profile);
    const port = opened.card.port('contact');
    const answers: Record<string, string> = { atr: toHex(port.atr()) };
    for (const { name, before, command } of commands) {
      port.powerOn();
      let length = 0;
      for (const each of [...before, command]) {
        length = port.process(each, 0, each.length);
        answers[toHex(each)] = toHex(port.response.subarray(0, length));
      }
      const status = toHex(port.response.subarray(length - 2, length));
      if (status !== '9000') throw new CannotRun(`${name} is refused by this card (${status})`);
    }
    return { profile, commands, answers };
  } finally {
    opened.close();
  }
}

function cardArguments(card: CardSource): readonly string[] {
  return card.kind === 'profile'
    ? ['--profile', card.name]
    : ['--image', existsSync(card.fileOrName) ? resolve(card.fileOrName) : card.fileOrName];
}

async function expectEmptySlots(reader: PcscReader): Promise<void> {
  const there = await reader.list();
  for (const { name } of Object.values(SLOTS)) {
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
    await pause(50, undefined, { signal });
  }
}

interface Sides<T> {
  readonly ours: T;
  readonly peer: T;
}

async function measure(
  sessions: Sides<CardSession>,
  { name, before, command }: Measured,
  count: number,
  signal: AbortSignal,
): Promise<Row> {
  let [oursSaid, peerSaid] = ['', ''];
  for (const each of [...before, command]) {
    oursSaid = toHex((await sessions.ours.transmit(each)).response);
    peerSaid = toHex((await sessions.peer.transmit(each)).response);
  }
  const [ours, peer]: [number[], number[]] = [[], []];
  const once = async (session: CardSession, times: number[], kept: boolean): Promise<void> => {
    const { startNs, endNs } = await session.transmit(command);
    if (kept) times.push(endNs - startNs);
  };
  for (let i = -WARM_UP; i < count; i++) {
    signal.throwIfAborted();
    // Whoever comes second finds the caches warm: each is second as often.
    if (i % 2 === 0) await once(sessions.ours, ours, i >= 0);
    await once(sessions.peer, peer, i >= 0);
    if (i % 2 !== 0) await once(sessions.ours, ours, i >= 0);
  }
  // Data may differ between cards; length and status word must not.
  const same = oursSaid.length === peerSaid.length && oursSaid.slice(-4) === peerSaid.slice(-4);
  return {
    command: name,
    n: count,
    oursUs: middle(ours) / 1000,
    peerUs: middle(peer) / 1000,
    effect: same ? pairedEffect(peer, ours) : null,
    otherAnswer: same
      ? null
      : `${peerSaid.length / 2} bytes, ${formatStatusWord(Number.parseInt(peerSaid.slice(-4), 16))}`,
  };
}

function tell(options: BenchPeerOptions, profile: string, rows: readonly Row[], io: CommandIo): ExitCode {
  const compared = rows.flatMap(({ effect }) => (effect === null ? [] : [effect]));
  const worst = compared.some((effect) => exitOf(effect, options.failIfSlower) === EXIT.fail);
  const exitCode = worst ? EXIT.fail : EXIT.pass;
  const scene = machine();
  const peer = options.peer ?? 'echo';
  const delayed = rows.some(({ oursUs, peerUs }) => Math.min(oursUs, peerUs) > DELAYED_US);
  if (io.json) {
    writeJson(io, {
      id: 'bench-peer',
      verdict: worst ? 'fail' : 'pass',
      backend: 'simulated',
      profile,
      peer,
      trusted: !delayed,
      ...scene,
      rows,
    });
    return exitCode;
  }
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(11))).join('')}`;
  io.stdout(
    [
      `${profile} in vpcd against ${peer}; ${scene.machine}; Node ${scene.node}`,
      ...(delayed ? ['Not to be trusted: vpcd waits for delayed acknowledgements here (vitap doctor says more).'] : []),
      '',
      line(['command', 'n', 'ours µs', 'peer µs', 'ratio']),
      ...rows.map((row) => {
        const cells = line([
          row.command,
          `${row.n}`,
          row.oursUs.toFixed(1),
          row.peerUs.toFixed(1),
          (row.oursUs / row.peerUs).toFixed(3),
        ]);
        return `${cells}   ${row.effect === null ? `not compared: the peer answers ${row.otherAnswer}` : effectInWords(row.effect)}`;
      }),
      '',
      '  Medians through PC/SC, command by command in turn. The ratio is of the medians; the interval is of the pairs.',
      '',
    ].join('\n'),
  );
  return exitCode;
}
