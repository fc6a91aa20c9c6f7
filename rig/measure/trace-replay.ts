import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CannotRun } from '../console/failure.ts';
import type { CommandIo } from '../console/io.ts';
import { PACKAGE_ROOT } from '../console/package-root.ts';
import type { TraceEvent } from '../trace/model.ts';
import { openTrace } from '../trace/open-trace.ts';
import type { TraceSource } from '../trace/stream.ts';

const WALK = join(PACKAGE_ROOT, 'suites', 'vitale2', 'pointers.jsonl');
const PROFILE = 'vitale2';
const LOOK_MS = 50;

/** The walk along POINTERS of the shipped suite, as often as it takes for so many exchanges. */
export async function repeatedWalk(exchanges: number): Promise<TraceSource> {
  const walk = await openTrace(WALK, 'vitap');
  const recorded: TraceEvent[] = [];
  for await (const event of walk.source.events()) {
    if (event.type === 'command' || event.type === 'response') recorded.push(event);
  }
  const [first, last] = [recorded[0] as TraceEvent, recorded.at(-1) as TraceEvent];
  const span = last.t - first.t + 1_000_000;
  async function* events(): AsyncGenerator<TraceEvent, void, undefined> {
    for (let i = 0; i < 2 * exchanges; i++) {
      const event = recorded[i % recorded.length] as TraceEvent;
      yield { ...event, t: event.t - first.t + Math.floor(i / recorded.length) * span };
    }
  }
  return { header: walk.source.header, events };
}

/** Replays a trace to a card in a process of its own. Every exchange must be as expected. */
export function replayInChild(
  trace: string,
  io: CommandIo,
): Promise<{ readonly seconds: number; readonly peakMemoryBytes: number | null }> {
  const start = performance.now();
  const args = [...process.execArgv, process.argv[1] as string, 'replay', trace, '--profile', PROFILE];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], signal: io.signal });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => {
      err = (err + chunk.toString()).slice(-1000);
    });
    let peak: number | null = null;
    const looking = setInterval(() => {
      peak = peakOf(child.pid) ?? peak;
    }, LOOK_MS);
    child.on('error', reject);
    child.on('close', (exit) => {
      clearInterval(looking);
      if (exit !== 0) return reject(new CannotRun(`the replay to be measured failed: ${err.trim()}`));
      resolve({ seconds: (performance.now() - start) / 1000, peakMemoryBytes: peak });
    });
  });
}

/** The most that a process has held in memory so far; null where the system does not tell. */
function peakOf(pid: number | undefined): number | null {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
