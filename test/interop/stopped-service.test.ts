import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds, PCSC_STACK } from './real-parts.ts';
import { PROGRAM } from './running-verb.ts';

/** A verb that has not ended after so long hangs. */
const HANGS_MS = 60_000;
/** Long enough to be in the wait for the service, or at work, with nine of them on two cores. */
const UNDER_WAY_MS = 4000;

/**
 * `npm run test:deep` runs it all: every verb, SIGTERM, the demo, a board that is read back, and each way of being
 * stopped at work. Otherwise those that wait in different places: for the service, for a card, in a suite, in a bench.
 */
const DEEP = process.env.VITAP_DEEP_RUNS !== undefined;
const SAMPLED: readonly string[] = [
  'tap --reader pcsc-ffi',
  'conform --suite iso7816-4 --reader',
  'record',
  'bench apdu',
];

/** Every verb that uses PC/SC; the longest wait that it can be told to take. */
const ALL_VERBS: readonly (readonly string[])[] = [
  ['tap', '--reader', 'pcsc', '--timeout', '2'],
  ['tap', '--reader', 'pcsc-ffi', '--timeout', '2'],
  ['tap', '--reader', 'acr122:ACR122', '--timeout', '2'],
  ['conform', '--suite', 'iso7816-4', '--reader', 'pcsc', '--timeout', '2'],
  ['conform', '--suite', 'iso7816-4', '--image', 'vitale2', '--reader', 'pcsc', '--timeout', '2'],
  ['record', 'FOLDER/recorded.jsonl', '--reader', 'pcsc', '--timeout', '2'],
  ['replay', 'FOLDER/session.jsonl', '--reader', 'pcsc', '--timeout', '2'],
  ['bench', 'tap', '--reader', 'pcsc', '--timeout', '2'],
  ['bench', 'apdu', '--reader', 'pcsc'],
  ['bench', 'soak', '--reader', 'pcsc', '--timeout', '2', '--minutes', '1'],
];

const VERBS = DEEP ? ALL_VERBS : ALL_VERBS.filter((args) => SAMPLED.some((name) => args.join(' ').startsWith(name)));

interface Started {
  readonly child: ChildProcess;
  readonly said: { out: string; err: string };
  /** `hangs` when it is still there after {@link HANGS_MS}. */
  readonly exit: Promise<number | string>;
}

describeNeeds([...PCSC_STACK, 'pcscd of our own'], 'a PC/SC service that is stopped', () => {
  let daemon: Pcscd;
  let folder: string;
  const programs: ChildProcess[] = [];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-stopped-'));
    daemon = await Pcscd.start();
  });
  afterEach(async () => {
    for (const program of programs.splice(0)) program.kill('SIGKILL');
    daemon.signal('SIGCONT');
    await daemon.stop();
    rmSync(folder, { recursive: true });
  });

  const start = (args: readonly string[]): Started => {
    const child = spawn(process.execPath, [PROGRAM, ...args.map((each) => each.replace('FOLDER', folder))], {
      env: { ...process.env, VITAP_PIN: '274916' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    programs.push(child);
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
    const exit = Promise.race([ended, pause(HANGS_MS, 'hangs', { ref: false })]);
    return { child, said, exit };
  };

  const lastLine = (err: string): string => err.trim().split('\n').at(-1)!;
  const noFault = (err: string): void => expect(err).not.toMatch(/\n\s+at |fault of vitap/);

  describe('before the verb begins', () => {
    beforeEach(async () => {
      await run(process.execPath, [PROGRAM, 'tap', '--profile', 'vitale2', '--record', join(folder, 'session.jsonl')]);
      daemon.signal('SIGSTOP');
    });

    it('every verb ends by itself: exit 2, and why', { timeout: 180_000 }, async () => {
      const started = VERBS.map((args) => ({ args, ...start(args) }));
      for (const { args, exit, said } of started) {
        expect([args, await exit]).toEqual([args, 2]);
        expect(said.err).toMatch(/the PC\/SC service \(pcscd\) runs but has not answered for \d+ s/);
        noFault(said.err);
      }
    });

    const signals = [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const;
    it.for(DEEP ? signals : signals.slice(0, 1))(
      'every verb ends by %s: exit %i',
      { timeout: 180_000 },
      async ([signal, code]) => {
        const patient = (args: readonly string[]): string[] =>
          args.map((each, i) => (args[i - 1] === '--timeout' ? '60' : each));
        const started = VERBS.map((args) => ({ args, ...start(patient(args)) }));
        await pause(UNDER_WAY_MS);
        for (const { child } of started) child.kill(signal);
        for (const { args, exit, said } of started) {
          expect([args, await exit, lastLine(said.err), said.out]).toEqual([args, code, 'vitap: interrupted', '']);
        }
      },
    );

    it('doctor says what is wrong', { timeout: 120_000 }, async () => {
      const { exit, said } = start(['doctor']);
      expect(await exit).toBe(1);
      expect(said.out).toMatch(/FAIL {2}Readers and cards: .*\s+.*has not answered/);
    });

    if (DEEP)
      it('demo ends', { timeout: 120_000 }, async () => {
        const { exit, said } = start(['demo']);
        expect(await exit).toBe(2);
        noFault(said.err);
      });

    it('a card on the virtual reader ends by Ctrl-C', { timeout: 120_000 }, async () => {
      const { child, exit, said } = start(['emulate', '--link', 'vpcd', '--profile', 'vitale2']);
      await vi.waitFor(() => expect(said.out).toContain('The reader takes no notice'), 20_000);
      child.kill('SIGINT');
      expect(await exit).toBe(130);
    });

    if (DEEP)
      itNeeds(['socat'], 'a board that is read back with PC/SC ends', async () => {
        const [board, image] = [join(folder, 'board'), join(folder, 'vitale2.img')];
        const sim = start(['board', 'sim', '--link-a', board]);
        await vi.waitFor(() => expect(sim.said.out + sim.said.err).toContain(board), 20_000);
        await run(process.execPath, [PROGRAM, 'card', 'build', 'vitale2', '--out', image]);
        const { exit, said } = start([
          ...['board', 'flash', '--board', `pn532:${board}`],
          ...['--image', image, '--verify-with', 'pcsc:Virtual'],
        ]);
        expect([1, 2]).toContain(await exit);
        expect(said.out + said.err).toMatch(/has not answered/);
      });
  });

  it('conform in the middle of its run ends in its time: exit 2, one sentence, reports without a verdict', {
    timeout: 120_000,
  }, async () => {
    const files = ['--junit', '--html'].flatMap((option) => [option, `FOLDER/run${option}`]);
    const { exit, said } = start([
      ...['conform', '--suite', 'iso7816-4', '--reader', 'pcsc', '--image', 'vitale2', '--timeout', '2'],
      ...files,
    ]);
    // How many cases are done.
    await vi.waitFor(() => expect(said.err).toMatch(/\d+ of \d+/), 30_000);
    daemon.signal('SIGSTOP');
    expect(await exit).toBe(2);
    expect(said.out.trimEnd().split('\n').at(-1)).toMatch(
      /^the reader was lost after \d+ of \d+ cases \(.*has not answered for \d+ s.*\); this is no verdict$/,
    );
    expect(said.err.match(/^vitap: .*$/gm)).toEqual([expect.stringMatching(/has not answered for \d+ s/)]);
    expect(readFileSync(join(folder, 'run--junit'), 'utf8')).toMatch(/<error message="the reader was lost after/);
    expect(readdirSync(folder).sort()).toEqual(['run--html', 'run--junit']);
    noFault(said.err);
  });

  describe('while a verb is under way', () => {
    const APDU = ['bench', 'apdu', '--reader', 'pcsc', '--profile', 'vitale2', '--count', '9999999'];
    const FFI = ['bench', 'apdu', '--reader', 'pcsc-ffi', '--profile', 'vitale2', '--count', '9999999'];
    const SOAK = ['bench', 'soak', '--reader', 'pcsc', '--profile', 'vitale2', '--minutes', '10'];
    const CONFORM = ['conform', '--suite', 'iso7816-4', '--reader', 'pcsc', '--image', 'vitale2'];

    const ways = [
      { args: APDU, signal: null, code: 2 },
      { args: APDU, signal: 'SIGINT', code: 130 },
      { args: APDU, signal: 'SIGTERM', code: 143 },
      { args: FFI, signal: null, code: 2 },
      { args: FFI, signal: 'SIGINT', code: 130 },
      { args: SOAK, signal: 'SIGINT', code: 130 },
      { args: CONFORM, signal: 'SIGINT', code: 130 },
    ] as const;
    it.for(DEEP ? ways : [ways[0], ways[4], ways[6]])(
      '$args, $signal: exit $code',
      { timeout: 120_000 },
      async ({ args, signal, code }) => {
        if (args !== CONFORM) {
          const card = start(['emulate', '--link', 'vpcd', '--profile', 'vitale2']);
          await vi.waitFor(() => expect(card.said.out).toContain('The reader is there.'), 20_000);
        }
        const { child, exit, said } = start(args);
        await pause(UNDER_WAY_MS);
        daemon.signal('SIGSTOP');
        if (signal !== null) child.kill(signal);
        const words = signal === null ? /has not answered/ : /interrupted/;
        expect([await exit, said.err]).toEqual([code, expect.stringMatching(words)]);
        noFault(said.err);
      },
    );
  });
});
