import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemErrorCode } from './storage-error.ts';

/** The process that a file belongs to: a lock, or a temporary copy. */
export interface FileOwner {
  readonly pid: number;
  readonly host: string;
  /** Start of the process in clock ticks since boot, where the system tells: a number used again is not the owner. */
  readonly started: string | null;
}

let self: FileOwner | null = null;

export function thisProcess(): FileOwner {
  self ??= { pid: process.pid, host: hostname(), started: statOf(process.pid)?.started ?? null };
  return self;
}

export function isThisProcess(owner: FileOwner): boolean {
  const { pid, host, started } = thisProcess();
  return owner.pid === pid && owner.host === host && owner.started === started;
}

/** Whether the process runs; those of another machine cannot be seen and count as running. */
export function isAlive(owner: FileOwner): boolean {
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (cause) {
    // EPERM: alive, and somebody else's.
    if (systemErrorCode(cause) === 'ESRCH') return false;
  }
  const now = statOf(owner.pid);
  if (now === null) return true;
  return !now.ended && (owner.started === null || now.started === null || now.started === owner.started);
}

/** What /proc/PID/stat tells; null where there is none. Fields are counted after the command name, which may hold anything. */
function statOf(pid: number): { readonly started: string | null; readonly ended: boolean } | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended and waits for its parent: it keeps its number and nothing else. One with more threads than its
  // first still runs in the others.
  const ended = ['Z', 'X'].includes(fields[0] ?? '') && Number(fields[17]) <= 1;
  return { started: fields[19] ?? null, ended };
}
