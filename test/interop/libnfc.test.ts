import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type BoardEvent, type BoardOptions, SimulatedBoard } from '../../rig/sim/board.ts';
import { parseFault } from '../../rig/sim/faults/parse.ts';
import { Field } from '../../rig/sim/field/field.ts';
import { PtyPort } from '../../rig/sim/serial/pty-port.ts';
import { RealTimeline } from '../../rig/sim/timeline.ts';
import { Pn532CardLink } from '../../src/hal/pn532/card-link.ts';
import { HsuPort } from '../../src/hal/pn532/hsu-port.ts';
import { Pn532Reader } from '../../src/hal/pn532/reader.ts';
import { SystemSerialPorts } from '../../src/hal/serial/serial-port.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { SeededRandom } from '../../src/hal/virtual/random.ts';
import { hasEnded } from '../child-end.ts';
import { whileServed } from '../contract/served-link.ts';
import { ToyCard } from '../contract/toy-card.ts';
import { describeNeeds } from './real-parts.ts';

/** libnfc, an implementation of its own, on the ports of simulated boards: it must take them for real ones. */

let folder: string;
let timeline: RealTimeline;
let ports: PtyPort[];
let boards: SimulatedBoard[];
let events: { readonly board: string; readonly event: BoardEvent }[];
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-libnfc-'));
  timeline = new RealTimeline();
  ports = [];
  boards = [];
  events = [];
  children = [];
});
afterEach(async () => {
  for (const child of children) if (!hasEnded(child)) child.kill('SIGKILL');
  timeline.stop();
  for (const port of ports) await port.close();
  rmSync(folder, { recursive: true });
});

/** Boards `a` and `b` in one field, on ptys. */
async function pair(a: BoardOptions = {}, b: BoardOptions = {}): Promise<{ a: string; b: string }> {
  const field = new Field(timeline);
  for (const [name, options] of [['a', a] as const, ['b', b] as const]) {
    const board = new SimulatedBoard(name, timeline, field, options);
    board.onEvent = (event) => events.push({ board: name, event });
    boards.push(board);
    ports.push(
      await PtyPort.open(join(folder, name), board, (error) => {
        throw error;
      }),
    );
  }
  return { a: join(folder, 'a'), b: join(folder, 'b') };
}

interface Libnfc {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  out: string;
}

function libnfc(port: string, program: string, args: readonly string[] = [], input = ''): Libnfc {
  const env = { ...process.env, LIBNFC_DEFAULT_DEVICE: `pn532_uart:${port}:115200` };
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  // A program may end without reading what it is given.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const started: Libnfc = { child, ended, out: '' };
  // Whoever waits for what it says is told why it could not be started.
  child.on('error', (error) => {
    started.out += error.message;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      started.out += chunk.toString();
    });
  }
  return started;
}

/** When board `name` waits to be selected. */
async function listens(name: string): Promise<void> {
  await vi.waitFor(
    () => expect(events.some(({ board, event }) => board === name && isCommand(event, 'TgInitAsTarget'))).toBe(true),
    8000,
  );
}

function isCommand(event: BoardEvent, name: string): boolean {
  return event.type === 'command' && event.name === name;
}

describeNeeds(['socat', 'libnfc'], 'libnfc on simulated boards', () => {
  it('finds a PN532 of firmware 1.6 and leaves it asleep', async () => {
    const { a } = await pair();
    const scan = libnfc(a, 'nfc-scan-device', ['-v']);
    expect(await scan.ended).toBe(0);
    expect(scan.out).toContain('chip: PN532 v1.6');
    expect(boards[0]!.chip.asleep).toBe(true);
  });

  it('finds its memories and its line in order, and a broken one not', async () => {
    const { a, b } = await pair({}, { faults: [parseFault('b:ram-fail').fault] });
    const good = libnfc(a, 'pn53x-diagnose');
    await good.ended;
    expect(good.out).toMatch(/Communication line test: OK\s+ROM test: OK\s+RAM test: OK/);
    const bad = libnfc(b, 'pn53x-diagnose');
    await bad.ended;
    expect(bad.out).toMatch(/Communication line test: OK\s+ROM test: OK\s+RAM test: Failed/);
  });

  it('speaks raw commands with it', async () => {
    const { a } = await pair();
    const shell = libnfc(a, 'pn53x-tamashell', [], '02;\n000055aa;\n0c;\nee;\n');
    await shell.ended;
    expect(shell.out).toMatch(/Rx: 32 {2}01 {2}06 {2}07/);
    expect(shell.out).toMatch(/Rx: 00 {2}55 {2}aa/);
    expect(shell.out).toMatch(/Rx: 3f {2}07 {2}00/);
  });

  it('lists our card on the other board', async () => {
    const { a, b } = await pair();
    const port = new HsuPort({ opener: new SystemSerialPorts(), path: a });
    const link = new Pn532CardLink({ port, clock: systemClock, random: new SeededRandom('libnfc'), mode: 'picc' });
    const told: string[] = [];
    const listOurs = async (): Promise<Libnfc> => {
      await listens('a');
      const started = libnfc(b, 'nfc-list', ['-v', '-t', '1']);
      expect(await started.ended).toBe(0);
      return started;
    };
    const list = await whileServed(link, new ToyCard(), listOurs, ({ type }) => told.push(type));
    expect(list.out).toContain('1 ISO14443A passive target(s) found');
    expect(list.out).toMatch(/ATQA \(SENS_RES\): 00 {2}04/);
    expect(list.out).toMatch(/UID \(NFCID3\): 08/);
    expect(list.out).toMatch(/ATS: 75 {2}33 {2}92 {2}03/);
    expect(told).toContain('power-on');
  });

  it('polls our card, and sees it go', async () => {
    const { a, b } = await pair();
    const port = new HsuPort({ opener: new SystemSerialPorts(), path: a });
    const link = new Pn532CardLink({ port, clock: systemClock, random: new SeededRandom('libnfc'), mode: 'picc' });
    const poll = await whileServed(link, new ToyCard(), async () => {
      await listens('a');
      const started = libnfc(b, 'nfc-poll', ['-v']);
      await vi.waitFor(() => expect(started.out).toContain('Waiting for card removing...'), 10_000);
      expect(started.out).toMatch(/ATQA \(SENS_RES\): 00 {2}04/);
      return started;
    });
    await vi.waitFor(() => expect(poll.out).toContain('done.'), 10_000);
    expect(await poll.ended).toBe(0);
  });

  it('is a Type 4 Tag that our reader reads', async () => {
    const { a, b } = await pair();
    const tag = libnfc(a, 'nfc-emulate-forum-tag4');
    await listens('a');
    const port = new HsuPort({ opener: new SystemSerialPorts(), path: b });
    const reader = new Pn532Reader({ port, clock: systemClock });
    try {
      const session = await reader.connect({ timeoutMs: 5000 });
      // No historical bytes: PC/SC part 3.
      expect(hex(session.atr)).toBe('3b80800101');
      const send = async (apdu: string): Promise<string> =>
        hex((await session.transmit(Buffer.from(apdu, 'hex'))).response);
      expect(await send('00a4040007d276000085010100')).toBe('9000');
      expect(await send('00a4000c02e103')).toBe('9000');
      const container = await send('00b000000f');
      expect(container.slice(0, 4) + container.slice(-4)).toBe('000f9000');
      expect(await send('00a4000c02e104')).toBe('9000');
      const length = Number.parseInt((await send('00b0000002')).slice(0, 4), 16);
      expect(length).toBeGreaterThan(0);
      const message = await send(`00b00002${length.toString(16).padStart(2, '0')}`);
      expect(message.length / 2).toBe(length + 2);
      // The tag that libnfc carries: a smart poster of libnfc.org.
      expect(Buffer.from(message, 'hex').toString('latin1')).toContain('libnfc.org');
      await session.disconnect();
    } finally {
      await reader.close();
    }
    await tag.ended;
    expect(boards.map(({ chip }) => chip.asleep)).toEqual([true, true]);
  });

  it('anticollision by hand: frames of seven bits and without CRC', async () => {
    const { a, b } = await pair();
    const tag = libnfc(a, 'nfc-emulate-forum-tag4');
    await listens('a');
    const anticollision = libnfc(b, 'nfc-anticol');
    await anticollision.ended;
    expect(anticollision.out).toMatch(/Found tag with\s+UID: 0800b00b\s*ATQA: 0004\s+SAK: 20/);
    tag.child.kill('SIGINT');
    await tag.ended;
  });

  it('at the wrong speed understands nothing: the port is what stty says', async () => {
    const { a } = await pair();
    const env = { ...process.env, LIBNFC_DEFAULT_DEVICE: `pn532_uart:${a}:9600` };
    const list = spawn('nfc-list', [], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(list);
    let out = '';
    list.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    await once(list, 'close');
    expect(out).not.toContain('opened');
    expect(events.filter(({ event }) => event.type === 'command')).toEqual([]);
  });

  it('an unplugged board is gone with its link, and comes back', async () => {
    const { a } = await pair({ faults: [parseFault('a:unplug=0.3@60').fault] });
    const scan = libnfc(a, 'nfc-scan-device', ['-v']);
    await scan.ended;
    expect(scan.out).not.toContain('PN532 v1.6');
    await vi.waitFor(() => expect(existsSync(a)).toBe(true), 5000);
    await pause(50);
    const again = libnfc(a, 'nfc-scan-device', ['-v']);
    await again.ended;
    expect(again.out).toContain('chip: PN532 v1.6');
  });

  it('a path that is taken is refused, one that leads nowhere is taken over', async () => {
    const board = new SimulatedBoard('c', timeline, new Field(timeline));
    const path = join(folder, 'c');
    writeFileSync(path, '');
    await expect(PtyPort.open(path, board, () => {})).rejects.toThrow(`${path} exists already`);
    rmSync(path);
    symlinkSync('/dev/pts/99999', path);
    const port = await PtyPort.open(path, board, () => {});
    expect(existsSync(path)).toBe(true);
    await port.close();
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
    await expect(PtyPort.open(join(folder, 'no', 'folder'), board, () => {})).rejects.toThrow(
      `the port ${join(folder, 'no', 'folder')} could not be made`,
    );
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
