import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { ExitCode } from '../../rig/console/io.ts';
import type { TraceEvent, TraceHeader } from '../../rig/trace/model.ts';
import { TraceReader } from '../../rig/trace/reader.ts';
import { type RecordOptions, record } from '../../rig/trace/record/record.ts';
import { PcscReader } from '../../src/hal/pcsc/index.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { VPCD_PORT } from '../../src/hal/vpcd/index.ts';
import { failureOf } from '../contract/served-link.ts';
import { type FakeIo, fakeIo } from '../rig/console/fake-io.ts';
import { CODE, run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds, PCSC_STACK } from './real-parts.ts';
import { exchanges, imported, PYSCARD, serveWitnessed } from './recorded-session.ts';
import { PROGRAM } from './running-verb.ts';
import { SLOTS, slotIsEmpty, type VpcdCard } from './vpcd-card.ts';

const SELECT_OWN = '00A404000AF0617043562D454D550100';
const VERIFY = `0020008106${Buffer.from(CODE).toString('hex')}`;
const SESSION = [SELECT_OWN, VERIFY, '00B2010C00', '00B2011400', '00B2031400', '00B2012400', '00B2092400'];

/* The card is in pcscd's first slot, the relay is the card in its second. */
describeNeeds([...PCSC_STACK, 'opensc-tool', 'pyscard'], 'a recording relay through pcscd', () => {
  let daemon: Pcscd;
  let folder: string;
  const programs: ChildProcess[] = [];
  let card: VpcdCard & { readonly seen: string[]; readonly atr: string };
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-record-'));
    card = await serveWitnessed();
  });
  afterEach(async () => {
    for (const program of programs.splice(0)) program.kill('SIGKILL');
    await card.remove();
    await slotIsEmpty(1);
    rmSync(folder, { recursive: true });
  });

  interface Relay {
    readonly io: FakeIo;
    readonly path: string;
    readonly ended: Promise<ExitCode>;
    readonly end: () => void;
  }

  /** Returns when pcscd has found the relayed card. */
  async function relay(options: Partial<RecordOptions> = {}): Promise<Relay> {
    const path = join(folder, 'session.jsonl');
    const ending = new AbortController();
    const io = fakeIo({ signal: ending.signal });
    const ended = record(
      {
        output: path,
        keepSecrets: false,
        redactionKey: null,
        reader: { driver: 'pcsc', name: SLOTS[0] },
        card: null,
        to: { driver: 'vpcd', host: '127.0.0.1', port: VPCD_PORT + 1 },
        interface: null,
        once: false,
        forMs: null,
        wait: false,
        timeoutMs: 10_000,
        ...options,
      },
      io,
    );
    await Promise.race([failureOf(ended), relayedCardIs(true)]);
    return { io, path, ended, end: () => ending.abort() };
  }

  async function relayedCardIs(present: boolean): Promise<void> {
    const reader = new PcscReader({ clock: systemClock });
    try {
      await vi.waitFor(async () => {
        const seen = (await reader.list()).find((each) => each.name === SLOTS[1]);
        expect(seen?.cardPresent).toBe(present);
      }, 10_000);
    } finally {
      await reader.close();
    }
  }

  async function traceOf(path: string): Promise<{ header: TraceHeader; events: TraceEvent[] }> {
    const reader = await TraceReader.open(path);
    const events: TraceEvent[] = [];
    for await (const event of reader) events.push(event);
    return { header: reader.header, events };
  }

  const openscTool = (commands: readonly string[]): ReturnType<typeof run> =>
    run('opensc-tool', ['-r', '1', '-c', 'default', ...commands.flatMap((command) => ['-s', command])]);
  const pyscard = (commands: readonly string[]): ReturnType<typeof run> =>
    run('/usr/bin/python3', ['-c', PYSCARD, SLOTS[1], ...commands]);

  it('opensc-tool sees the card, and the trace is what it printed', async () => {
    const { end, ended, path, io } = await relay({ keepSecrets: true });
    const printed = await openscTool(SESSION);
    end();
    expect(await ended).toBe(0);
    expect(printed.exit).toBe(0);
    const { header, events } = await traceOf(path);
    const told = exchanges((await imported('opensc-tool', printed.out)).events);
    expect(told).toHaveLength(2 * SESSION.length);
    expect(exchanges(events)).toEqual(expect.arrayContaining(told));
    // All that came to the card, what opensc-tool asks by itself too, and in that order.
    expect(exchanges(events)).toEqual(card.seen);
    expect(header).toMatchObject({ atr: card.atr, backend: 'simulated', reader: SLOTS[0], source: 'vitap record' });
    expect(io.out.join('')).toMatch(/added by the relay: median \d+\.\d{3} ms, 99 % within \d+\.\d{3} ms/);
    for (const [i, event] of events.entries()) expect(event.t).toBeGreaterThanOrEqual(events[i - 1]?.t ?? 0);
  });

  it('pyscard gets ATR and answers as from the card itself, and codes are masked in the trace', async () => {
    const { end, ended, path } = await relay();
    const printed = await pyscard(SESSION);
    end();
    expect(await ended).toBe(0);
    const [atr, ...answers] = printed.out.trim().split('\n');
    expect(atr).toBe(card.atr);
    expect(answers).toEqual(card.seen.filter((line) => line.startsWith('<')).map((line) => line.slice(2)));
    const { events } = await traceOf(path);
    const verify = events.find((event) => event.type === 'command' && event.apdu.startsWith('0020'));
    expect(verify).toMatchObject({ apdu: '0020008106XXXXXXXXXXXX' });
    expect(readFileSync(path, 'latin1')).not.toContain(Buffer.from(CODE).toString('hex'));
  });

  it('passes a reset on: what was proven is forgotten', async () => {
    const { end, ended } = await relay();
    // The card takes its code in the clear with contacts, and record 1 of file 02 wants it.
    const first = await pyscard([SELECT_OWN, VERIFY, '00B2011400']);
    const second = await pyscard([SELECT_OWN, '00B2011400']);
    end();
    await ended;
    expect(first.out.trim().split('\n').at(-1)).toMatch(/9000$/);
    expect(second.out.trim().split('\n').at(-1)).toBe('6982');
  });

  it('a card taken out between two commands is taken out for the terminal; put in again it is there again', async () => {
    const { end, ended, path, io } = await relay();
    expect((await pyscard([SELECT_OWN])).out).toMatch(/9000\n$/);
    await card.remove();
    await relayedCardIs(false);
    card = await serveWitnessed();
    await relayedCardIs(true);
    expect((await pyscard([SELECT_OWN, '00B2010C00'])).out.trim().split('\n')).toHaveLength(3);
    end();
    expect(await ended).toBe(0);
    const { events } = await traceOf(path);
    expect(events).toContainEqual(expect.objectContaining({ type: 'note', text: 'card-removed' }));
    expect(io.out.join('')).toContain('the card left once');
  });

  it('a card taken out in the middle of a session: the terminal gets an error, the trace is whole', async () => {
    const { ended, path } = await relay({ once: true });
    const program = pyscardInSteps([SELECT_OWN, 'wait', '00B2010C00']);
    await vi.waitFor(() => expect(program.out()).toMatch(/9000\n$/), 10_000);
    card.link.stop();
    expect(await ended).toBe(0);
    program.goOn();
    expect(await program.done).toMatch(/ERROR \w+\n$/);
    const { events } = await traceOf(path);
    expect(exchanges(events).slice(0, 2)).toEqual(card.seen.slice(0, 2));
    expect(events.at(-1)).toMatchObject({ type: 'note' });
    expect(readdirSync(folder)).toEqual(['session.jsonl']);
  });

  it('Ctrl-C in the middle of a session keeps what was recorded; the terminal sees the card go', async () => {
    const path = join(folder, 'session.jsonl');
    const to = `vpcd:127.0.0.1:${VPCD_PORT + 1}`;
    const args = [PROGRAM, 'record', path, '--reader', `pcsc:${SLOTS[0]}`, '--to', to];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
      });
      const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
      await relayedCardIs(true);
      const program = pyscardInSteps([SELECT_OWN, 'wait', '00B2010C00']);
      await vi.waitFor(() => expect(program.out()).toMatch(/9000\n$/), 10_000);
      child.kill('SIGINT');
      expect(await exit).toBe(130);
      await relayedCardIs(false);
      program.goOn();
      expect(await program.done).toMatch(/ERROR \w+\n$/);
      expect(readdirSync(folder)).toEqual(['session.jsonl']);
      expect(exchanges((await traceOf(path)).events)).toEqual(card.seen.slice(0, 2));
      expect(out).toContain(`${path}: 1 exchange of ${SLOTS[0]}, relayed to ${to}`);
    } finally {
      child.kill('SIGKILL');
    }
  });

  itNeeds(['pcscd of our own'], 'waits for a pcscd that is killed, and goes on when it is back', async () => {
    const { end, ended, path, io } = await relay();
    expect((await pyscard([SELECT_OWN])).out).toMatch(/9000\n$/);
    await daemon.kill9();
    await vi.waitFor(() => expect(io.err.join('')).toContain('; waiting for it to come back'), 20_000);
    daemon = await Pcscd.start();
    await relayedCardIs(true);
    // Power went with the service: the application is not selected any more.
    expect((await pyscard(['00B2010C00', SELECT_OWN])).out.trim().split('\n').slice(1)).toEqual([
      '6A82',
      expect.stringMatching(/9000$/),
    ]);
    end();
    expect(await ended).toBe(0);
    const { events } = await traceOf(path);
    const notes = events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
    expect(notes).toEqual(expect.arrayContaining(['no-service', 'the PC/SC service is back']));
    expect(exchanges(events)).toEqual(card.seen);
    expect(io.out.join('')).toContain('the PC/SC service went away once');
    expect(readdirSync(folder)).toEqual(['session.jsonl']);
  });

  it('no command, no trace: an older one stays', async () => {
    writeFileSync(join(folder, 'session.jsonl'), 'older');
    const { end, ended, path } = await relay();
    end();
    await expect(ended).rejects.toThrow('no command came to the card');
    expect(readdirSync(folder)).toEqual(['session.jsonl']);
    expect(readFileSync(path, 'utf8')).toBe('older');
  });

  function pyscardInSteps(commands: readonly string[]): {
    readonly out: () => string;
    readonly goOn: () => void;
    readonly done: Promise<string>;
  } {
    const child = spawn('/usr/bin/python3', ['-c', PYSCARD, SLOTS[1], ...commands], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    programs.push(child);
    // It may have ended when it is told to go on.
    child.stdin.on('error', () => {});
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    const done = new Promise<string>((resolve) => child.on('close', () => resolve(out)));
    return { out: () => out, goOn: () => child.stdin.end('\n'), done };
  }
});
