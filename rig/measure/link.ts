import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { HsuPort } from '../../src/hal/pn532/hsu-port.ts';
import { Pn532Reader } from '../../src/hal/pn532/reader.ts';
import type { CardSession } from '../../src/hal/reader.ts';
import { SystemSerialPorts } from '../../src/hal/serial/serial-port.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { PACKAGE_ROOT } from '../console/package-root.ts';
import { quantileOf } from '../figures/quantile.ts';
import { machine } from './figures.ts';
import { type BlockFigures, measureBlocks } from './link-blocks.ts';
import { HostTime } from './link-host-time.ts';
import { exchangeNs, type Wires } from './link-wire.ts';

export interface BenchLinkOptions {
  /** Taps of each emulator. */
  readonly count: number;
}

/** A tap: what a phone sends to read a Type 4 Tag. Times are of the exchanges of one tap together. */
interface TapFigures {
  readonly id: string;
  readonly emulator: string;
  readonly cardBaud: number;
  readonly readerBaud: number;
  readonly taps: number;
  readonly exchanges: number;
  /** What the bytes take by themselves. */
  readonly wireMs: number;
  readonly p50ms: number;
  readonly p99ms: number;
  /** Median without the bytes' own time. */
  readonly onTopMs: number;
  /** `onTopMs` to `wireMs`. */
  readonly ratio: number;
  /** How long the emulator leaves its chip waiting in an exchange, median, as the simulated chip measures it. */
  readonly hostMs: number;
}

const PROGRAM = join(PACKAGE_ROOT, 'bin', 'vitap.js');
const LIBNFC_EMULATOR = 'nfc-emulate-forum-tag4';
const READER_BAUD = 921_600;
/** What libnfc speaks to the chip on a serial port. */
const LIBNFC_BAUD = 115_200;
const BLOCK_EXCHANGES = 20_000;
const READY_MS = 15_000;

const SELECT_NDEF = Uint8Array.of(0x00, 0xa4, 0x04, 0x00, 0x07, 0xd2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01, 0x00);
const SELECT_CC = Uint8Array.of(0x00, 0xa4, 0x00, 0x0c, 0x02, 0xe1, 0x03);
const READ_CC = Uint8Array.of(0x00, 0xb0, 0x00, 0x00, 0x0f);
const READ_LENGTH = Uint8Array.of(0x00, 0xb0, 0x00, 0x00, 0x02);
/** What every emulator gives in one READ BINARY. */
const CHUNK = 48;

/**
 * `vitap bench link`: the same tap, on our emulator and on libnfc's, through the same two simulated boards and the same
 * reader; and blocks a second of the ISO-DEP pair in memory.
 */
export async function benchLink({ count }: BenchLinkOptions, io: CommandIo): Promise<ExitCode> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-bench-'));
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  const children: Child[] = [];
  const start = async (program: string, args: readonly string[], ready: string, env = {}): Promise<Child> => {
    const child = new Child(program, args, env);
    children.push(child);
    await child.says(ready, io.signal);
    return child;
  };
  const node = (args: readonly string[], ready: string): Promise<Child> =>
    start(process.execPath, [PROGRAM, ...args], ready);
  const taps: TapFigures[] = [];
  let libnfc = 'measured';
  try {
    const hostTime = new HostTime('a', READER_BAUD);
    const simulator = await node(['board', 'sim', '--json', '--pair', '--link-a', a, '--link-b', b], '"ready"');
    simulator.onSaid = (text) => hostTime.hear(text);
    let message: Uint8Array | null = null;
    for (const cardBaud of [READER_BAUD, LIBNFC_BAUD]) {
      io.stderr(`vitap emulate at ${cardBaud} baud\n`);
      const card = await node(
        ['emulate', '--link', `pn532:${a}:${cardBaud}`, '--profile', 'ndef'],
        'The board is there',
      );
      const wires = { readerBaud: READER_BAUD, cardBaud };
      const measured = await measureTaps(b, wires, count, 'vitap emulate', hostTime, io.signal);
      message = measured.message;
      taps.push(measured.figures);
      await card.end();
    }
    if (findProgram(LIBNFC_EMULATOR, io.env.PATH) === null)
      libnfc = `${LIBNFC_EMULATOR} is not installed (Debian: libnfc-examples)`;
    else {
      io.stderr(`${LIBNFC_EMULATOR} at ${LIBNFC_BAUD} baud\n`);
      const file = join(folder, 'message.ndef');
      writeFileSync(file, message ?? new Uint8Array(0));
      // It speaks through a buffer when nobody looks; what it does shows on the board.
      await start('stdbuf', ['-oL', LIBNFC_EMULATOR, file], 'Emulating', {
        LIBNFC_DEFAULT_DEVICE: `pn532_uart:${a}:${LIBNFC_BAUD}`,
      });
      const wires = { readerBaud: READER_BAUD, cardBaud: LIBNFC_BAUD };
      taps.push((await measureTaps(b, wires, count, LIBNFC_EMULATOR, hostTime, io.signal)).figures);
    }
  } finally {
    for (const child of children.reverse()) await child.end();
    rmSync(folder, { recursive: true, force: true });
  }
  // What an interruption leaves is no result.
  io.signal.throwIfAborted();
  const blocks = measureBlocks(BLOCK_EXCHANGES);
  const scene = machine();
  if (io.json)
    writeJson(io, { id: 'bench-link', verdict: 'pass', backend: 'simulated', ...scene, libnfc, taps, blocks });
  else io.stdout(report(scene, taps, blocks, libnfc));
  return EXIT.pass;
}

async function measureTaps(
  port: string,
  wires: Wires,
  count: number,
  emulator: string,
  hostTime: HostTime,
  signal: AbortSignal,
): Promise<{ readonly figures: TapFigures; readonly message: Uint8Array }> {
  const opener = new SystemSerialPorts();
  const reader = new Pn532Reader({
    port: new HsuPort({ opener, path: port, baudRate: wires.readerBaud }),
    clock: systemClock,
  });
  try {
    const session = await reader.connect({ timeoutMs: READY_MS, signal });
    // Once for nothing: what the compilers learn is no part of it.
    const { message } = await tapOnce(session, wires);
    hostTime.begin(wires.cardBaud);
    const times: number[] = [];
    let [exchanges, wireNs] = [0, 0];
    for (let i = 0; i < count; i++) {
      signal.throwIfAborted();
      const tap = await tapOnce(session, wires);
      times.push(tap.ns / 1e6);
      ({ exchanges, wireNs } = tap);
    }
    await session.disconnect();
    const [wireMs, p50ms] = [wireNs / 1e6, quantileOf(times, 0.5)];
    const onTopMs = p50ms - wireMs;
    const figures = {
      id: `${emulator.replaceAll(' ', '-')}-${wires.cardBaud}`,
      emulator,
      ...wires,
      taps: count,
      exchanges,
      wireMs,
      p50ms,
      p99ms: quantileOf(times, 0.99),
      onTopMs,
      ratio: onTopMs / wireMs,
      hostMs: hostTime.p50ms,
    };
    return { figures, message };
  } finally {
    await reader.close();
  }
}

interface Tap {
  readonly ns: number;
  readonly wireNs: number;
  readonly exchanges: number;
  readonly message: Uint8Array;
}

/** Application, capability container, length, message. */
async function tapOnce(session: CardSession, wires: Wires): Promise<Tap> {
  let [ns, wireNs, exchanges] = [0, 0, 0];
  const send = async (command: Uint8Array): Promise<Uint8Array> => {
    const { response, startNs, endNs } = await session.transmit(command);
    ns += endNs - startNs;
    wireNs += exchangeNs(command.length, response.length, wires);
    exchanges++;
    if (response.at(-2) !== 0x90) throw new CannotRun('the card refuses to be read as a Type 4 Tag');
    return response.subarray(0, -2);
  };
  await send(SELECT_NDEF);
  await send(SELECT_CC);
  const container = await send(READ_CC);
  await send(Uint8Array.of(0x00, 0xa4, 0x00, 0x0c, 0x02, container[9] as number, container[10] as number));
  const [high, low] = (await send(READ_LENGTH)) as unknown as [number, number];
  const message = new Uint8Array((high << 8) | low);
  for (let at = 0; at < message.length; at += CHUNK) {
    const size = Math.min(CHUNK, message.length - at);
    message.set(await send(Uint8Array.of(0x00, 0xb0, (at + 2) >> 8, (at + 2) & 0xff, size)), at);
  }
  return { ns, wireNs, exchanges, message };
}

/** A program beside this one, which ends with it. */
class Child {
  readonly #child: ChildProcess;
  readonly #name: string;
  #said = '';
  onSaid: (text: string) => void = () => {};
  #ended = false;
  readonly #closed: Promise<void>;
  #heard: () => void = () => {};

  constructor(program: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#name = args.find((each) => each.startsWith('nfc-')) ?? program;
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const hear = (chunk: Buffer): void => {
      // Only how it begins matters: a simulator says much.
      if (this.#said.length < 10_000) this.#said += chunk.toString();
      this.onSaid(chunk.toString());
      this.#heard();
    };
    this.#child.stdout?.on('data', hear);
    this.#child.stderr?.on('data', hear);
    this.#closed = new Promise((resolve) => {
      const close = (): void => {
        this.#ended = true;
        this.#heard();
        resolve();
      };
      this.#child.on('close', close).on('error', close);
    });
  }

  /** @throws {CannotRun} it ended, or did not say so in time */
  async says(text: string, signal: AbortSignal): Promise<void> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]);
    while (!this.#said.includes(text)) {
      signal.throwIfAborted();
      if (this.#ended || deadline.aborted) {
        const last = this.#said.trim().split('\n').at(-1) ?? '';
        throw new CannotRun(`${this.#name} ${this.#ended ? 'ended' : 'did not start in time'}: ${last}`);
      }
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  async end(): Promise<void> {
    if (!this.#ended) this.#child.kill('SIGINT');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await this.#closed;
    clearTimeout(force);
  }
}

function findProgram(name: string, path: string | undefined): string | null {
  return (
    (path ?? '')
      .split(delimiter)
      .map((folder) => join(folder, name))
      .find((each) => existsSync(each)) ?? null
  );
}

function report(
  scene: ReturnType<typeof machine>,
  taps: readonly TapFigures[],
  blocks: readonly BlockFigures[],
  libnfc: string,
): string {
  const line = (what: string, figures: readonly string[]): string =>
    `  ${what.padEnd(38)}${figures.map((each) => each.padStart(11)).join('')}`;
  return [
    `Simulated boards on pseudo-terminals, reader at ${READER_BAUD} baud; ${scene.machine}; Node ${scene.node}`,
    '',
    line('card, baud', ['taps', 'wire ms', 'p50 ms', 'p99 ms', 'on top ms', 'ratio', 'host ms']),
    ...taps.map((each) =>
      line(`${each.emulator}, ${each.cardBaud}`, [
        `${each.taps}`,
        each.wireMs.toFixed(2),
        each.p50ms.toFixed(2),
        each.p99ms.toFixed(2),
        each.onTopMs.toFixed(2),
        each.ratio.toFixed(2),
        each.hostMs.toFixed(3),
      ]),
    ),
    ...(libnfc === 'measured' ? [] : [`  libnfc: ${libnfc}`]),
    '',
    line('ISO-DEP pair in memory', ['frame', 'blocks', 'p50 µs', 'p99 µs', 'blocks/s']),
    ...blocks.map((each) =>
      line(each.id, [
        `${each.frameSize}`,
        `${each.blocks}`,
        each.p50us.toFixed(2),
        each.p99us.toFixed(2),
        `${Math.round(each.blocksPerSecond)}`,
      ]),
    ),
    '',
    '  A tap is SELECT, the capability container, and the same NDEF message in pieces. “wire” is what the bytes take by',
    '  themselves, on both serial lines and on air at 106 kbit/s; “on top” is the median without that: reader, card, the',
    '  simulator and the system together; “ratio” is on top to wire. “host” is the median of one exchange in which the',
    '  chip waits for the emulator. p50 and p99 of blocks are of whole exchanges.',
    '',
  ].join('\n');
}
