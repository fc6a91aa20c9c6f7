import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CaseResult } from '../../../../rig/judge/conform/model.ts';
import type { ConformOptions } from '../../../../rig/judge/conform/options.ts';
import { NO_BENCH_FILE } from '../../../../rig/lab/bench/bench-file.ts';
import { devicesOf, type LocalDevice } from '../../../../rig/lab/bench/devices.ts';
import { judgeRun } from '../../../../rig/lab/bench/judge-run.ts';
import type { Judged, RunPlace } from '../../../../rig/lab/bench/judged.ts';
import { deathInWords, isOfLink, LostLink, linkErrorIn } from '../../../../rig/lab/bench/lost-link.ts';
import { HalError, type HalErrorKind } from '../../../../src/hal/errors.ts';

/** What the suite comes to, case by case, and how it ends: with its report, or with what it throws. */
const suite = vi.hoisted(() => ({
  run: null as null | ((options: ConformOptions, signal: AbortSignal) => Promise<void>),
}));
vi.mock('../../../../rig/judge/conform/conform.ts', () => ({
  conform: (options: ConformOptions, io: { readonly signal: AbortSignal }) => suite.run?.(options, io.signal),
}));

const SLOW_MS = 60_000;
const REMOVED = new HalError('card-removed', 'the card was taken off "pn532:/dev/ttyUSB0"');
const WORK = { kind: 'conform', suite: 'iso7816-4', card: { kind: 'there' } };

type Case = readonly [id: string, verdict: 'pass' | 'fail' | 'inconclusive', linkError?: HalError];

const resultOf = ([id, verdict, linkError]: Case): CaseResult =>
  ({ id, verdict, reason: '', ...(linkError !== undefined && { linkError }) }) as unknown as CaseResult;

let folder: string;
let place: RunPlace;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-lost-link-'));
  mkdirSync(join(folder, 'inputs'));
  const [inProcess] = await devicesOf(NO_BENCH_FILE, { driver: 'pcsc', readers: [] });
  const path = join(folder, 'no-board');
  const device: LocalDevice = {
    ...inProcess!,
    reader: { driver: 'pn532', path, baudRate: null },
    readerText: `pn532:${path}`,
  };
  place = {
    bench: 'table-1',
    device,
    folder,
    inputs: join(folder, 'inputs'),
    env: { XDG_STATE_HOME: folder },
    signal: new AbortController().signal,
    last: false,
    imageKey: null,
    openPool: () => Promise.reject(new Error('none')),
    note: () => {},
    left: () => {},
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Tells the cases one by one, until it is stopped. @returns those that were told */
function cases(all: readonly Case[], end: HalError | null = null): Case[] {
  const told: Case[] = [];
  suite.run = async ({ json, onResult }, signal) => {
    for (const each of all) {
      if (signal.aborted) return;
      told.push(each);
      onResult?.(resultOf(each));
    }
    if (end !== null) throw end;
    const verdict = told.some((each) => each[1] === 'fail') ? 'fail' : 'inconclusive';
    const report = told.map(([id, each]) => ({ id, verdict: each }));
    writeFileSync(
      json!,
      JSON.stringify({ verdict, environment: { backend: 'simulated', atr: '3B80' }, cases: report }),
    );
  };
  return told;
}

const judge = (more: Partial<RunPlace> = {}): Promise<Judged> => judgeRun(WORK, { ...place, ...more });

const DIED: readonly Case[] = [
  ['A-1', 'pass'],
  ['A-2', 'pass'],
  ['A-3', 'inconclusive', REMOVED],
  ['A-4', 'pass'],
];

describe('a run whose link dies', () => {
  it('is given back at that case, with how far it had come', { timeout: SLOW_MS }, async () => {
    const told = cases(DIED);
    await expect(judge()).rejects.toThrow(
      new LostLink(`the link died in A-3 after 2 cases (2 passed, 0 failed): ${REMOVED.message}`),
    );
    expect(told.map(([id]) => id)).toEqual(['A-1', 'A-2', 'A-3']);
  });

  it('is judged to its end where no attempt comes after it, as an error', async () => {
    const told = cases(DIED);
    expect(await judge({ last: true })).toMatchObject({
      verdict: 'error',
      reason: `1 case of 4 could not be judged: A-3; the link died in A-3 after 2 cases (2 passed, 0 failed): ${REMOVED.message}`,
      figures: { 'cases.pass': 3, 'cases.fail': 0 },
    });
    expect(told).toHaveLength(4);
  });

  it('is judged to its end where a case had failed: that stays', async () => {
    cases([['A-1', 'fail'], ...DIED.slice(1)]);
    expect(await judge()).toMatchObject({
      verdict: 'failed',
      reason: `1 case of 4 failed: A-1; 1 case of 4 could not be judged: A-3; the link died in A-3 after 2 cases (1 passed, 1 failed): ${REMOVED.message}`,
    });
  });

  const GONE = new HalError('no-service', 'the PC/SC service (pcscd) went away');
  it('with the service: what had run is known, and what had failed stays', async () => {
    cases(DIED.slice(0, 2), GONE);
    await expect(judge()).rejects.toThrow(
      new LostLink(`the link died after 2 cases (2 passed, 0 failed): ${GONE.message}`),
    );
    cases(
      [
        ['A-1', 'fail'],
        ['A-2', 'pass'],
      ],
      GONE,
    );
    expect(await judge()).toMatchObject({
      verdict: 'failed',
      reason: `1 case of 2 failed: A-1; the link died after 2 cases (1 passed, 1 failed): ${GONE.message}`,
      cases: [
        { id: 'A-1', verdict: 'fail' },
        { id: 'A-2', verdict: 'pass' },
      ],
    });
    cases(DIED.slice(0, 2), GONE);
    expect(await judge({ last: true })).toMatchObject({ verdict: 'error', figures: { 'cases.pass': 2 } });
  });

  it('before its first case is given back too, and the last time an error', async () => {
    cases([], GONE);
    await expect(judge()).rejects.toThrow(new LostLink(GONE.message));
    cases([], GONE);
    expect(await judge({ last: true })).toMatchObject({ verdict: 'error', reason: GONE.message });
  });

  it('is no such run where the link carried what the card did: an answer that no protocol allows, a card in process', async () => {
    const garbage = new HalError('protocol', 'the card gave no status word');
    cases([
      ['A-1', 'pass'],
      ['A-2', 'inconclusive', garbage],
    ]);
    expect(await judge()).toMatchObject({ verdict: 'error', reason: '1 case of 2 could not be judged: A-2' });
    const [inProcess] = await devicesOf(NO_BENCH_FILE, { driver: 'pcsc', readers: [] });
    cases(DIED);
    expect(await judge({ device: inProcess! })).toMatchObject({ verdict: 'error' });
  });

  it('of taps and of replays is given back where the reader is not there', { timeout: SLOW_MS }, async () => {
    const taps = {
      kind: 'bench-tap',
      taps: 3,
      warmUp: 0,
      sequence: 'identity',
      plan: 'classic',
      card: { kind: 'there' },
    };
    const replay = { kind: 'replay', folder: 'suites/vitale2', only: 'identity*', card: { kind: 'there' } };
    for (const work of [taps, replay]) {
      await expect(judgeRun(work, place)).rejects.toThrow(LostLink);
      expect(await judgeRun(work, { ...place, last: true })).toMatchObject({ verdict: 'error', cases: [] });
    }
  });
});

describe('what is of the link', () => {
  it.each<[HalErrorKind, boolean]>([
    ['no-service', true],
    ['no-reader', true],
    ['reader-lost', true],
    ['no-card', true],
    ['card-removed', true],
    ['timeout', true],
    ['no-port', true],
    ['busy', true],
    ['protocol', false],
    ['unsupported', false],
    ['too-long', false],
    ['permission', false],
    ['storage', false],
    ['damaged', false],
    ['aborted', false],
  ])('%s: %s', (kind, is) => {
    const error = new HalError(kind, 'why');
    expect([isOfLink(kind), linkErrorIn(new Error('around it', { cause: error }))]).toEqual([is, is ? error : null]);
  });

  it('is told from the first case in which it died', () => {
    const again = new HalError('no-card', 'no card');
    const ran = DIED.map(resultOf);
    expect(deathInWords([...ran, resultOf(['A-5', 'inconclusive', again])], null)).toContain(' in A-3 after 2 cases ');
    expect(deathInWords(ran.slice(0, 2), null)).toBe(null);
  });
});
