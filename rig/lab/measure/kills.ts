import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CannotRun } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import { type Spread, spreadOf, spreadText } from '../../figures/spread.ts';
import { counted } from '../../report/words.ts';
import type { Sql } from '../../store/sql.ts';
import { CHECK_QUERY, checkStore } from '../store/check.ts';
import { type Kill, type KillRun, killRun } from './kill-run.ts';
import { inEmptyLab, withSql } from './own-store.ts';
import { atMost, type LabBenchChoice, type LabBenchPart, lengths, type Measured } from './part-of-bench.ts';
import { STORE_FOLDER } from './running-lab.ts';

/** What the store says after a lab whose parts were killed. */
export interface KillFigures {
  readonly benches: number;
  readonly devices: number;
  readonly servers: number;
  readonly runs: number;
  /** Kills by kind. */
  readonly killed: { readonly bench: number; readonly server: number; readonly database: number };
  readonly results: number;
  readonly lost: number;
  readonly doubled: number;
  readonly stranded: number;
  /** Cells and campaigns whose counts are not those of their runs. */
  readonly miscounted: number;
  /** Attempts by how they ended. */
  readonly attempts: Readonly<Record<string, number>>;
  /** From the kill of a bench until one of its leases was given back, in milliseconds. */
  readonly backMs: Spread | null;
  /** The statement that was asked. */
  readonly check: string;
}

const SMALL = { benches: 4, devices: 2, runs: 200, scale: 0.05, everyMs: 12_000 };
const FULL = { benches: 50, devices: 8, runs: 10_000, scale: 1, everyMs: 30_000 };
const MOST_BACK_MS = 10_000;

export const KILLS: LabBenchPart = {
  name: 'kills',
  measure: async (choice, io) => measured(await inEmptyLab(choice.store, (folder) => killFigures(choice, folder, io))),
};

async function killFigures(choice: LabBenchChoice, folder: string, io: CommandIo): Promise<KillFigures> {
  const { store, restartStore } = choice;
  const { env, signal } = io;
  const given = choice.full ? FULL : SMALL;
  const run: KillRun = {
    // A PGlite database is in its server, and dies with it.
    servers: store === null ? 1 : 2,
    benches: choice.benches ?? given.benches,
    devices: choice.devices ?? given.devices,
    runs: choice.runs ?? given.runs,
    ...lengths(choice.scale ?? given.scale),
    everyMs: choice.everyMs ?? given.everyMs,
    kills: null,
    limitMs: 0,
  };
  const aheadMs = await clockAhead(store);
  const limitMs = limitOf(run);
  const crashStore = restartStore === null ? null : () => byShell(restartStore, env, signal);
  const outcome = await killRun(
    { ...run, limitMs },
    { folder, store, env, signal, crashStore, say: (text) => io.stderr(`  ${text}\n`) },
  );
  await outcome.end();
  signal.throwIfAborted();
  return withSql(store ?? join(folder, STORE_FOLDER), async (sql) => {
    const { runs, results, lost, doubled, stranded, miscounted } = await checkStore({ sql });
    const count = (kind: Kill['kind']): number => outcome.kills.filter((kill) => kill.kind === kind).length;
    return {
      ...{ benches: run.benches, devices: run.devices, servers: run.servers, runs, results },
      killed: { bench: count('bench'), server: count('server'), database: count('database') },
      ...{ lost: lost.length, doubled: doubled.length, stranded: stranded.length, miscounted: miscounted.length },
      attempts: await attemptsByState(sql),
      backMs: spreadOf(await leasesBack(sql, outcome.kills, aheadMs)),
      check: CHECK_QUERY,
    };
  });
}

/** Four times what the runs take by themselves, and a start of everything. */
function limitOf({ runs, shortestMs, longestMs, benches, devices }: KillRun): number {
  const meanMs = (shortestMs + longestMs) / 2;
  return 300_000 + (4 * runs * (meanMs + 100)) / Math.max(1, benches * devices);
}

/** By how much the database's clock is ahead of this machine's: PGlite has the same one. */
function clockAhead(store: string | null): Promise<number> | number {
  if (store === null) return 0;
  return withSql(store, async (sql) => {
    const [row] = await sql.query<{ now: number }>(
      'select floor(extract(epoch from clock_timestamp()) * 1000)::int8 as now',
    );
    return (row?.now ?? Date.now()) - Date.now();
  });
}

/** @throws {CannotRun} the command fails */
async function byShell(command: string, env: CommandIo['env'], signal: AbortSignal): Promise<void> {
  const child = spawn('/bin/sh', ['-c', command], { env, stdio: ['ignore', 'ignore', 'ignore'], signal });
  const [code] = await Promise.race([
    once(child, 'exit'),
    once(child, 'error').then(([error]) => Promise.reject(error)),
  ]);
  if (code !== 0) throw new CannotRun(`the command that restarts the database ended with ${code}`);
}

async function attemptsByState(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql.query<{ state: string; n: number }>(
    'select state, count(*) as n from lab_attempts group by state order by state',
  );
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
}

/** Milliseconds from the kill of a bench to the end of each lease that it had, where that was given back. */
export async function leasesBack(sql: Sql, kills: readonly Kill[], aheadMs: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (const { kind, victim, at } of kills) {
    if (kind !== 'bench') continue;
    const rows = await sql.query<{ after: number }>(
      `select ended_at - $2::int8 as after from lab_attempts
       where bench = $1 and state in ('given-back', 'late') and started_at <= $2::int8 and ended_at > $2::int8
       order by ended_at`,
      [victim, at + aheadMs],
    );
    times.push(...rows.map(({ after }) => after));
  }
  return times;
}

function measured(figures: KillFigures): Measured {
  const { benches, devices, servers, runs, results, killed, lost, doubled, stranded, miscounted, attempts, backMs } =
    figures;
  const ended = Object.entries(attempts).map(([state, n]) => `${n} ${state}`);
  return {
    figures,
    targets: [
      atMost('runs without a result', runs - results, 0),
      ...Object.entries({ lost, doubled, stranded, miscounted }).map(([id, count]) => atMost(id, count, 0)),
      ...(backMs === null ? [] : [atMost('leases back, ms', backMs.worst, MOST_BACK_MS)]),
    ],
    lines: [
      `${counted(runs, 'run')}, ${counted(servers, 'server')}, ${counted(benches, 'bench', 'benches')} with ${counted(devices, 'reader')} each`,
      `killed with SIGKILL: ${counted(killed.bench, 'bench', 'benches')}, ${counted(killed.server, 'server')}; databases restarted: ${killed.database}`,
      `the store says: ${counted(results, 'result')}, ${lost} lost, ${doubled} doubled, ${stranded} stranded, ${miscounted} miscounted; attempts: ${ended.join(', ')}`,
      `leases of killed benches back after: ${spreadText(backMs, 'ms', 0)}`,
    ],
  };
}
