import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PACKAGE_ROOT } from '../../rig/console/package-root.ts';
import type { SubmittedRun } from '../../rig/lab/api/campaign.ts';
import { LabUnreachable } from '../../rig/lab/api/lab-refused.ts';
import { type PersonLink, personLink } from '../../rig/lab/api/person-link.ts';
import { hasEnded } from '../child-end.ts';
import type { PostgresqlServer } from './postgresql.ts';

/** A part of a lab in a process of its own, which is killed and started again as systemd would. */
interface Part {
  readonly name: string;
  kill(): Promise<void>;
  /** @returns when it is ready */
  start(): Promise<void>;
  /** Kills it for good. */
  end(): Promise<void>;
}

export interface KillRun {
  readonly benches: number;
  /** Runs at a time at one bench. */
  readonly slots: number;
  readonly runs: number;
  readonly shortestMs: number;
  readonly longestMs: number;
  readonly kills: number;
  /** From one kill to the next. */
  readonly everyMs: number;
}

export interface KilledBench {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface KillOutcome {
  readonly link: PersonLink;
  readonly campaign: number;
  readonly killed: readonly KilledBench[];
  end(): Promise<void>;
}

/**
 * A lab on PostgreSQL with two servers and some benches, all of them processes: a campaign of rehearsals, while a bench, a
 * server and the database are killed in turn, until its last run has ended.
 */
export async function killRun(
  { benches, slots, runs, shortestMs, longestMs, kills, everyMs }: KillRun,
  database: PostgresqlServer,
  folder: string,
): Promise<KillOutcome> {
  const url = database.database('kills');
  const lab = join(folder, 'lab');
  const ports = [await freePort(), await freePort()];
  const servers = ports.map((port, place) =>
    part(`server-${place}`, ['lab', 'serve', lab, '--store', url, '--port', String(port), '--quiet'], /Ctrl-C/, folder),
  );
  for (const each of servers) await each.start();
  const operator = join(lab, 'operator.token');
  const link = personLink({ origin: `http://127.0.0.1:${ports[0]}`, token: readFileSync(operator, 'utf8').trim() });
  const token = join(folder, 'bench.token');
  writeFileSync(token, await link.addToken('benches', 'bench'), { mode: 0o600 });
  const file = join(folder, 'bench.yaml');
  writeFileSync(file, `version: 1\ninProcess: ${slots}\npcsc: no\n`);
  const agents = Array.from({ length: benches }, (_, place) => {
    const name = `b${place}`;
    const where = ['--server', `http://127.0.0.1:${ports[place % ports.length]}`, '--token-file', token];
    const own = ['--name', name, '--folder', join(folder, name), '--bench-file', file];
    return part(name, ['lab', 'bench', ...where, ...own], /is enrolled/, folder);
  });
  await Promise.all(agents.map((each) => each.start()));
  const { campaign } = await link.submit({
    ...{ name: 'kills', source: 'version: 1', dryRun: false, attempts: 20, key: randomUUID() },
    runs: Array.from({ length: runs }, (_, place): SubmittedRun => {
      const milliseconds = shortestMs + Math.round(((longestMs - shortestMs) * (place % 7)) / 6);
      return {
        ...{ subject: `card ${place % 5}`, suite: 'rehearsal', repetition: place + 1, limitSeconds: 120 },
        ...{ requirement: { kind: 'reader', ours: true }, work: { kind: 'rehearsal', milliseconds }, inputs: [] },
      };
    }),
  });
  const killed: KilledBench[] = [];
  for (let kill = 0; kill < kills; kill++) {
    await sleep(everyMs);
    const victim = [agents[kill % agents.length], servers[kill % servers.length], null][kill % 3];
    if (victim === null || victim === undefined) {
      await database.crash();
      continue;
    }
    await victim.kill();
    if (victim.name.startsWith('b')) killed.push({ name: victim.name, at: Date.now() });
    void victim.start();
  }
  await ended(link, campaign as number);
  return {
    ...{ link, campaign: campaign as number, killed },
    end: async () => void (await Promise.all([...agents, ...servers].map((each) => each.end()))),
  };
}

async function ended(link: PersonLink, campaign: number): Promise<void> {
  for (;;) {
    try {
      const { counts } = (await link.matrix(campaign)).campaign;
      if (counts.queued + counts.running === 0) return;
    } catch (error) {
      if (!(error instanceof LabUnreachable) && (error as { status?: number }).status !== 503) throw error;
    }
    await sleep(500);
  }
}

function part(name: string, args: readonly string[], ready: RegExp, folder: string): Part {
  let child: ChildProcess | null = null;
  let wanted = true;
  const start = (): Promise<void> => {
    const started = spawn(process.execPath, [join(PACKAGE_ROOT, 'bin', 'vitap.js'), ...args], {
      env: { ...process.env, XDG_STATE_HOME: join(folder, `${name}-home`) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    return new Promise<void>((resolve) => {
      let printed = '';
      const hear = (chunk: unknown): void => {
        printed = `${printed}${String(chunk)}`.slice(-4000);
        if (ready.test(printed)) resolve();
      };
      started.stdout?.on('data', hear);
      started.stderr?.on('data', hear);
      // One that finds no database ends by itself, and is started again.
      started.on('close', (code) => {
        if (code !== null && wanted) setTimeout(() => void (wanted && start().then(resolve)), 500);
      });
    });
  };
  return {
    name,
    start,
    async kill() {
      const dying = child;
      if (dying === null || hasEnded(dying)) return;
      const over = new Promise((resolve) => dying.once('close', resolve));
      dying.kill('SIGKILL');
      await over;
    },
    end() {
      wanted = false;
      return this.kill();
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
