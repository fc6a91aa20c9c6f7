import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { READING } from '../../rig/life/counter/reading.ts';
import { Phone } from '../../rig/life/phone/phone.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { systemRandom } from '../../src/hal/system/random.ts';
import { childEnd } from '../child-end.ts';
import { expectPublished } from '../rig/command/published-schemas.ts';
import { crypto } from '../rig/life/phone/blank-card.ts';
import { IssuerDouble } from '../rig/life/phone/issuer-double.ts';
import { run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { PROGRAM } from './running-verb.ts';
import { startServing } from './served-verb.ts';
import { cardIsIn, slotIsEmpty } from './vpcd-card.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const CODE = '385127';

/** `vitap phone present` behind pcscd's virtual reader, read by `vitap tap` as a professional's terminal. */
describeNeeds(PCSC_STACK, 'a phone behind pcscd and vpcd', () => {
  let root: string;
  let folder: string;
  let daemon: Pcscd;
  let presenting: ChildProcess | null = null;
  let said = '';
  const vitap = (env: Record<string, string>, ...words: string[]): ReturnType<typeof run> =>
    run('env', [
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      process.execPath,
      PROGRAM,
      ...words,
    ]);
  const phone = (...words: string[]) => vitap({ VITAP_PIN: CODE }, 'phone', ...words, '--phone', folder);
  const tap = () =>
    vitap({}, 'tap', '--reader', 'pcsc', '--can-file', join(root, 'can'), '--terminal-keys', 'test', '--json');

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'vitap-phone-'));
    folder = join(root, 'p');
    const made = Phone.open(folder, { crypto, random: systemRandom, clock: systemClock });
    const newCode = () => Promise.resolve(new TextEncoder().encode(CODE));
    await made.activate({ ticket: 'application:1.right', issuer: new IssuerDouble(), newCode, test: false });
    writeFileSync(join(root, 'can'), made.view().can as string, { mode: 0o600 });
    made.close();
    daemon = await Pcscd.start();
  });
  afterEach(async () => {
    if (presenting === null) return;
    presenting.kill('SIGINT');
    await childEnd(presenting);
    presenting = null;
    await slotIsEmpty();
  });
  afterAll(async () => {
    await daemon?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  async function present(...words: string[]): Promise<void> {
    said = '';
    const env = { ...process.env, VITAP_PIN: CODE };
    const args = [PROGRAM, 'phone', 'present', '--phone', folder, '--json', ...words];
    presenting = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    presenting.stdout?.on('data', (part: Buffer) => {
      said += part.toString();
    });
    await vi.waitFor(() => expect(said).toContain('"event":"open"'), { timeout: 60_000, interval: 50 });
    await cardIsIn();
  }

  /** How the presentation has ended, which may have been before it is asked. */
  async function ended(): Promise<number | null> {
    return childEnd(presenting as ChildProcess);
  }

  const people = (out: string): unknown =>
    (JSON.parse(out) as { beneficiaries?: { usualName: string }[] }).beneficiaries?.map(({ usualName }) => usualName);

  it('gives one reader with the CAN and a terminal’s keys what it may read, and the next one nothing', async () => {
    await present('--stay');
    const first = await tap();
    expect([first.exit, people(first.out)]).toEqual([0, ['ADRUN', 'ECETINSI']]);
    const second = await tap();
    expect(people(second.out)).toEqual([]);
    expect(second.out).not.toContain('ADRUN');
    // The holder opens it again from another process, then locks it before a reader comes.
    const unlocked: unknown = JSON.parse((await phone('unlock', '--json')).out);
    expectPublished('phone-unlock', unlocked);
    expect(unlocked).toMatchObject({ window: { uses: 1 } });
    expect(people((await tap()).out)).toEqual(['ADRUN', 'ECETINSI']);
    await phone('unlock');
    expect((await phone('lock')).out).toBe('locked\n');
    expect(people((await tap()).out)).toEqual([]);
    const status = JSON.parse((await phone('status', '--json')).out) as object;
    expectPublished('phone-status', status);
    for (const line of said.trim().split('\n')) expectPublished('phone-present-event', JSON.parse(line));
    expect(status).toMatchObject({ running: true, life: 'active', window: null });
  });

  it('nothing without the keys, nothing with another CAN, and the phone is not another process’s meanwhile', async () => {
    await present('--stay');
    const plain = await vitap({}, 'tap', '--reader', 'pcsc', '--json');
    expect(plain.out).not.toContain('ADRUN');
    writeFileSync(join(root, 'wrong'), '000000', { mode: 0o600 });
    const wrong = ['tap', '--reader', 'pcsc', '--can-file', join(root, 'wrong'), '--terminal-keys', 'test', '--json'];
    expect((await vitap({}, ...wrong)).out).not.toContain('ADRUN');
    const busy = await phone('qr', '--offline');
    expect([busy.exit, busy.err]).toEqual([2, expect.stringContaining('is in use')]);
    const guess = await vitap({ VITAP_PIN: '385128' }, 'phone', 'unlock', '--phone', folder);
    expect([guess.exit, guess.err]).toEqual([1, 'vitap: the code is wrong: 2 tries left\n']);
    // The wrong code has closed the window.
    expect(people((await tap()).out)).toEqual([]);
  });

  it('as a page: the window is opened there, and a counter reads it at its PC/SC reader once', async () => {
    const served = await startServing(['phone', 'serve', '--link', 'vpcd', '--port', '0', '--phone', folder]);
    const { origin, hash } = new URL(served.address);
    const headers = { authorization: `Bearer ${hash.slice(1)}`, 'content-type': 'application/json' };
    const window = async (code: string): Promise<unknown> => {
      const body = JSON.stringify({ code });
      const answer = await fetch(`${origin}/api/phone/window`, { method: 'POST', headers, body });
      return answer.json();
    };
    const counter = () => {
      const reader = ['--reader', 'pcsc', '--can-file', join(root, 'can'), '--keys', 'test'];
      const alone = ['--offline', '--accept-unchecked', '--counter', join(root, 'counter')];
      return vitap({}, 'counter', 'tap', ...reader, ...alone, '--json');
    };
    try {
      expect(await window('385128')).toMatchObject({ error: 'wrong-code' });
      expect(await window(CODE)).toEqual({ done: true });
      await cardIsIn();
      const read = await counter();
      expect(read.exit, read.err).toBe(0);
      expect(READING.parse(JSON.parse(read.out)).people).toHaveLength(2);
      await slotIsEmpty();
      const view = (await (await fetch(`${origin}/api/phone`, { headers })).json()) as { window: unknown };
      expect(view.window).toBeNull();
    } finally {
      await served.interrupt();
    }
  });

  it('ends when its one reader has read, and on Ctrl-C', async () => {
    await present();
    expect(people((await tap()).out)).toEqual(['ADRUN', 'ECETINSI']);
    expect(await ended()).toBe(0);
    await slotIsEmpty();
    await present('--fault', 'slow-phone');
    (presenting as ChildProcess).kill('SIGINT');
    expect(await ended()).toBe(130);
  });
});
