import { expect } from 'vitest';
import { runCommandLine } from '../../rig/command/program.ts';
import { VERBS } from '../../rig/command/verbs/index.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
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
