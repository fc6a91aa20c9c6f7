import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { TakenRun } from '../../../../rig/lab/api/bench.ts';
import type { Submission, SubmittedRun } from '../../../../rig/lab/api/campaign.ts';
import type { Capability } from '../../../../rig/lab/api/capability.ts';
import type { ResultStatement } from '../../../../rig/lab/api/result.ts';
import type { Check } from '../../../../rig/lab/api/upkeep.ts';
import { enrolBench, heartbeat } from '../../../../rig/lab/store/benches.ts';
import { checkStore } from '../../../../rig/lab/store/check.ts';
import { giveBackExpired } from '../../../../rig/lab/store/leases.ts';
import { recordResult } from '../../../../rig/lab/store/record.ts';
import type { LabRefusalCode } from '../../../../rig/lab/store/refusals.ts';
import { type LabStore, openLabStore } from '../../../../rig/lab/store/store.ts';
import { submitCampaign } from '../../../../rig/lab/store/submit.ts';
import { takeRun } from '../../../../rig/lab/store/take.ts';
import { LOOPBACK, newKey, signed, statementFor, type TestKey, testKey } from './lab-in-test.ts';

export const NOW = 1_764_000_000_000;
export const TABLES: readonly string[] = [
  ...['lab_tokens', 'lab_benches', 'lab_requirements', 'lab_campaigns', 'lab_runs', 'lab_attempts', 'lab_leases'],
  ...['lab_results', 'lab_cases', 'lab_blobs', 'lab_blob_uses'],
  ...['lab_cells', 'lab_totals', 'lab_cell_changes', 'lab_inputs'],
];
/** What a check finds where nothing is wrong. */
export const CLEAN: Pick<Check, 'lost' | 'doubled' | 'stranded' | 'miscounted'> = {
  ...{ lost: [], doubled: [], stranded: [], miscounted: [] },
};

/** Why a bench gives a run back whose link died. */
export const LOST = {
  reason: 'the link died in SEL-1 after 7 cases (7 passed, 0 failed): no card',
  linkLost: true,
};

type Beat = Partial<Pick<Parameters<typeof heartbeat>[1], 'devices' | 'attempts' | 'drift'>>;

/** A store that is opened once and emptied before each test, and what tests do with it again and again. */
export interface StoreInTest {
  readonly store: LabStore;
  /** A bench that has these devices, and has just been heard of. */
  bench(named: string, ...devices: readonly Capability[]): Promise<void>;
  keyOf(named: string): TestKey;
  beat(named: string, more?: Beat): ReturnType<typeof heartbeat>;
  submission(runs: readonly SubmittedRun[], more?: Partial<Submission>): Submission;
  /** @returns the number of the campaign */
  submit(runs: readonly SubmittedRun[], more?: Partial<Submission>): Promise<number>;
  take(named: string, free?: readonly string[]): Promise<TakenRun>;
  record(named: string, taken: TakenRun, more?: Partial<ResultStatement>): Promise<number>;
  refuses(promise: Promise<unknown>, code: LabRefusalCode): Promise<void>;
  /** As if a lease's bench had been silent for its time. */
  lapse(): Promise<void>;
  /** That nothing is lost, doubled, stranded or miscounted. */
  clean(): Promise<void>;
}

/** @param url the database, or null for PGlite; asked when the tests begin */
export function storeInTest(url: () => string | null): StoreInTest {
  let folder: string;
  let store: LabStore;
  const keys = new Map<string, TestKey>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-lab-'));
    const fault = (error: unknown): void => {
      throw error;
    };
    store = await openLabStore({ folder, url: url(), now: NOW, fault });
  }, 120_000);
  afterAll(async () => {
    await store?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await store.sql.query(`truncate ${TABLES.join(', ')} restart identity cascade`);
    await store.sql.query('delete from lab_queue.job');
    keys.clear();
  });

  const lab: StoreInTest = {
    get store() {
      return store;
    },
    async bench(named, ...devices) {
      const key = testKey(keys.size % 2 === 0 ? 'ed25519' : 'p256');
      keys.set(named, key);
      await enrolBench(store, { name: named, publicKey: key.publicKey, interface: 1, version: '0.1.0' });
      await lab.beat(named, { devices: devices.length === 0 ? [LOOPBACK] : devices });
    },
    keyOf: (named) => keys.get(named) as TestKey,
    beat: (named, more = {}) =>
      heartbeat(store, {
        ...{ bench: named, clock: NOW, devices: [LOOPBACK], attempts: [], drift: null, spooled: 0 },
        ...more,
      }),
    submission: (runs, more = {}) => ({
      ...{ name: 'nightly', source: 'name: nightly', runs, dryRun: false, attempts: 2, key: newKey() },
      ...more,
    }),
    submit: async (runs, more = {}) =>
      (await submitCampaign(store, lab.submission(runs, more), NOW)).campaign as number,
    take: async (named, free = ['loopback']) => (await takeRun(store, named, free)) as TakenRun,
    record: async (named, taken, more = {}) =>
      recordResult(store, taken.attempt, await signed(statementFor(named, taken, more), lab.keyOf(named))),
    async refuses(promise, code) {
      await expect(promise).rejects.toMatchObject({ name: 'LabRefusal', code });
    },
    async lapse() {
      await store.sql.query('update lab_leases set expires_at = lab_now() - 1');
      await giveBackExpired(store);
    },
    clean: async () => expect(await checkStore(store)).toMatchObject(CLEAN),
  };
  return lab;
}

export async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
