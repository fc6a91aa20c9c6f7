import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds, PCSC_STACK } from './real-parts.ts';

const PROGRAM = new URL('../../bin/vitap.js', import.meta.url).pathname;
/** A verb that has not ended after so long hangs. */
const HANGS_MS = 60_000;
/** Long enough to be in the wait for the service. */
const UNDER_WAY_MS = 1500;

/** Every verb that uses PC/SC; the longest wait that it can be told to take. */
const VERBS: readonly (readonly string[])[] = [
  ['tap', '--reader', 'pcsc', '--timeout', '2'],
  ['tap', '--reader', 'acr122:ACR122', '--timeout', '2'],
  ['conform', '--suite', 'iso7816-4', '--reader', 'pcsc', '--timeout', '2'],
  ['conform', '--suite', 'iso7816-4', '--image', 'vitale2', '--reader', 'pcsc', '--timeout', '2'],
  ['record', 'FOLDER/recorded.jsonl', '--reader', 'pcsc', '--timeout', '2'],
  ['replay', 'FOLDER/session.jsonl', '--reader', 'pcsc', '--timeout', '2'],
  ['bench', 'tap', '--reader', 'pcsc', '--timeout', '2'],
  ['bench', 'apdu', '--reader', 'pcsc'],
  ['bench', 'soak', '--reader', 'pcsc', '--timeout', '2', '--for', '1m'],
];

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

  const start = (args: readonly string[]): ChildProcess & { said: () => { out: string; err: string } } => {
    const child = spawn(process.execPath, [PROGRAM, ...args.map((each) => each.replace('FOLDER', folder))], {
      env: { ...process.env, VITAP_PIN: '274916' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    programs.push(child);
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    return Object.assign(child, { said: () => said });
  };

  /** `hangs` when it is still there after {@link HANGS_MS}. */
  const exitOf = async (child: ChildProcess): Promise<number | string> => {
    const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
    return Promise.race([ended, pause(HANGS_MS, 'hangs', { ref: false })]);
  };

  const lastLine = (err: string): string => err.trim().split('\n').at(-1)!;
  const noFault = (err: string): void => expect(err).not.toMatch(/\n\s+at |fault of vitap/);

  describe('before the verb begins', () => {
    beforeEach(async () => {
      await run(process.execPath, [PROGRAM, 'tap', '--profile', 'vitale2', '--record', join(folder, 'session.jsonl')]);
      daemon.signal('SIGSTOP');
    });

    it.for(VERBS)('%j ends by itself: exit 2, and why', { timeout: 120_000 }, async (args) => {
      const child = start(args);
      expect(await exitOf(child)).toBe(2);
      const { err } = child.said();
      expect(err).toMatch(/The PC\/SC service \(pcscd\) runs but has not answered for \d+ s/);
      noFault(err);
    });

    it.for(
      VERBS.flatMap((args) => [
        { args, signal: 'SIGINT' as const, code: 130 },
        { args, signal: 'SIGTERM' as const, code: 143 },
      ]),
    )('$args ends by $signal: exit $code', { timeout: 120_000 }, async ({ args, signal, code }) => {
      const patient = args.map((each, i) => (args[i - 1] === '--timeout' ? '60' : each));
      const child = start(patient);
      await pause(UNDER_WAY_MS);
      child.kill(signal);
      expect(await exitOf(child)).toBe(code);
      const { err, out } = child.said();
      expect([lastLine(err), out]).toEqual(['vitap: interrupted', '']);
    });

    it('doctor says what is wrong', { timeout: 120_000 }, async () => {
      const child = start(['doctor']);
      expect(await exitOf(child)).toBe(1);
      expect(child.said().out).toMatch(/FAIL {2}Readers and cards: .*\s+.*has not answered/);
    });

    it('demo ends', { timeout: 120_000 }, async () => {
      const child = start(['demo']);
      expect(await exitOf(child)).toBe(2);
      noFault(child.said().err);
    });

    it('a card on the virtual reader ends by Ctrl-C', { timeout: 120_000 }, async () => {
      const child = start(['emulate', '--link', 'vpcd', '--profile', 'vitale2']);
      await vi.waitFor(() => expect(child.said().err).toContain('The reader takes no notice'), 20_000);
      child.kill('SIGINT');
      expect(await exitOf(child)).toBe(130);
    });

    itNeeds(['socat'], 'a board that is read back with PC/SC ends', async () => {
      const [boards, image] = [join(folder, 'board'), join(folder, 'vitale2.img')];
      const sim = start(['board', 'sim', '--link', boards]);
      await vi.waitFor(() => expect(sim.said().out + sim.said().err).toContain(boards), 20_000);
      await run(process.execPath, [PROGRAM, 'card', 'build', '--profile', 'vitale2', '--output', image]);
      const child = start([
        'board',
        'flash',
        '--board',
        `pn532:${boards}`,
        '--image',
        image,
        '--verify-with',
        'pcsc:V',
      ]);
      const code = await exitOf(child);
      expect([code, child.said().out + child.said().err]).toEqual([
        expect.any(Number),
        expect.stringMatching(/has not answered/),
      ]);
      expect([1, 2]).toContain(code);
    });
  });

  describe('while a verb is under way', () => {
    beforeEach(async () => {
      const card = start(['emulate', '--link', 'vpcd', '--profile', 'vitale2']);
      await vi.waitFor(() => expect(card.said().out).toContain('The reader is there.'), 20_000);
    });

    const LONG: readonly (readonly string[])[] = [
      ['bench', 'apdu', '--reader', 'pcsc', '--profile', 'vitale2', '--count', '9999999'],
      ['bench', 'soak', '--reader', 'pcsc', '--profile', 'vitale2', '--for', '10m'],
      ['conform', '--suite', 'iso7816-4', '--reader', 'pcsc', '--image', 'vitale2'],
    ];

    it.for(
      LONG.flatMap((args) => [
        { args, signal: null, code: 2 },
        { args, signal: 'SIGINT' as const, code: 130 },
        { args, signal: 'SIGTERM' as const, code: 143 },
      ]),
    )('$args, $signal: exit $code', { timeout: 120_000 }, async ({ args, signal, code }) => {
      const child = start(args);
      await pause(UNDER_WAY_MS + 1000);
      daemon.signal('SIGSTOP');
      if (signal !== null) child.kill(signal);
      expect([await exitOf(child), child.said().err]).toEqual([
        code,
        expect.stringMatching(signal === null ? /has not answered/ : /interrupted/),
      ]);
      noFault(child.said().err);
    });
  });
});
