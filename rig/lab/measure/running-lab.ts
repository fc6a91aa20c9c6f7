import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CannotRun } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import type { SubmittedRun } from '../api/campaign.ts';
import { LabRefused, LabUnreachable } from '../api/lab-refused.ts';
import { type PersonLink, personLink } from '../api/person-link.ts';
import { OPERATOR_TOKEN_FILE } from '../server/serve.ts';
import { Part } from './part.ts';

export interface LabSize {
  readonly servers: number;
  readonly benches: number;
  /** Readers in process at each bench: so many runs at a time. */
  readonly devices: number;
}

export interface LabPlace {
  /** Of everything that this lab keeps; the caller makes it and takes it away. */
  readonly folder: string;
  /** URL of a PostgreSQL database; null: PGlite in the folder, which one server alone has. */
  readonly store: string | null;
  readonly env: CommandIo['env'];
  readonly signal: AbortSignal;
}

/** Rehearsals: runs that take a time and judge nothing. */
export interface Rehearsals {
  readonly runs: number;
  /** Lengths are spread evenly from the shortest to the longest. */
  readonly shortestMs: number;
  readonly longestMs: number;
}

/** A lab whose servers and benches are processes of their own on this machine. */
export interface RunningLab {
  /** Of the first server. */
  readonly origin: string;
  /** A file with the token of an operator. */
  readonly tokenFile: string;
  readonly link: PersonLink;
  readonly servers: readonly Part[];
  readonly benches: readonly Part[];
  /** Ends all of them; what is killed already stays so. */
  end(): Promise<void>;
}

/** How one bench is started. */
export interface BenchChoice {
  /** Text of the bench's file. */
  readonly file: string;
  /** Where it finds the server. */
  readonly origin: string;
}

/** Of the PGlite database, in the folder of a lab. */
export const STORE_FOLDER: string = join('lab', 'store');

/**
 * Starts servers and benches, and waits until every bench has said what it has.
 * @param benchAt gets the number of a bench, from 0, and the origin of its server
 * @throws {CannotRun} a part does not start; the reason of the signal
 */
export async function startLab(
  size: LabSize,
  place: LabPlace,
  benchAt: (number: number, origin: string) => BenchChoice | Promise<BenchChoice>,
): Promise<RunningLab> {
  const { folder, store, env, signal } = place;
  const lab = join(folder, 'lab');
  const made: Part[] = [];
  const part = (name: string, args: readonly string[], ready: RegExp): Part => {
    const own = join(folder, `${name}-home`);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    const each = new Part({ name, args, ready, folder: own, env, signal });
    made.push(each);
    return each;
  };
  const end = async (): Promise<void> => {
    // Benches first: they give back what they have, where the server still answers.
    await Promise.all(made.filter(({ name }) => !name.startsWith('server')).map((each) => each.kill()));
    await Promise.all(made.map((each) => each.end()));
  };
  try {
    const ports: number[] = [];
    for (let i = 0; i < size.servers; i++) ports.push(await freePort());
    const database = store === null ? [] : ['--store', store];
    const servers = ports.map((port, i) =>
      part(`server-${i}`, ['lab', 'serve', lab, ...database, '--port', `${port}`, '--quiet'], /Ctrl-C/),
    );
    // One after the other: the first one makes the tables.
    for (const server of servers) await server.start();
    const tokenFile = join(lab, OPERATOR_TOKEN_FILE);
    const origins = ports.map((port) => `http://127.0.0.1:${port}`);
    const origin = origins[0] as string;
    const link = personLink({ origin, token: readFileSync(tokenFile, 'utf8').trim(), signal });
    const token = join(folder, 'bench.token');
    writeFileSync(token, await link.addToken('benches', 'bench'), { mode: 0o600 });
    const benches: Part[] = [];
    for (let i = 0; i < size.benches; i++) {
      const choice = await benchAt(i, origins[i % origins.length] as string);
      const file = join(folder, `b${i}.yaml`);
      writeFileSync(file, choice.file);
      const at = ['--server', choice.origin, '--token-file', token];
      const own = ['--name', `b${i}`, '--folder', join(folder, `b${i}`), '--bench-file', file];
      benches.push(part(`b${i}`, ['lab', 'bench', ...at, ...own], /is enrolled/));
    }
    await Promise.all(benches.map((each) => each.start()));
    await allThere(link, size, signal);
    return { origin, tokenFile, link, servers, benches, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** As {@link startLab}, with readers in process at every bench. */
export function startRehearsalLab(size: LabSize, place: LabPlace): Promise<RunningLab> {
  const file = `version: 1\ninProcess: ${size.devices}\npcsc: no\n`;
  return startLab(size, place, (_, origin) => ({ file, origin }));
}

const THERE_MS = 300_000;

async function allThere(link: PersonLink, { benches, devices }: LabSize, signal: AbortSignal): Promise<void> {
  const until = performance.now() + THERE_MS;
  for (;;) {
    const seen = await link.benches();
    if (seen.filter((each) => each.alive && each.devices.length >= devices).length >= benches) return;
    if (performance.now() > until) throw new CannotRun('the benches did not come in time: the machine is too busy');
    await sleep(200, undefined, { signal });
  }
}

/** Longest of a rehearsal's run beyond its own time. */
const LIMIT_SECONDS = 120;
/** So many lengths, one after the other. */
const LENGTHS = 7;
const SUBJECTS = 5;

/** Length of a rehearsal by its place, from 0. */
export function rehearsalMs({ shortestMs, longestMs }: Rehearsals, place: number): number {
  return shortestMs + Math.round(((longestMs - shortestMs) * (place % LENGTHS)) / (LENGTHS - 1));
}

/** @param attempts benches that may try a run @returns number of the campaign */
export async function submitRehearsals(
  link: PersonLink,
  name: string,
  rehearsals: Rehearsals,
  attempts: number,
): Promise<number> {
  const { campaign } = await link.submit({
    ...{ name, source: 'version: 1', dryRun: false, attempts, key: randomUUID() },
    runs: Array.from({ length: rehearsals.runs }, (_, place): SubmittedRun => {
      const milliseconds = rehearsalMs(rehearsals, place);
      const limitSeconds = LIMIT_SECONDS + Math.ceil(milliseconds / 1000);
      return {
        ...{ subject: `card ${place % SUBJECTS}`, suite: 'rehearsal', repetition: place + 1, limitSeconds },
        ...{ requirement: { kind: 'reader', ours: true }, work: { kind: 'rehearsal', milliseconds }, inputs: [] },
      };
    }),
  });
  if (campaign === null) throw new Error('a campaign without inputs lacks none');
  return campaign;
}

/** Between two looks at a campaign: each costs the server something. */
const LOOK_MS = 1000;

/** Waits for the last run; servers may be away meanwhile. @throws {CannotRun} it took longer than the limit */
export async function campaignEnd(
  link: PersonLink,
  campaign: number,
  { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const until = performance.now() + limitMs;
  for (;;) {
    try {
      const { counts } = (await link.matrix(campaign)).campaign;
      if (counts.queued + counts.running === 0) return;
    } catch (error) {
      signal.throwIfAborted();
      if (!isAway(error)) throw error;
    }
    if (performance.now() > until)
      throw new CannotRun(`the runs did not end within ${Math.round(limitMs / 1000)} s: the machine is too busy`);
    await sleep(LOOK_MS, undefined, { signal });
  }
}

/** A server or its database that is killed now, or has too much to do. */
function isAway(error: unknown): boolean {
  if (error instanceof LabUnreachable) return true;
  return error instanceof LabRefused && (error.status >= 500 || error.status === 408 || error.status === 429);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
