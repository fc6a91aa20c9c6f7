import { readdirSync, readFileSync } from 'node:fs';
import type { Sql } from '../../store/sql.ts';

/** Clock ticks a second in /proc/PID/stat: Linux shows 100 on every architecture that Node runs on. */
const TICKS = 100;

interface ProcessState {
  readonly parent: number;
  readonly name: string;
  /** Of itself, in milliseconds, user and system. */
  readonly ownMs: number;
  /** Of its children that have ended and were waited for. */
  readonly endedChildrenMs: number;
}

/** Null: there is no such process now, or this system does not tell (only Linux does). */
export function processState(pid: number): ProcessState | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The name stands in brackets, and may hold blanks and brackets itself (proc(5)).
  const end = text.lastIndexOf(')');
  const name = text.slice(text.indexOf('(') + 1, end);
  const fields = text
    .slice(end + 2)
    .split(' ')
    .map(Number);
  const at = (field: number): number => fields[field - 3] ?? 0;
  const ms = (ticks: number): number => (ticks * 1000) / TICKS;
  return { parent: at(4), name, ownMs: ms(at(14) + at(15)), endedChildrenMs: ms(at(16) + at(17)) };
}

/**
 * Processor time of a process and its children, those that have ended too, in milliseconds; null where it cannot be told.
 * One that ends between two looks is counted in both.
 */
export function treeProcessorMs(pid: number): number | null {
  const root = processState(pid);
  if (root === null) return null;
  let ms = root.ownMs + root.endedChildrenMs;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const state = processState(Number(entry));
    if (state?.parent === pid) ms += state.ownMs + state.endedChildrenMs;
  }
  return ms;
}

/** The process above all of a PostgreSQL server; null: it is at another machine, or hidden in a container. */
export async function postmaster(sql: Sql): Promise<number | null> {
  const [row] = await sql.query<{ pid: number }>('select pg_backend_pid() as pid');
  const backend = row === undefined ? null : processState(row.pid);
  if (backend?.name !== 'postgres') return null;
  const above = processState(backend.parent);
  return above?.name === 'postgres' ? backend.parent : null;
}
