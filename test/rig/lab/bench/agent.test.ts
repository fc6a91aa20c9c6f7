import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactVerify, importJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UF2_FAMILY, writeUf2 } from '../../../../rig/board/firmware/uf2.ts';
import type { TakenRun } from '../../../../rig/lab/api/bench.ts';
import { FIGURES } from '../../../../rig/lab/api/figure.ts';
import { LabRefused, LabUnreachable } from '../../../../rig/lab/api/lab-refused.ts';
import { RESULT_STATEMENT, type ResultStatement } from '../../../../rig/lab/api/result.ts';
import { Agent } from '../../../../rig/lab/bench/agent.ts';
import { NO_BENCH_FILE, parseBenchFile } from '../../../../rig/lab/bench/bench-file.ts';
import { benchSigner } from '../../../../rig/lab/bench/bench-key.ts';
import { devicesOf, type LocalDevice } from '../../../../rig/lab/bench/devices.ts';
import { KEPT_DRIFT, NO_DRIFT } from '../../../../rig/lab/bench/drift.ts';
import { OwnFile } from '../../../../rig/lab/bench/own-file.ts';
import { Spool } from '../../../../rig/lab/bench/spool.ts';
import { failureOf } from '../../../contract/served-link.ts';
import { LabDouble } from './lab-double.ts';

const SLOW_MS = 90_000;
const NO_READERS = { driver: 'pcsc', readers: [] } as const;

let folder: string;
let lab: LabDouble;
let stop: AbortController;
/** Ends what is asked of the lab. */
let cut: AbortSignal;
let said: string[];
let noRoom: string | null;
let accepted: string[];
let drift: string | null;
let acceptFails: Error | null;
const running: Promise<void>[] = [];
let failed: Promise<never>[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-agent-'));
  lab = new LabDouble();
  stop = new AbortController();
  said = [];
  noRoom = null;
  accepted = [];
  drift = null;
  acceptFails = null;
  failed = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.allSettled(running.splice(0));
  rmSync(folder, { recursive: true, force: true });
});

function start(devices?: readonly LocalDevice[]): Promise<void> {
  const agent = new Agent({
    bench: 'table-1',
    version: '1.0.0',
    link: (signal) => {
      cut = signal;
      return lab;
    },
    signer: benchSigner(folder),
    spool: new Spool(folder),
    env: { XDG_STATE_HOME: folder, VITAP_PIN: '9999' },
    imageKey: null,
    look: async () => devices ?? devicesOf({ ...NO_BENCH_FILE, inProcess: 1 }, NO_READERS),
    drift: {
      check: async () => drift,
      accept: (device) => {
        if (acceptFails !== null) throw acceptFails;
        accepted.push(device);
      },
      kept: new OwnFile({
        path: join(folder, 'drift.json'),
        what: 'notes on what has drifted',
        schema: KEPT_DRIFT,
        empty: NO_DRIFT,
        say: (text) => void said.push(text),
      }),
    },
    noRoom: () => noRoom,
    openPool: () => Promise.reject(new Error('nobody asks for a reader here')),
    say: (text) => void said.push(text),
    signal: stop.signal,
  });
  const run = agent.run();
  running.push(run);
  failed.push(failureOf(run));
  return run;
}

/** @throws why an agent could not go on, when that comes first */
const until = (condition: () => boolean): Promise<void> =>
  Promise.race([...failed, vi.waitFor(() => expect(condition()).toBe(true), { timeout: SLOW_MS, interval: 10 })]);

/** The statement, after its signature was checked with the key that was enrolled. */
async function resultOf(run: TakenRun): Promise<ResultStatement> {
  await until(() => lab.results.has(run.attempt));
  const key = await importJWK({ ...lab.enrolled[0]!.publicKey }, 'ES256');
  const { payload, protectedHeader } = await compactVerify(lab.results.get(run.attempt)!, key);
  expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'vitap-lab-result+jws' });
  return RESULT_STATEMENT.parse(JSON.parse(Buffer.from(payload).toString()));
}

describe('the agent of a bench', () => {
  it('judges a card in process by a suite, and uploads the files that its signed result names', {
    timeout: SLOW_MS,
  }, async () => {
    const run = lab.add({
      kind: 'conform',
      suite: 'iso7816-4',
      only: 'SEL-*',
      card: { kind: 'profile', profile: 'vitale2' },
    });
    void start();
    const result = await resultOf(run);
    expect(result).toMatchObject({
      run: run.run,
      attempt: run.attempt,
      bench: 'table-1',
      device: 'loopback:1',
      verdict: 'passed',
      backend: 'simulated',
      repairs: 0,
    });
    expect(result.cases.length).toBeGreaterThan(10);
    expect(result.cases.every(({ id }) => id.startsWith('SEL-'))).toBe(true);
    expect(result.image).toMatch(/^[0-9a-f]{64} under the key [0-9a-f]{16}$/);
    expect(result.blobs.map(({ role }) => role).sort()).toEqual(['html', 'report', 'trace']);
    for (const { sha256, bytes } of result.blobs) {
      const content = lab.blobs.get(sha256)!;
      expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256]);
    }
    expect(lab.beats.some(({ devices }) => devices[0]?.device === 'loopback:1' && devices[0].ours)).toBe(true);
    expect(readdirSync(join(folder, 'spool'))).toEqual([]);
  });

  it('taps and replays with the functions of the verbs', { timeout: SLOW_MS }, async () => {
    const card = { kind: 'profile', profile: 'vitale2' };
    const taps = lab.add({ kind: 'bench-tap', taps: 3, warmUp: 1, sequence: 'identity', plan: 'classic', card });
    const replay = lab.add({ kind: 'replay', folder: 'suites/vitale2', only: 'identity*', card });
    void start();
    const tapped = await resultOf(taps);
    expect(tapped).toMatchObject({ verdict: 'passed', figures: { taps: 3, 'taps.failed': 0 } });
    expect(tapped.figures['tap.p50.ms']).toBeGreaterThan(0);
    const replayed = await resultOf(replay);
    expect(replayed.verdict).toBe('passed');
    expect(replayed.cases.map(({ verdict }) => verdict)).toContain('pass');
    // Each of them has its unit, or is known to have none.
    for (const { figures } of [tapped, replayed]) expect(FIGURES).toEqual(expect.arrayContaining(Object.keys(figures)));
  });

  it('keeps the result while the server is away, and sends it when it comes back, after a restart too', {
    timeout: SLOW_MS,
  }, async () => {
    const run = lab.add({ kind: 'rehearsal', milliseconds: 100 });
    const first = start();
    await until(() => said.some((text) => text.includes(' takes ')));
    lab.away = true;
    await until(() => readdirSync(join(folder, 'spool')).length === 1);
    stop.abort();
    await first;
    expect(lab.results.size).toBe(0);
    lab.away = false;
    stop = new AbortController();
    void start();
    expect(await resultOf(run)).toMatchObject({ verdict: 'passed', reason: 'a rehearsal: nothing was judged' });
    await until(() => lab.beats.at(-1)?.spooled === 0);
    // While it waited, its lease was asked for.
    expect(lab.enrolled[0]!.publicKey).toEqual(lab.enrolled[1]!.publicKey);
  });

  it('waits for a server that is not there yet', { timeout: SLOW_MS }, async () => {
    lab.away = true;
    void start();
    await until(() => said.length > 0);
    expect(said).toEqual(['http://127.0.0.1:1 cannot be reached: is it running?; the bench goes on and tries again']);
    lab.away = false;
    await until(() => lab.beats.length > 0);
  });

  it('enrols again where the lab does not know it any more, and goes on', { timeout: SLOW_MS }, async () => {
    void start();
    await until(() => lab.beats.length > 1);
    const { heartbeat } = lab;
    lab.heartbeat = async () => {
      lab.heartbeat = heartbeat;
      throw new LabRefused(404, 'bench-unknown', 'there is no bench of this name: it enrols first');
    };
    await until(() => lab.enrolled.length === 2);
    expect(lab.enrolled[1]).toEqual(lab.enrolled[0]);
    await resultOf(lab.add({ kind: 'rehearsal', milliseconds: 1 }));
    expect(said).toContain('the lab did not know this bench any more; it is enrolled again');
  });

  it('gives its lease back on Ctrl-C, and records nothing', { timeout: SLOW_MS }, async () => {
    const run = lab.add({ kind: 'rehearsal', milliseconds: 60_000 });
    const agent = start();
    await until(() => lab.beats.some(({ attempts }) => attempts.includes(run.attempt)));
    stop.abort();
    await agent;
    expect(lab.released).toEqual([{ attempt: run.attempt, reason: 'the bench was stopped' }]);
    expect(lab.results.size).toBe(0);
    // It says good-bye, once, when it holds nothing any more.
    expect(lab.left).toEqual(['table-1']);
  });

  it('waits for an input while the server is away: that says nothing about the card', {
    timeout: SLOW_MS,
  }, async () => {
    const sha256 = lab.addInput('a profile');
    const { download } = lab;
    const refusals = [
      new LabUnreachable('http://127.0.0.1:1 cannot be reached: is it running?'),
      new LabRefused(503, 'store-unreachable', 'the database cannot be reached: try again later'),
    ];
    lab.download = async (hash) => {
      const refusal = refusals.shift();
      if (refusal !== undefined) throw refusal;
      return download.call(lab, hash);
    };
    const run = lab.add({ kind: 'rehearsal', milliseconds: 1 }, { inputs: [{ name: 'own.yaml', sha256 }] });
    void start();
    expect(await resultOf(run)).toMatchObject({ verdict: 'passed' });
    expect(refusals).toEqual([]);
  });

  it.each(['download', 'upload'] as const)(
    'ends on Ctrl-C while a server does not answer a %s',
    { timeout: SLOW_MS },
    async (call) => {
      let asked = false;
      const never = (signal: AbortSignal): Promise<never> => {
        asked = true;
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      };
      lab.download = (_hash, { signal } = {}) => never(signal ?? cut);
      lab.upload = () => never(cut);
      const sha256 = lab.addInput('a profile');
      const run =
        call === 'download'
          ? lab.add({ kind: 'rehearsal', milliseconds: 1 }, { inputs: [{ name: 'own.yaml', sha256 }] })
          : lab.add({
              kind: 'conform',
              suite: 'iso7816-4',
              only: 'SEL-118',
              card: { kind: 'profile', profile: 'vitale2' },
            });
      const agent = start();
      await until(() => asked);
      stop.abort();
      await agent;
      const kept = readdirSync(join(folder, 'spool'));
      const released = lab.released.map(({ attempt }) => attempt);
      // What is judged is kept, and its lease is not given to another bench before its time.
      expect([kept, released]).toEqual(call === 'download' ? [[], [run.attempt]] : [[run.attempt], []]);
    },
  );

  it('stops a run whose lease is gone, and takes the next one', { timeout: SLOW_MS }, async () => {
    const lost = lab.add({ kind: 'rehearsal', milliseconds: 60_000 });
    const next = lab.add({ kind: 'rehearsal', milliseconds: 1 });
    void start();
    await until(() => lab.beats.some(({ attempts }) => attempts.includes(lost.attempt)));
    lab.gone = [lost.attempt];
    await resultOf(next);
    expect([lab.released, lab.results.has(lost.attempt)]).toEqual([[], false]);
  });

  it('takes nothing in quarantine, and goes on when a person lets it back', { timeout: SLOW_MS }, async () => {
    lab.quarantined = 'its echo is slow';
    const run = lab.add({ kind: 'rehearsal', milliseconds: 1 });
    void start();
    await until(() => lab.beats.length > 5);
    expect([lab.queue.length, said.at(-2)]).toEqual([
      1,
      'this bench is in quarantine, and takes nothing: its echo is slow',
    ]);
    lab.quarantined = null;
    await resultOf(run);
  });

  it('takes no run whose lease it could not renew: results that wait count, and it says so once', {
    timeout: SLOW_MS,
  }, async () => {
    const spool = new Spool(folder);
    const waiting = Array.from({ length: 63 }, () => randomUUID());
    for (const attempt of waiting) spool.keep({ attempt, jws: 'signed', files: [] });
    const { missing } = lab;
    lab.missing = () => Promise.reject(new LabRefused(507, 'disk-full', 'the disk of the server is full'));
    const runs = Array.from({ length: 3 }, () => lab.add({ kind: 'rehearsal', milliseconds: 1 }));
    void start(await devicesOf({ ...NO_BENCH_FILE, inProcess: 3 }, NO_READERS));
    const full = '64 results wait for the server: this bench takes nothing until it has taken some';
    await until(() => said.includes(full));
    const told = lab.beats.length;
    await until(() => lab.beats.length > told + 5);
    expect(lab.queue).toEqual(runs.slice(1));
    expect([lab.beats.at(-1)?.spooled, [...(lab.beats.at(-1)?.attempts ?? [])].sort()]).toEqual([
      64,
      [...waiting, runs[0]!.attempt].sort(),
    ]);
    lab.missing = missing;
    for (const run of runs) await resultOf(run);
    expect(said.filter((text) => text === full)).toHaveLength(1);
  });

  it('says in its heartbeat that it has drifted, and takes nothing; let back, it begins with new first times', {
    timeout: SLOW_MS,
  }, async () => {
    const found = 'the echo of pn532:/dev/ttyUSB0 takes 21.3 ms, and took 5.0 ms on 2026-11-29';
    drift = found;
    const run = lab.add({ kind: 'rehearsal', milliseconds: 1 });
    void start();
    await until(() => lab.quarantined === found);
    const told = lab.beats.length;
    await until(() => lab.beats.length > told + 5);
    expect([lab.queue.length, accepted, lab.beats.slice(told).filter((beat) => beat.drift !== null)]).toEqual([
      1,
      [],
      [],
    ]);
    expect(said).toContain(`this bench has drifted: ${found}`);
    drift = null;
    lab.quarantined = null;
    await resultOf(run);
    expect([accepted, lab.quarantined]).toEqual([['loopback:1'], null]);
  });

  it('that was let back while it was off begins with new first times when it starts', {
    timeout: SLOW_MS,
  }, async () => {
    drift = 'the echo is slow';
    const first = start();
    await until(() => lab.quarantined === drift);
    const told = lab.beats.length;
    await until(() => lab.beats.length > told + 1);
    stop.abort();
    await first;
    stop = new AbortController();
    const second = start();
    const again = lab.beats.length;
    await until(() => lab.beats.length > again + 3);
    // Nobody has let it back yet, and the server was told already.
    expect([accepted, lab.beats.slice(again).filter((beat) => beat.drift !== null)]).toEqual([[], []]);
    stop.abort();
    await second;
    lab.quarantined = null;
    stop = new AbortController();
    drift = null;
    const run = lab.add({ kind: 'rehearsal', milliseconds: 1 });
    void start();
    await resultOf(run);
    expect([accepted, lab.quarantined]).toEqual([['loopback:1'], null]);
  });

  it('goes on, and takes nothing, while its first times cannot be dropped', { timeout: SLOW_MS }, async () => {
    drift = 'the echo is slow';
    const run = lab.add({ kind: 'rehearsal', milliseconds: 1 });
    acceptFails = new Error('no space');
    void start();
    await until(() => lab.quarantined === drift);
    drift = null;
    lab.quarantined = null;
    const why = 'this bench takes nothing until its first times can be written';
    await until(() => said.some((text) => text.startsWith(why)));
    const told = lab.beats.length;
    await until(() => lab.beats.length > told + 3);
    expect([lab.queue.length, said.filter((text) => text.startsWith(why)).length]).toEqual([1, 1]);
    acceptFails = null;
    await resultOf(run);
  });

  it('tells what it found after the quarantine that a person began is over', { timeout: SLOW_MS }, async () => {
    drift = 'the echo is slow';
    const { heartbeat } = lab;
    lab.heartbeat = (beat) => {
      // Put into quarantine by hand, in the same moment.
      if (beat.drift !== null) lab.quarantined ??= 'its reader is being changed';
      return heartbeat.call(lab, beat);
    };
    void start();
    await until(() => lab.quarantined === 'its reader is being changed');
    const told = lab.beats.length;
    await until(() => lab.beats.length > told + 3);
    lab.heartbeat = heartbeat;
    lab.quarantined = null;
    await until(() => lab.quarantined === 'the echo is slow');
    expect(accepted).toEqual([]);
  });

  it('says what a board is whose flashing is stopped: when the bench stops, and when the time is over', {
    timeout: SLOW_MS,
  }, async () => {
    // A drive that takes the file and never leaves.
    const drive = join(folder, 'drive');
    mkdirSync(drive);
    writeFileSync(join(drive, 'INFO_UF2.TXT'), 'Model: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n');
    const bench = parseBenchFile(`version: 1\ninProcess: 0\nboards: [{board: "uf2:${drive}"}]\n`, 'b.yaml', folder);
    const work = { kind: 'board-program', firmware: 'p.uf2' };
    const file = writeUf2([{ address: 0x10000000, bytes: new Uint8Array(512) }], UF2_FAMILY.RP2040);
    const inputs = [{ name: 'p.uf2', sha256: lab.addInput(file) }];
    // Time enough for a busy machine to make the copy.
    const slow = lab.add(work, { inputs, limitSeconds: 5 });
    const devices = await devicesOf(bench, NO_READERS);
    const agent = start(devices);
    const left = `uf2:${drive}: interrupted; the new program was copied, and the board has not started it yet`;
    expect(await resultOf(slow)).toMatchObject({
      verdict: 'error',
      reason: `it took longer than the 5 s that its campaign allows; ${left}`,
      board: devices[0]!.capability.identity,
    });
    rmSync(join(drive, 'VITAP.UF2'));
    const stopped = lab.add(work, { inputs });
    await until(() => statSync(join(drive, 'VITAP.UF2'), { throwIfNoEntry: false })?.size === file.length);
    stop.abort();
    await agent;
    expect(lab.released).toEqual([{ attempt: stopped.attempt, reason: `the bench was stopped; ${left}` }]);
  });

  it('gives a run back for a board that was unplugged before it began, and takes none for it until it is back', {
    timeout: SLOW_MS,
  }, async () => {
    const [device] = await devicesOf(NO_BENCH_FILE, NO_READERS);
    let there = true;
    void start([{ ...device!, isThere: () => there }]);
    await until(() => lab.beats.length > 1);
    // While the bench waits at the server for work, somebody pulls the board out.
    const take = lab.take.bind(lab);
    lab.take = async (...asked) => {
      const taken = await take(...asked);
      if (taken?.attempt === run.attempt) there = false;
      return taken;
    };
    const run = lab.add({ kind: 'rehearsal', milliseconds: 1 });
    await until(() => lab.released.length === 1);
    expect(lab.released).toEqual([{ attempt: run.attempt, reason: 'loopback:1 is not there any more' }]);
    const next = lab.add({ kind: 'rehearsal', milliseconds: 1 });
    await until(() => lab.beats.length > 20);
    expect(lab.queue).toHaveLength(1);
    there = true;
    await resultOf(next);
  });

  it('gives a run back whose link is dead, and says that it was the link; the last attempt is recorded', {
    timeout: SLOW_MS,
  }, async () => {
    const [inProcess] = await devicesOf(NO_BENCH_FILE, NO_READERS);
    const path = join(folder, 'no-board');
    const device = (name: string): LocalDevice => ({
      ...inProcess!,
      capability: { ...inProcess!.capability, device: name },
      reader: { driver: 'pn532', path, baudRate: null },
      readerText: `pn532:${path}`,
    });
    const work = { kind: 'conform', suite: 'iso7816-4', only: 'SEL-*', card: { kind: 'there' } };
    const first = lab.add(work);
    // Each device rests after a link that died: two of them do both.
    void start([device('a'), device('b')]);
    await until(() => lab.released.length === 1);
    const reason = expect.stringContaining(path);
    expect([lab.released, lab.lost]).toEqual([[{ attempt: first.attempt, reason }], [first.attempt]]);
    const last = lab.add(work, { attemptNumber: 3 });
    expect(await resultOf(last)).toMatchObject({ verdict: 'error', reason });
    expect(lab.released).toHaveLength(1);
  });

  it('takes nothing while its disk has no room, and says so once', { timeout: SLOW_MS }, async () => {
    noRoom = 'the disk of /tmp has 3 MB left, and a run may need 68';
    const run = lab.add({ kind: 'rehearsal', milliseconds: 1 });
    void start();
    await until(() => lab.beats.length > 20);
    expect([lab.queue.length, said.filter((text) => text.includes('MB left'))]).toEqual([
      1,
      ['the disk of /tmp has 3 MB left, and a run may need 68: this bench takes nothing until there is room'],
    ]);
    noRoom = null;
    await resultOf(run);
    expect(said).toContain('there is room on the disk again');
  });

  it('never does two things on one reader', { timeout: SLOW_MS }, async () => {
    const [device] = await devicesOf(NO_BENCH_FILE, NO_READERS);
    const both = ['a', 'b'].map((name) => ({
      ...device!,
      capability: { ...device!.capability, device: name },
      things: ['port:/dev/ttyUSB0'],
    }));
    const runs = [1, 2, 3, 4].map(() => lab.add({ kind: 'rehearsal', milliseconds: 30 }));
    void start(both);
    const times = [];
    for (const run of runs) times.push(await resultOf(run));
    times.sort((a, b) => a.startedAt - b.startedAt);
    for (const [i, { startedAt }] of times.entries())
      expect(startedAt).toBeGreaterThanOrEqual(times[i - 1]?.endedAt ?? 0);
    // Both had their turn.
    expect(new Set(times.map((each) => each.device)).size).toBe(2);
  });

  it.each<[string, object, string]>([
    [
      'a kind of run that it does not know',
      { kind: 'dance' },
      'this bench does not know this kind of run: is it of an older version?',
    ],
    [
      'a path in the work',
      { kind: 'conform', suite: 'sm', card: { kind: 'image', image: '/etc/shadow' } },
      'this bench does not know this kind of run: is it of an older version?',
    ],
    [
      'a profile that is not there',
      { kind: 'conform', suite: 'sm', card: { kind: 'profile', profile: 'nobody' } },
      'there is no profile nobody',
    ],
    ['a board’s work on a reader', { kind: 'board-test' }, 'this run needs a board, and the device is a reader'],
  ])('ends as an error that says why: %s', { timeout: SLOW_MS }, async (_, work, reason) => {
    const run = lab.add(work);
    void start();
    const result = await resultOf(run);
    expect(result.verdict).toBe('error');
    expect(result.reason).toContain(reason);
  });

  it('does not believe the server about inputs', { timeout: SLOW_MS }, async () => {
    const sha256 = lab.addInput('a profile');
    lab.blobs.set(sha256, Buffer.from('another'));
    const work = { kind: 'conform', suite: 'sm', card: { kind: 'profile', profile: 'own.yaml' } };
    const torn = lab.add(work, { inputs: [{ name: 'own.yaml', sha256 }] });
    const out = lab.add(work, { inputs: [{ name: '../own.yaml', sha256 }] });
    void start();
    expect(await resultOf(torn)).toMatchObject({
      verdict: 'error',
      reason: 'the input own.yaml is not what its hash says',
    });
    expect(await resultOf(out)).toMatchObject({
      verdict: 'error',
      reason: 'the name of an input leads out of the folder of its run',
    });
  });

  it('ends a run that takes longer than its campaign allows', { timeout: SLOW_MS }, async () => {
    const run = lab.add({ kind: 'rehearsal', milliseconds: 60_000 }, { limitSeconds: 1 });
    void start();
    expect(await resultOf(run)).toMatchObject({
      verdict: 'error',
      reason: 'it took longer than the 1 s that its campaign allows',
    });
  });

  it('drops a result that comes too late, keeps one for a full disk, and puts one aside that is refused', {
    timeout: SLOW_MS,
  }, async () => {
    lab.refusal = new LabRefused(409, 'attempt-over', 'the lease is over');
    const late = lab.add({ kind: 'rehearsal', milliseconds: 1 });
    void start();
    await until(() => said.some((text) => text.startsWith(`the result of attempt ${late.attempt} came too late`)));
    lab.refusal = new LabRefused(507, 'disk-full', 'no space is left on the disk of the server');
    const full = lab.add({ kind: 'rehearsal', milliseconds: 1 });
    await resultOf(full);
    lab.refusal = new LabRefused(413, 'too-large', 'this is too large');
    const large = lab.add({ kind: 'rehearsal', milliseconds: 1 });
    await until(() => said.some((text) => text.includes(`refused the result of attempt ${large.attempt}`)));
    expect([lab.results.has(late.attempt), readdirSync(join(folder, 'refused'))]).toEqual([false, [large.attempt]]);
  });

  it.each([
    [401, 'the token is not known here'],
    [409, 'the name table-1 belongs to another key'],
  ])('ends when the server does not take it: %i', async (status, message) => {
    lab.enrol = async () => {
      throw new LabRefused(status, 'refused', message);
    };
    await expect(start()).rejects.toThrow(message);
  });

  it('gives a run back when its own disk is full', { timeout: SLOW_MS }, async () => {
    const run = lab.add({ kind: 'rehearsal', milliseconds: 200 });
    void start();
    await until(() => said.some((text) => text.includes(' takes ')));
    // As a disk that lets nothing be written.
    rmSync(join(folder, 'spool'), { recursive: true });
    await until(() => lab.released.length === 1);
    expect(lab.released[0]).toMatchObject({ attempt: run.attempt });
    expect(lab.released[0]!.reason).toMatch(/spool/);
  });
});
