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
  self ??= { pid: process.pid, host: hostname(), started: startOf(process.pid) };
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
  const started = startOf(owner.pid);
  return started === null || owner.started === null || started === owner.started;
}

/** Field 22 of /proc/PID/stat, counted after the command name, which may hold anything; null where there is none. */
function startOf(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
