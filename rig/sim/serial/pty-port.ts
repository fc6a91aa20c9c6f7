import { type ChildProcess, spawn } from 'node:child_process';
import { lstatSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { SerialPort } from 'serialport';
import { loadSerialPort } from '../../../src/hal/serial/load-serial-port.ts';
import type { HostPort } from './adapter.ts';
import type { PortBoard } from './port-board.ts';
import { atTheirSpeeds } from './speed-change.ts';
import { sampledBytes } from './uart.ts';

const START_LIMIT_MS = 5000;
const POWER_UP_BAUD = 115_200;
/** B0: a host has hung up, and the line carries nothing until it sets another speed. */
const HUNG_UP = 0;
/** What a host waits at least between the ACK that changes the chip's speed and its next command. */
const HOST_PAUSE_NS = 1_000_000;

type Held = Awaited<ReturnType<typeof SerialPort.binding.open>>;

/** Why a pty could not be made: one sentence. */
export class PtyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PtyError';
  }
}

/**
 * A board's port as a pseudo-terminal of this machine, made by socat, with a symbolic link to it. The speed that a host
 * sets on it is read back whenever bytes pass, so that a wrong one is wrong.
 */
export class PtyPort implements HostPort {
  readonly path: string;
  readonly #board: PortBoard;
  readonly #onFault: (error: PtyError) => void;
  #socat: ChildProcess | null = null;
  /** Open at this end too: it keeps the pty alive between two hosts, and tells its speed. */
  #held: Held | null = null;
  #baudRate = POWER_UP_BAUD;
  #closed = false;
  /** Bytes go in their order, though the speed is asked for in between. */
  #order: Promise<void> = Promise.resolve();

  private constructor(path: string, board: PortBoard, onFault: (error: PtyError) => void) {
    this.path = path;
    this.#board = board;
    this.#onFault = onFault;
  }

  /**
   * @param path of the symbolic link; it must not exist yet, except as a link that leads nowhere
   * @param onFault told when socat ends by itself
   * @throws {PtyError} no socat, a path that is in use or cannot be made
   */
  static async open(path: string, board: PortBoard, onFault: (error: PtyError) => void): Promise<PtyPort> {
    const port = new PtyPort(path, board, onFault);
    await port.#start();
    board.adapter.connect(port);
    board.onPlugged = (plugged) => void port.#plugged(plugged);
    return port;
  }

  /** The device behind the link. */
  get device(): string {
    return readlinkSync(this.path);
  }

  deliver(bytes: Uint8Array, baudRate: number): void {
    const socat = this.#socat;
    this.#inOrder(async () => {
      await this.#readBaudRate();
      if (socat !== this.#socat || this.#baudRate === HUNG_UP) return;
      socat?.stdin?.write(sampledBytes(bytes, baudRate, this.#baudRate));
    });
  }

  unplugged(backAfterNs: number | null): void {
    this.#board.unplug(backAfterNs);
  }

  /** Ends socat; the link is gone then. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#board.adapter.connect(null);
    await this.#stop();
  }

  async #plugged(plugged: boolean): Promise<void> {
    if (!plugged) {
      await this.#stop();
      return;
    }
    try {
      await this.#start();
    } catch (error) {
      this.#onFault(error instanceof PtyError ? error : new PtyError(`${this.path}: ${(error as Error).message}`));
    }
  }

  async #start(): Promise<void> {
    const missing = missingForPtys(process.env);
    if (missing !== null) throw new PtyError(missing);
    clearLink(this.path);
    // Without -d, socat says errors alone. It ends when its standard input does, so it never outlives this process.
    // Its options for a raw line are left alone: it carries them out after the link is there, with a speed of 0, maybe after a
    // host has set its own. The end that is held open below makes the line raw.
    const socat = spawn('socat', [`PTY,link=${this.path}`, 'STDIO'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let words = '';
    let ended = false;
    socat.stderr.on('data', (chunk: Buffer) => {
      words += chunk.toString();
    });
    socat.stdin.on('error', () => {});
    socat.on('error', (error) => {
      ended = true;
      words += error.message;
    });
    socat.on('exit', () => {
      ended = true;
      if (this.#socat !== socat || this.#closed) return;
      this.#socat = null;
      this.#onFault(new PtyError(`socat ended, and ${this.path} with it${asReason(words)}`));
    });
    // A Ctrl-C on the terminal reaches socat as well; its end is then ours.
    const deadlineMs = performance.now() + START_LIMIT_MS;
    while (!leadsSomewhere(this.path)) {
      if (ended) throw new PtyError(`the port ${this.path} could not be made${asReason(words)}`);
      if (performance.now() > deadlineMs) {
        socat.kill();
        throw new PtyError(`socat did not make the port ${this.path} in ${START_LIMIT_MS / 1000} s`);
      }
      await pause(5);
    }
    const { SerialPort } = await loadSerialPort();
    this.#held = await SerialPort.binding.open({ path: this.path, baudRate: POWER_UP_BAUD, lock: false });
    this.#baudRate = POWER_UP_BAUD;
    this.#socat = socat;
    socat.stdout.on('data', (chunk: Buffer) => {
      this.#inOrder(async () => {
        const before = this.#baudRate;
        await this.#readBaudRate();
        if (this.#socat === socat && this.#baudRate !== HUNG_UP) this.#written(Uint8Array.from(chunk), before);
      });
    });
  }

  #written(chunk: Uint8Array, before: number): void {
    const { adapter, chip } = this.#board;
    const { ack, rest } = atTheirSpeeds(chunk, before, this.#baudRate, chip.baudRate);
    if (ack.length > 0) {
      adapter.fromHost(ack, before);
      // What follows was written after the pause that a host makes for the chip, however late it is read here.
      adapter.restToChip(HOST_PAUSE_NS);
    }
    if (rest.length > 0) adapter.fromHost(rest, this.#baudRate);
  }

  async #stop(): Promise<void> {
    const [socat, held] = [this.#socat, this.#held];
    this.#socat = null;
    this.#held = null;
    if (socat !== null) {
      const gone = new Promise((resolve) => socat.once('exit', resolve));
      const running = socat.exitCode === null && socat.signalCode === null;
      socat.kill('SIGTERM');
      if (running) await gone;
    }
    await held?.close().catch(() => {});
  }

  async #readBaudRate(): Promise<void> {
    try {
      const told = await this.#held?.getBaudRate();
      if (told !== undefined) this.#baudRate = told.baudRate;
    } catch {
      // The pty is going: its end is told elsewhere.
    }
  }

  #inOrder(work: () => Promise<void>): void {
    this.#order = this.#order.then(work);
  }
}

/** What a run that was killed left behind may be taken away; anything else may not. @throws {PtyError} */
function clearLink(path: string): void {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return;
  if (!entry.isSymbolicLink() || leadsSomewhere(path)) {
    throw new PtyError(`${path} exists already: another simulation may be running; choose another path`);
  }
  rmSync(path);
}

function leadsSomewhere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Why no port can be made here; null: it can. */
export function missingForPtys({ PATH = '' }: Readonly<Record<string, string | undefined>>): string | null {
  const isThere = PATH.split(delimiter).some(
    (folder) => statSync(join(folder, 'socat'), { throwIfNoEntry: false }) !== undefined,
  );
  return isThere ? null : 'socat is not installed, which makes the serial ports of simulated boards (Debian: socat)';
}

/** socat's last line without its date and process number. */
function asReason(words: string): string {
  const last = words.trim().split('\n').at(-1) ?? '';
  const reason = last.replace(/^.*socat\[\d+\] [A-Z] /, '');
  return reason === '' ? '' : `: ${reason}`;
}
