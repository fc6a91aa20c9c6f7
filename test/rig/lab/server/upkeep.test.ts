import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ChangeBell } from '../../../../rig/lab/server/change-bell.ts';
import { Upkeep } from '../../../../rig/lab/server/upkeep.ts';
import type { WaitingBenches } from '../../../../rig/lab/server/waiting-benches.ts';
import type { LabStore } from '../../../../rig/lab/store/store.ts';
import { StoreError } from '../../../../rig/store/store-error.ts';

let now = 0;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** An upkeep over a database. @param answer what the database does with each statement */
function started(answer: () => Promise<void> = async () => {}) {
  const asked: string[] = [];
  const faults: unknown[] = [];
  const query = async (statement: string): Promise<readonly object[]> => {
    asked.push(statement);
    await answer();
    return [];
  };
  const sql = { kind: 'postgresql', query, transaction: (work: (within: object) => unknown) => work({ query }) };
  const upkeep = new Upkeep(
    { sql } as unknown as LabStore,
    { wake: () => {} } as WaitingBenches,
    { ring: () => {} } as ChangeBell,
    (error) => faults.push(error),
  );
  return { upkeep, faults, givesBack: () => asked.some((each) => each.includes('delete from lab_leases')) };
}

/** So many seconds, with all that is done in them. */
async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    now += 1000;
    vi.advanceTimersByTime(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('gives leases back when benches had the time of a lease to be heard', async () => {
  const { givesBack } = started();
  await pass(5);
  expect(givesBack()).toBe(false);
  await pass(3);
  expect(givesBack()).toBe(true);
});

it('gives none back while heartbeats are refused, and for the time of a lease after that', async () => {
  const { upkeep, givesBack } = started();
  for (let beats = 0; beats < 10; beats++) {
    await pass(2);
    upkeep.putOff();
  }
  await pass(5);
  expect(givesBack()).toBe(false);
  await pass(3);
  expect(givesBack()).toBe(true);
});

it('gives none back at once when this process was stopped for a while', async () => {
  const { givesBack } = started();
  await pass(4);
  // No timer fires meanwhile.
  now += 60_000;
  await pass(5);
  expect(givesBack()).toBe(false);
  await pass(3);
  expect(givesBack()).toBe(true);
});

it('gives none back at once when the database did not answer for a while', async () => {
  let goOn = (): void => {};
  const { givesBack } = started(() => new Promise((resolve) => (goOn = resolve)));
  await pass(30);
  goOn();
  await pass(5);
  expect(givesBack()).toBe(false);
});

it('gives leases back where every statement takes its time', async () => {
  const { givesBack } = started(async () => {
    now += 1200;
  });
  await pass(20);
  expect(givesBack()).toBe(true);
});

it('says once what the database cannot do, and nothing more when the server ends', async () => {
  let full = true;
  const { upkeep, faults } = started(async () => {
    if (full) throw new StoreError('full', 'the database x: it has no space left');
  });
  await pass(20);
  expect(faults).toHaveLength(1);
  full = false;
  await pass(20);
  full = true;
  await pass(20);
  expect(faults).toHaveLength(2);
  await upkeep.end();
});
