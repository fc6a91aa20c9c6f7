import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandIo } from '../../console/io.ts';
import { type Spread, spreadOf, spreadText } from '../../figures/spread.ts';
import { counted } from '../../report/words.ts';
import type { Sql } from '../../store/sql.ts';
import { inEmptyLab, withSql } from './own-store.ts';
import type { Part } from './part.ts';
import { atMost, type LabBenchChoice, type LabBenchPart, type Measured } from './part-of-bench.ts';
import { postmaster, treeProcessorMs } from './processor-time.ts';
import { campaignEnd, type RunningLab, STORE_FOLDER, startRehearsalLab, submitRehearsals } from './running-lab.ts';

/** What taking and recording a run costs. */
export interface SchedulingFigures {
  readonly runs: number;
  readonly benches: number;
  readonly devices: number;
  readonly runsPerSecond: number;
  /** Processor time a run, user and system, of the server; null: this system does not tell. */
  readonly serverMs: number | null;
  /** Of PostgreSQL, all its processes; null with PGlite, which is in the server, or where it cannot be seen. */
  readonly databaseMs: number | null;
  /** Of the benches: not a part of scheduling. */
  readonly benchesMs: number | null;
  /** Server and database together a run, in each stretch of half a second. */
  readonly stretches: Spread | null;
  /** Server and database while nothing waits, in milliseconds a second: heartbeats and upkeep. */
  readonly idleMsPerSecond: number | null;
}

const SMALL = { benches: 4, devices: 4, runs: 600 };
const FULL = { benches: 10, devices: 8, runs: 10_000 };
/** Runs before those, for the compilers and the plans of the database. */
const WARM_UP = 200;
const MOST_MS = 5;
const STRETCH_MS = 500;
const IDLE_MS = 3000;
/** A stretch with fewer runs is one of the beginning or of the end. */
const FEWEST = 10;
const RUN_LIMIT_MS = 1000;

export const SCHEDULING: LabBenchPart = {
  name: 'scheduling',
  measure: async (choice, io) => {
    const figures = await inEmptyLab(choice.store, (folder) => schedulingFigures(choice, folder, io));
    return measured(figures, choice.store);
  },
};

async function schedulingFigures(
  choice: LabBenchChoice,
  folder: string,
  { env, signal }: CommandIo,
): Promise<SchedulingFigures> {
  const { full, store } = choice;
  const given = full ? FULL : SMALL;
  const size = { servers: 1, benches: choice.benches ?? given.benches, devices: choice.devices ?? given.devices };
  const runs = choice.runs ?? given.runs;
  const lab = await startRehearsalLab(size, { folder, store, env, signal });
  let looks: Look[] = [];
  let idleMsPerSecond: number | null = null;
  let campaign: number;
  try {
    const database = store === null ? null : await withSql(store, postmaster);
    const look = (): Look => lookAt(lab, database);
    await rehearse(lab, Math.min(WARM_UP, runs), signal);
    const before = look();
    await sleep(IDLE_MS, undefined, { signal });
    idleMsPerSecond = perUnit([before, look()], IDLE_MS / 1000, ({ serverMs, databaseMs }) =>
      sum(serverMs, databaseMs),
    );
    looks = [look()];
    const timer = setInterval(() => looks.push(look()), STRETCH_MS);
    try {
      campaign = await rehearse(lab, runs, signal);
    } finally {
      clearInterval(timer);
    }
    looks.push(look());
  } finally {
    await lab.end();
  }
  const ended = await withSql(store ?? join(folder, STORE_FOLDER), (sql) => endsOf(sql, campaign));
  const all = [looks[0], looks.at(-1)] as const;
  const began = ended[0]?.started ?? 0;
  return {
    ...{ runs, benches: size.benches, devices: size.devices },
    runsPerSecond: runs / (((ended.at(-1)?.at ?? 0) - began) / 1000),
    serverMs: perUnit(all, runs, ({ serverMs }) => serverMs),
    databaseMs: perUnit(all, runs, ({ databaseMs }) => databaseMs),
    benchesMs: perUnit(all, runs, ({ benchesMs }) => benchesMs),
    stretches: spreadOf(stretchesOf(looks, ended)),
    idleMsPerSecond,
  };
}

async function rehearse(lab: RunningLab, runs: number, signal: AbortSignal): Promise<number> {
  const campaign = await submitRehearsals(lab.link, 'scheduling', { runs, shortestMs: 0, longestMs: 0 }, 3);
  await campaignEnd(lab.link, campaign, { limitMs: 60_000 + runs * RUN_LIMIT_MS, signal });
  return campaign;
}

/** Processor times up to a moment. */
interface Look {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly serverMs: number | null;
  /** Null: none of its own, or not to be seen. */
  readonly databaseMs: number | null;
  readonly benchesMs: number | null;
}

function lookAt({ servers, benches }: RunningLab, database: number | null): Look {
  return {
    at: Date.now(),
    serverMs: ofAll(servers),
    databaseMs: database === null ? null : treeProcessorMs(database),
    benchesMs: ofAll(benches),
  };
}

function ofAll(parts: readonly Part[]): number | null {
  return parts.map(({ pid }) => (pid === null ? null : treeProcessorMs(pid))).reduce(sumOfBoth, 0);
}

/** Null when one of them is not known. */
function sumOfBoth(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

/** A database that is none of its own counts nothing. */
function sum(server: number | null, database: number | null): number | null {
  return server === null ? null : server + (database ?? 0);
}

function perUnit(
  [from, to]: readonly [Look | undefined, Look | undefined],
  units: number,
  value: (look: Look) => number | null,
): number | null {
  const [before, after] = [from && value(from), to && value(to)];
  return before == null || after == null ? null : (after - before) / units;
}

interface Ended {
  readonly at: number;
  readonly started: number;
}

/** When the runs were taken and recorded, in the order of their ends. */
function endsOf(sql: Sql, campaign: number): Promise<readonly Ended[]> {
  return sql.query<{ at: number; started: number }>(
    `select a.ended_at as at, a.started_at as started from lab_attempts a join lab_runs r on r.id = a.run_id
     where r.campaign_id = $1 and a.state = 'finished' order by a.ended_at, a.started_at`,
    [campaign],
  );
}

/** Milliseconds a run in each stretch. */
function stretchesOf(looks: readonly Look[], ended: readonly Ended[]): readonly number[] {
  return looks.slice(1).flatMap((look, i) => {
    const before = looks[i] as Look;
    const runs = ended.filter(({ at }) => at > before.at && at <= look.at).length;
    const ms = perUnit([before, look], runs, ({ serverMs, databaseMs }) => sum(serverMs, databaseMs));
    return runs < FEWEST || ms === null ? [] : [ms];
  });
}

function measured(figures: SchedulingFigures, store: string | null): Measured {
  const { runs, benches, devices, serverMs, databaseMs, benchesMs, stretches, idleMsPerSecond } = figures;
  const ms = (value: number | null): string => (value === null ? 'not to be seen' : `${value.toFixed(2)} ms`);
  // A database whose processor time is not seen would make the lab look cheap.
  const isWhole = serverMs !== null && (store === null || databaseMs !== null);
  const cost = sum(serverMs, databaseMs) ?? 0;
  return {
    figures,
    targets: isWhole ? [atMost('scheduling', cost, MOST_MS)] : [],
    lines: [
      `${counted(runs, 'run')} of no length, ${counted(benches, 'bench', 'benches')} with ${counted(devices, 'reader')} each, ${figures.runsPerSecond.toFixed(0)} runs a second`,
      `processor time a run: server ${ms(serverMs)}${store === null ? ', with its PGlite' : `, PostgreSQL ${ms(databaseMs)}`}; benches ${ms(benchesMs)}`,
      `server and database in stretches of ${STRETCH_MS / 1000} s: ${spreadText(stretches, 'ms', 2)}`,
      `while nothing waits: ${idleMsPerSecond === null ? 'not to be seen' : `${idleMsPerSecond.toFixed(1)} ms a second`}`,
    ],
  };
}
