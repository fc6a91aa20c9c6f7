import { join } from 'node:path';
import type { CommandIo } from '../../console/io.ts';
import { counted } from '../../report/words.ts';
import type { Sql } from '../../store/sql.ts';
import { inEmptyLab, withSql } from './own-store.ts';
import { atMost, type LabBenchChoice, type LabBenchPart, lengths, type Measured } from './part-of-bench.ts';
import {
  campaignEnd,
  type LabSize,
  type Rehearsals,
  rehearsalMs,
  STORE_FOLDER,
  startRehearsalLab,
  submitRehearsals,
} from './running-lab.ts';

/** What readers do while runs that fit them wait, by the store's rows. */
export interface IdleFigures {
  readonly benches: number;
  readonly devices: number;
  readonly runs: number;
  /** From the submission until the last run was taken, in seconds. */
  readonly waitedS: number;
  /** Share of that time of all readers without a lease. */
  readonly idleShare: number;
  /** The same without the run itself: taking, signing, sending and recording are no work either. */
  readonly notAtWorkShare: number;
}

const SMALL = { benches: 4, devices: 4, runs: 160, scale: 0.05 };
const FULL = { benches: 50, devices: 8, runs: 10_000, scale: 1 };
const MOST_IDLE = 0.05;

export const IDLE: LabBenchPart = {
  name: 'idle',
  measure: async (choice, io) => measured(await inEmptyLab(choice.store, (folder) => idleFigures(choice, folder, io))),
};

async function idleFigures(choice: LabBenchChoice, folder: string, { env, signal }: CommandIo): Promise<IdleFigures> {
  const { store } = choice;
  const given = choice.full ? FULL : SMALL;
  const size = { servers: 1, benches: choice.benches ?? given.benches, devices: choice.devices ?? given.devices };
  const rehearsals = { runs: choice.runs ?? given.runs, ...lengths(choice.scale ?? given.scale) };
  const lab = await startRehearsalLab(size, { folder, store, env, signal });
  let campaign: number;
  try {
    campaign = await submitRehearsals(lab.link, 'idle', rehearsals, 3);
    const meanMs = (rehearsals.shortestMs + rehearsals.longestMs) / 2;
    const limitMs = 300_000 + (4 * rehearsals.runs * (meanMs + 100)) / (size.benches * size.devices);
    await campaignEnd(lab.link, campaign, { limitMs, signal });
  } finally {
    await lab.end();
  }
  return withSql(store ?? join(folder, STORE_FOLDER), async (sql) => {
    const from = await submittedAt(sql, campaign);
    const { benches, devices } = size;
    return {
      benches,
      devices,
      runs: rehearsals.runs,
      ...idleOf(from, await attemptsOf(sql, campaign), size, rehearsals),
    };
  });
}

export interface TimedAttempt {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Number of its run, from 1. */
  readonly number: number;
}

/** Idle shares while runs wait: from their submission until the last one was taken. */
export function idleOf(
  from: number,
  attempts: readonly TimedAttempt[],
  { benches, devices }: Pick<LabSize, 'benches' | 'devices'>,
  rehearsals: Rehearsals,
): Pick<IdleFigures, 'waitedS' | 'idleShare' | 'notAtWorkShare'> {
  const to = attempts.reduce((latest, { startedAt }) => Math.max(latest, startedAt), from);
  const whole = Math.max(1, to - from) * benches * devices;
  let [leased, worked] = [0, 0];
  for (const { startedAt, endedAt, number } of attempts) {
    const within = Math.max(0, Math.min(endedAt, to) - startedAt);
    leased += within;
    worked += Math.min(within, rehearsalMs(rehearsals, number - 1));
  }
  return { waitedS: (to - from) / 1000, idleShare: 1 - leased / whole, notAtWorkShare: 1 - worked / whole };
}

async function submittedAt(sql: Sql, campaign: number): Promise<number> {
  const [row] = await sql.query<{ at: number }>('select submitted_at as at from lab_campaigns where id = $1', [
    campaign,
  ]);
  return row?.at ?? 0;
}

function attemptsOf(sql: Sql, campaign: number): Promise<readonly TimedAttempt[]> {
  return sql.query<{ startedAt: number; endedAt: number; number: number }>(
    `select a.started_at as "startedAt", a.ended_at as "endedAt", r.number
     from lab_attempts a join lab_runs r on r.id = a.run_id
     where r.campaign_id = $1 and a.ended_at is not null`,
    [campaign],
  );
}

function measured(figures: IdleFigures): Measured {
  const { benches, devices, runs, waitedS, idleShare, notAtWorkShare } = figures;
  const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
  return {
    figures,
    targets: [atMost('idle while work waits', idleShare, MOST_IDLE)],
    lines: [
      `${counted(runs, 'run')}, ${counted(benches, 'bench', 'benches')} with ${counted(devices, 'reader')} each, ${waitedS.toFixed(1)} s in which runs waited`,
      `readers without a lease ${percent(idleShare)} of that time; not at a run's own work ${percent(notAtWorkShare)}`,
    ],
  };
}
