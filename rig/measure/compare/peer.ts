import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../../src/apdu/hex.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { PcscReader } from '../../../src/hal/pcsc/index.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import type { CardSource } from '../../card/card-source.ts';
import { openCard } from '../../card/open.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { median } from '../../figures/quantile.ts';
import { machine } from '../figures.ts';
import { commandsOfTap, type Measured, workloadFor } from '../workload.ts';
import { exitOf } from './baseline.ts';
import { COMPARE_CONFIDENCE, type Effect, LEAST_PAIRS, pairedEffect } from './effect.ts';
import { type Both, expectEmptySlots, insertBoth } from './peer-cards.ts';
import { otherAnswer, type Round } from './peer-round.ts';
import { tapBoth } from './peer-taps.ts';
import { effectInWords } from './present.ts';

export interface BenchPeerOptions {
  readonly card: CardSource;
  /** The shell command of a program that puts a card into vpcd; null for the echo card. */
  readonly peer: string | null;
  /** Commands of each kind to each card, in every round. */
  readonly count: number;
  /** Whole taps of each card, in every round: the first, and those after it. */
  readonly taps: number;
  /** How often both programs are started anew. */
  readonly rounds: number;
  readonly failIfSlower: number | null;
}

interface Row {
  /** Name of a command; `first tap`, `later taps`. */
  readonly command: string;
  /** Commands to each card, or taps of it, of all rounds. */
  readonly n: number;
  /** Medians of the rounds' medians. */
  readonly oursUs: number;
  readonly peerUs: number;
  /** Ours to the peer's; null when the peer answers something else. */
  readonly effect: Effect | null;
  /** What the peer answered instead, or null. */
  readonly otherAnswer: string | null;
}

const WARM_UP = 30;
/** An exchange over this is the delayed acknowledgement of vpcd and says nothing of cards. */
const DELAYED_US = 20_000;

/**
 * `vitap bench peer`: whole taps, then each command, to our card and to the other in turn, through one pcscd. A program keeps for its life
 * what it was given at its start, memory and processor: so both are started anew for each round, and change slots.
 */
export async function benchPeer(options: BenchPeerOptions, io: CommandIo): Promise<ExitCode> {
  if (options.rounds < LEAST_PAIRS) {
    const words = `${LEAST_PAIRS} or more are needed to be ${COMPARE_CONFIDENCE * 100} % sure`;
    throw new CannotRun(`--rounds ${options.rounds}: ${words}`);
  }
  const { profile, commands, answers } = await knownAnswers(options.card);
  const folder = mkdtempSync(join(tmpdir(), 'vitap-peer-'));
  const reader = new PcscReader({ clock: systemClock });
  const rounds: Round[][] = commands.map(() => []);
  const [firstTaps, laterTaps]: [Round[], Round[]] = [[], []];
  try {
    await expectEmptySlots(reader);
    const table = join(folder, 'answers.json');
    writeFileSync(table, JSON.stringify(answers));
    for (let round = 0; round < options.rounds; round++) {
      io.stderr(`round ${round + 1} of ${options.rounds}\n`);
      const cards = await insertBoth(reader, options, table, round, io.signal);
      const sessions: CardSession[] = [];
      const connected = async (connect: () => Promise<CardSession>): Promise<CardSession> => {
        const session = await connect();
        sessions.push(session);
        return session;
      };
      try {
        // Slots change from one round to the next; who comes first, every two.
        const peerFirst = (round >> 1) % 2 === 1;
        const taps = await tapBoth(cards.connect, commandsOfTap({ commands }), options.taps, peerFirst, io.signal);
        firstTaps.push(taps.first);
        laterTaps.push(taps.later);
        const both = { ours: await connected(cards.connect.ours), peer: await connected(cards.connect.peer) };
        for (const [i, command] of commands.entries()) {
          rounds[i]?.push(await measure(both, command, options.count, io.signal));
        }
      } catch (error) {
        const ended = error instanceof HalError && !io.signal.aborted ? await cards.ended() : null;
        throw ended === null ? error : new CannotRun(ended, { cause: error });
      } finally {
        await Promise.all(sessions.map((session) => session.disconnect()));
        await cards.remove();
      }
    }
  } finally {
    await reader.close();
    rmSync(folder, { recursive: true, force: true });
  }
  // What an interruption leaves is no result.
  io.signal.throwIfAborted();
  const rows = commands.map(({ name }, i) => rowOf(name, rounds[i] as Round[], options.count));
  const taps = { first: rowOf('first tap', firstTaps, 1), later: rowOf('later taps', laterTaps, options.taps - 1) };
  return tell(options, profile, rows, taps, io);
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

async function measure(
  sessions: Both<CardSession>,
  { before, command }: Measured,
  count: number,
  signal: AbortSignal,
): Promise<Round> {
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
  return { ours: median(ours), peer: median(peer), otherAnswer: otherAnswer(oursSaid, peerSaid) };
}

function rowOf(command: string, rounds: readonly Round[], count: number): Row {
  const [ours, peer] = [rounds.map((round) => round.ours), rounds.map((round) => round.peer)];
  const otherAnswer = rounds.find((round) => round.otherAnswer !== null)?.otherAnswer ?? null;
  return {
    command,
    n: rounds.length * count,
    oursUs: median(ours) / 1000,
    peerUs: median(peer) / 1000,
    effect: otherAnswer === null ? pairedEffect(peer, ours) : null,
    otherAnswer,
  };
}

function tell(
  options: BenchPeerOptions,
  profile: string,
  rows: readonly Row[],
  taps: { readonly first: Row; readonly later: Row },
  io: CommandIo,
): ExitCode {
  const all = [...rows, taps.first, taps.later];
  const compared = all.flatMap(({ effect }) => (effect === null ? [] : [effect]));
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
      taps,
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
      ...all.map((row) => {
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
      `  A tap is the connection after power off and all of these commands; the first finds both programs just started.`,
      `  Through PC/SC, in turn; medians of ${options.rounds} rounds, each with both programs started anew.`,
      `  In brackets the interval of ${COMPARE_CONFIDENCE * 100} % of the shift between rounds (Hodges-Lehmann).`,
      '',
    ]
      .map(shown)
      .join('\n'),
  );
  return exitCode;
}
