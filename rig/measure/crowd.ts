import { setTimeout as wait } from 'node:timers/promises';
import { formatStatusWord } from '../../src/apdu/status-word.ts';
import type { Card } from '../../src/applet/card.ts';
import type { CardPort } from '../../src/applet/card-port.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { bootCard, buildImage, FIXED_SEED } from '../card/open.ts';
import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { Latencies, type LatencyFigures } from '../figures/latencies.ts';
import { hostEnvironment } from '../report/host-environment.ts';
import { counted } from '../report/words.ts';
import { arrivals } from './arrivals.ts';
import type { BenchCrowdOptions } from './options.ts';
import { collectGarbage } from './process-state.ts';
import { commandsOfTap, workloadFor } from './workload.ts';

/** What a crowd of cards made of a schedule of taps. */
export interface CrowdResult {
  readonly id: 'bench-crowd';
  readonly verdict: 'pass' | 'fail';
  readonly cards: number;
  /** Taps that were made; fewer than asked for when the run was ended early. */
  readonly taps: number;
  readonly commandsPerTap: number;
  /** Taps with an answer other than 9000, by that answer. */
  readonly refused: Readonly<Record<string, number>>;
  /** From the moment at which a tap was meant to begin to its end: waiting for the taps before it counts. */
  readonly latency: LatencyFigures;
  /** From the moment at which it did begin. */
  readonly service: LatencyFigures;
  readonly seconds: number;
  readonly tapsPerSecond: number;
  /** Share of the time in which a tap was being served. */
  readonly busy: number;
  readonly bytesPerCard: number;
}

/** Before this much is left, the thread sleeps; then it looks at the clock, for timers come a millisecond late. */
const AWAKE_MS = 2;
const PROGRESS_MS = 2000;
const WARM_UP_TAPS = 2000;

/** `vitap bench crowd`: thousands of cards in one process, tapped as people come. */
export async function benchCrowd(options: BenchCrowdOptions, io: CommandIo): Promise<ExitCode> {
  const image = await buildImage(options.profile, FIXED_SEED);
  const crowd = makeCrowd(image, options.cards);
  const commands = commandsOfTap(workloadFor(crowd.profile));
  warmUp(image, commands, options.profile);
  const random = new SeededRandom(options.seed);
  const times = arrivals(options.pattern, options.taps, options.perSecond, random);
  const result = await tapAll(crowd, commands, times, order(options, random), io);
  // What an interruption leaves is no result.
  io.signal.throwIfAborted();
  const scene = { ...hostEnvironment(), backend: 'simulated', profile: options.profile };
  const asked = { pattern: options.pattern, perSecond: options.perSecond, seed: options.seed };
  if (io.json) writeJson(io, { ...result, ...asked, ...scene });
  else io.stdout(report(result, options, `${scene.machine}; Node ${scene.node}`));
  return result.verdict === 'pass' ? EXIT.pass : EXIT.fail;
}

interface Crowd {
  readonly profile: string;
  readonly ports: readonly CardPort[];
  readonly bytesPerCard: number;
}

function makeCrowd(image: Uint8Array, count: number): Crowd {
  const used = (): number => {
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  const cards = Array.from({ length: count }, () => makeCard(image));
  const ports = cards.map((card) => card.port());
  return { profile: cards[0]?.image.profile ?? '', ports, bytesPerCard: (used() - before) / count };
}

function makeCard(image: Uint8Array): Card {
  return bootCard(new MemoryNvm(image), 'a card of the crowd', FIXED_SEED);
}

/** The compiler's work is not the crowd's; and a card that refuses the commands is found out before anything runs. */
function warmUp(image: Uint8Array, commands: readonly Uint8Array[], profile: string): void {
  const port = makeCard(image).port();
  for (let i = 0; i < WARM_UP_TAPS; i++) {
    const sw = tap(port, commands);
    if (sw !== 0x9000) {
      throw new CannotRun(`${profile} refuses a command of the benchmark (${formatStatusWord(sw)}) on its interface`);
    }
  }
}

/** Each card's turn: everybody once in an order of chance, then again in the same order. */
function order(options: BenchCrowdOptions, random: SeededRandom): (tap: number) => number {
  const shuffled = Uint32Array.from({ length: options.cards }, (_, i) => i);
  const drawn = new Uint8Array(4);
  for (let i = shuffled.length - 1; i > 0; i--) {
    random.fill(drawn, 0, 4);
    const j = new DataView(drawn.buffer).getUint32(0) % (i + 1);
    const moved = shuffled[i] as number;
    shuffled[i] = shuffled[j] as number;
    shuffled[j] = moved;
  }
  return (tapNumber) => shuffled[tapNumber % shuffled.length] as number;
}

/** One card comes into the field, answers, and leaves. @returns 9000, or the first other answer */
function tap(port: CardPort, commands: readonly Uint8Array[]): number {
  port.powerOn();
  let outcome = 0x9000;
  for (let i = 0; i < commands.length && outcome === 0x9000; i++) {
    const command = commands[i] as Uint8Array;
    const length = port.process(command, 0, command.length);
    outcome = ((port.response[length - 2] as number) << 8) | (port.response[length - 1] as number);
  }
  port.fieldOff();
  return outcome;
}

async function tapAll(
  crowd: Crowd,
  commands: readonly Uint8Array[],
  times: Float64Array,
  whose: (tap: number) => number,
  io: CommandIo,
): Promise<CrowdResult> {
  const latency = new Latencies();
  const service = new Latencies();
  const refused: Record<string, number> = {};
  let busyMs = 0;
  let done = 0;
  const start = performance.now();
  let told = start;
  for (; done < times.length && !io.signal.aborted; done++) {
    const meant = start + (times[done] as number);
    if (performance.now() < meant) await until(meant, io.signal);
    const begun = performance.now();
    const sw = tap(crowd.ports[whose(done)] as CardPort, commands);
    const ended = performance.now();
    latency.record((ended - meant) * 1000);
    service.record((ended - begun) * 1000);
    busyMs += ended - begun;
    if (sw !== 0x9000) refused[formatStatusWord(sw)] = (refused[formatStatusWord(sw)] ?? 0) + 1;
    if (ended - told > PROGRESS_MS) {
      told = ended;
      io.stderr(`${done + 1} of ${counted(times.length, 'tap')}\n`);
      // A queue that never empties must not keep Ctrl-C from being heard.
      await wait(0);
    }
  }
  const seconds = (performance.now() - start) / 1000;
  return {
    id: 'bench-crowd',
    verdict: Object.keys(refused).length === 0 ? 'pass' : 'fail',
    cards: crowd.ports.length,
    taps: done,
    commandsPerTap: commands.length,
    refused,
    latency: latency.figures(),
    service: service.figures(),
    seconds,
    tapsPerSecond: done / seconds,
    busy: busyMs / 1000 / seconds,
    bytesPerCard: crowd.bytesPerCard,
  };
}

async function until(meant: number, signal: AbortSignal): Promise<void> {
  const left = meant - performance.now();
  if (left > AWAKE_MS) await wait(left - AWAKE_MS, undefined, { signal }).catch(() => {});
  while (performance.now() < meant && !signal.aborted) {
    // Nothing: the next tap is due at once.
  }
}

function report(result: CrowdResult, options: BenchCrowdOptions, scene: string): string {
  const row = (what: string, figures: LatencyFigures): string =>
    `  ${what.padEnd(14)}${[figures.p50us, figures.p90us, figures.p99us, figures.p999us, figures.maxUs]
      .map((us) => us.toFixed(1).padStart(11))
      .join('')}`;
  const refused = Object.entries(result.refused).map(([sw, count]) => `${count} × ${sw}`);
  return [
    `${counted(result.cards, 'card')} (${options.profile}) in one process, simulated; ${scene}`,
    `${counted(result.taps, 'tap')} of ${counted(result.commandsPerTap, 'command')}, ${options.pattern}, ${options.perSecond} a second meant, seed ${options.seed}`,
    '',
    `  ${'µs'.padEnd(14)}${['p50', 'p90', 'p99', 'p99.9', 'max'].map((each) => each.padStart(11)).join('')}`,
    row('latency', result.latency),
    row('service', result.service),
    '',
    `  ${result.tapsPerSecond.toFixed(0)} taps a second for ${result.seconds.toFixed(1)} s; busy ${(100 * result.busy).toFixed(1)} % of the time; ${(result.bytesPerCard / 1024).toFixed(1)} KB a card`,
    `  ${refused.length === 0 ? 'every tap was answered 9000' : `refused: ${refused.join(', ')}`}`,
    '  Latency counts from the moment at which a tap was meant to begin, service from when it did.',
    '',
  ].join('\n');
}
