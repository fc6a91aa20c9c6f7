import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { runCommandLine } from '../../rig/command/program.ts';
import { VERBS } from '../../rig/command/verbs/index.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { CODE } from './card.ts';
import { RunningVerb } from './running-verb.ts';

/** An emulated processor takes its time. */
export const LIMIT_MS = 300_000;

export interface Said {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a verb in this process, to its end. */
export function vitap(...args: string[]): Promise<Said> {
  return vitapWith({}, ...args);
}

export async function vitapWith(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Said> {
  const io = fakeIo({ env, json: args.includes('--json') });
  const exit = await runCommandLine(args, '0.0.0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

/** What went over the wire in a tap that was printed with --json, without the times. */
export function exchangesOf(tap: Record<string, unknown>): unknown[] {
  const { exchanges } = tap.time as { readonly exchanges: readonly Record<string, unknown>[] };
  expect(exchanges.length).toBeGreaterThan(20);
  return exchanges.map(({ phase, command, header, status, sentBytes, receivedBytes }) => [
    ...[phase, command, header, status, sentBytes, receivedBytes],
  ]);
}

/** A board in qemu, run as a user runs it. */
export class EmulatedBoard extends RunningVerb {
  readonly host: string;

  constructor(elf: string, host: string, ...more: string[]) {
    super('firmware', 'run', elf, '--board', 'mps2-an386', '--host', host, ...more);
    this.host = host;
  }

  started(): Promise<void> {
    return this.says('--reader firmware:');
  }
}

/** Starts a board, does something with it, and stops it. @param more options of `firmware run` */
export async function withBoard(
  elf: string,
  host: string,
  work: (board: EmulatedBoard) => Promise<void>,
  ...more: string[]
): Promise<void> {
  const board = new EmulatedBoard(elf, host, ...more);
  try {
    await board.started();
    await work(board);
  } finally {
    await board.stop();
  }
}

/** Builds firmware for the emulated board into a folder, as `mps2-an386.elf` and others. @param card its options */
export function buildFirmware(folder: string, ...card: string[]): Promise<Said> {
  return vitap('firmware', 'build', '--board', 'mps2-an386', '--out', folder, '--json', ...card);
}

/** Firmware on a board that runs while the tests of a `describe` do. */
export interface RunningFirmware {
  /** A place in their folder: `fw` has what was built, `code` the card's code, `wrong` another one. */
  at(name: string): string;
  /** The port of the board's host side. */
  readonly host: string;
  /** What the build printed. */
  readonly built: unknown;
}

/** Builds the firmware of a card and starts it before the first test, and stops it after the last. */
export function firmwareRuns(...card: string[]): RunningFirmware {
  let folder = '';
  let built: unknown;
  let board: EmulatedBoard | null = null;
  const at = (name: string): string => join(folder, name);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-firmware-'));
    for (const [name, code] of Object.entries({ code: CODE, wrong: '123456' })) {
      writeFileSync(at(name), code, { mode: 0o600 });
    }
    const { exit, out, err } = await buildFirmware(at('fw'), ...card);
    expect([exit, err.includes('fault')]).toEqual([0, false]);
    built = JSON.parse(out);
    board = new EmulatedBoard(at('fw/mps2-an386.elf'), at('host'));
    await board.started();
  }, LIMIT_MS);
  afterAll(async () => {
    await board?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, LIMIT_MS);
  return {
    at,
    get host() {
      return at('host');
    },
    get built() {
      return built;
    },
  };
}

/** Two simulated PN532 boards in one field. */
export class BoardPair extends RunningVerb {
  constructor(a: string, b: string) {
    super('board', 'sim', '--pair', '--link-a', a, '--link-b', b);
  }

  started(): Promise<void> {
    return this.says('ready');
  }

  /** A host has made one of them a card. */
  targeted(): Promise<void> {
    return this.says('TgInitAsTarget');
  }
}

/** `vitap record` between the card of a board and the first slot of vpcd. */
export class RecordingRelay extends RunningVerb {
  constructor(trace: string, host: string) {
    super('record', trace, '--reader', `firmware:${host}`, '--to', 'vpcd');
  }
}
