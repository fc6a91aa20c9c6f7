import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { hasEnded } from '../child-end.ts';
import { CODE, run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { PROGRAM } from './running-verb.ts';
import { TmuxTerminal } from './tmux-terminal.ts';
import { slotIsEmpty } from './vpcd-card.ts';

const CODE_HEX = Buffer.from(CODE).toString('hex').toUpperCase();
const LIMIT_MS = 120_000;

/** A card of profile vitale2 in the virtual reader, in a process that can be stopped. */
async function emulate(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROGRAM, 'emulate', '--link', 'vpcd', '--profile', 'vitale2'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  child.stdout!.resume();
  return child;
}

async function pulled(card: ChildProcess): Promise<void> {
  if (!hasEnded(card)) {
    const exited = once(card, 'exit');
    card.kill('SIGKILL');
    await exited;
  }
  await slotIsEmpty();
}

describeNeeds([...PCSC_STACK, 'pcscd of our own', 'tmux'], 'the shell, on a card in pcscd', () => {
  let daemon: Pcscd;
  let card: ChildProcess;
  let folder: string;
  let terminal: TmuxTerminal;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-shell-'));
    card = await emulate();
    terminal = new TmuxTerminal(`${process.execPath} ${PROGRAM} shell --reader pcsc`, { XDG_STATE_HOME: folder });
    await terminal.prompt();
  }, LIMIT_MS);
  afterEach(async () => {
    terminal.close();
    await pulled(card);
    rmSync(folder, { recursive: true });
  }, LIMIT_MS);

  it(
    'selects, reads, explains, asks for a code, opens a channel and records',
    async () => {
      const trace = join(folder, 'trace.jsonl');
      await terminal.obey(`record ${trace}`);
      terminal.type('sel');
      terminal.key('Tab');
      await terminal.shows('vitap> select');
      terminal.type('ap');
      terminal.key('Tab');
      await terminal.shows('vitap> select apcv');
      terminal.key('Enter');
      await terminal.shows('84 DF name  F0617043562D454D5501');
      await terminal.prompt();
      // Tab twice lists what begins so: files of the application, which the card has told of.
      terminal.type('read b');
      // Two that arrive in one piece are taken for pasted text.
      await vi.waitFor(
        () => {
          terminal.key('Tab');
          expect(terminal.screen).toMatch(/bench +beneficiaries/);
        },
        { timeout: 20_000, interval: 500 },
      );
      terminal.key('C-c');
      await terminal.prompt();
      expect(await terminal.obey('record 1 2')).toContain('6982 security status not satisfied');
      const explained = await terminal.obey('explain');
      // Contact and contactless ATRs of ISO/IEC 14443-4 cards and of this one look the same: the card has both rules.
      expect(explained).toContain('READ RECORD of E002 by contact needs a code, as security environment 1 says');
      await terminal.obey('select apcv');
      terminal.type('verify');
      terminal.key('Enter');
      await terminal.shows('Code:');
      terminal.type(CODE);
      terminal.key('Enter');
      await terminal.shows('0020008106XXXXXXXXXXXX');
      await terminal.prompt();
      expect(await terminal.obey('record 1 2')).toContain('86 first name  5A4F45');
      expect(await terminal.obey('channel open', 'vitap[1]>')).toContain('channel 1');
      expect(await terminal.obey('select vitale', 'vitap[1]>')).toContain('> 01A404040B');
      await terminal.obey('channel close');
      expect(await terminal.obey('record off')).toContain(`the trace is ${trace}`);
      // A code in hexadecimal is neither shown again nor kept.
      await terminal.obey(`0020008106${CODE_HEX}`);
      terminal.key('Up');
      await terminal.prompt('vitap> record off');
      terminal.key('C-c');
      await terminal.prompt();
      terminal.key('C-d');
      await terminal.shows('ended with 0');
      const history = join(folder, 'vitap', 'shell-history');
      expect(statSync(history).mode & 0o777).toBe(0o600);
      expect(readFileSync(history, 'utf8').split('\n')).toContain('channel open');
      for (const file of [history, trace]) {
        expect(readFileSync(file, 'utf8')).not.toContain(CODE);
        expect(readFileSync(file, 'utf8')).not.toContain(CODE_HEX);
      }
      expect(terminal.screen).not.toContain(CODE);
      const shown = await run(process.execPath, [PROGRAM, 'trace', 'show', trace]);
      expect(shown.out).toContain('VERIFY of reference 81, 6 bytes of data; masked: code');
    },
    LIMIT_MS,
  );

  it(
    'Ctrl-C ends a command whose answer does not come, and the session goes on when it does',
    async () => {
      card.kill('SIGSTOP');
      terminal.type('select vitale');
      terminal.key('Enter');
      await terminal.shows('vitap> select vitale');
      terminal.key('C-c');
      await terminal.shows('its answer is still under way');
      await terminal.prompt();
      card.kill('SIGCONT');
      const next = await terminal.obey('select apcv');
      expect(next).toContain('the command that was interrupted has ended, and its answer is dropped');
      expect(next).toContain('84 DF name  F0617043562D454D5501');
      // Between commands it clears the line, and quits the second time.
      terminal.type('00A4');
      terminal.key('C-c');
      await terminal.prompt();
      terminal.key('C-c');
      await terminal.shows('Ctrl-C again, or Ctrl-D, quits');
      terminal.key('C-c');
      await terminal.shows('ended with 0');
    },
    LIMIT_MS,
  );

  it(
    'says in one sentence that the card was pulled, and goes on with the next one',
    async () => {
      await terminal.obey('select vitale');
      await pulled(card);
      await terminal.shows('the card was taken out of "Virtual PCD 00 00"; `reconnect` goes on with the next one');
      await terminal.prompt();
      expect(await terminal.obey('read 1')).toContain('the session with the card has ended');
      // Nobody puts one in: Ctrl-C ends the wait, and that for a code.
      terminal.type('reconnect');
      terminal.key('Enter');
      await terminal.shows('vitap> reconnect');
      terminal.key('C-c');
      await terminal.prompt();
      terminal.type('verify');
      terminal.key('Enter');
      await terminal.shows('Code:');
      terminal.key('C-c');
      await terminal.shows('no code was given');
      await terminal.prompt();
      card = await emulate();
      expect(await terminal.obey('reconnect')).toContain('ATR 3B 8A 80 01');
      expect(await terminal.obey('select vitale =9000')).not.toContain('FAIL');
    },
    LIMIT_MS,
  );

  it(
    'the same script, in words through a pipe and in hexadecimal through apdu, has the same answers',
    async () => {
      terminal.close();
      const vitap = (verb: string, script: string, ...more: string[]): ReturnType<typeof run> =>
        run(process.execPath, [PROGRAM, verb, '--reader', 'pcsc', ...more], script);
      const steady = (text: string): string => text.replace(/\d+\.\d{3} ms/g, '# ms');
      const words = await vitap('shell', 'select vitale\nread 2\nrecord 1 2\nselect apcv\n');
      const hex = '00A404040BD250000002564954414C4500\n00B0820000\n00B2011400\n00A404040AF0617043562D454D550100=9000\n';
      const bytes = await vitap('apdu', hex);
      expect(words.exit).toBe(0);
      expect(steady(bytes.out)).toBe(steady(words.out));
      expect(words.out.split('\n< ')).toHaveLength(5);
      // The words are apdu's too.
      expect(steady((await vitap('apdu', 'select vitale\nread 2\nrecord 1 2\nselect apcv\n')).out)).toBe(
        steady(words.out),
      );
      const differs = await vitap('apdu', hex.replace('=9000', '=6A82'));
      expect(differs.exit).toBe(1);
      await pulled(card);
      const gone = await vitap('apdu', hex, '--timeout', '1');
      expect([gone.exit, gone.out]).toEqual([2, '']);
      expect(gone.err.trim().split('\n')).toHaveLength(1);
    },
    LIMIT_MS,
  );
});
