import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hasEnded } from '../child-end.ts';

/** Where Debian has the programs of PostgreSQL 15. */
export const POSTGRESQL = '/usr/lib/postgresql/15/bin';

/** Of 50 ms each. After a crash it reads its log again, on a busy machine for long. */
const START_TRIES = 1000;
/** The end of what it says, for the reason of a failure. */
const MOST_WORDS = 2000;

/** No port of the network is used: it is a part of the socket's name. */
const PORT = '54329';

export interface PostgresqlServer {
  /** URL of a database that is made now. */
  database(name: string): string;
  /** URL of one that is there. */
  url(name: string): string;
  /** Runs a statement as psql does. */
  psql(database: string, statement: string): string;
  /** Ends the server at once, as a loss of power would, and starts it again; one that has ended by itself is started. */
  crash(): Promise<void>;
  /** Whether it has ended by itself: a log that cannot be written, say. */
  hasEnded(): boolean;
  /** Another server that follows this one, on the same port in a folder of its own; it takes no changes until it is promoted. */
  follower(): Promise<PostgresqlServer>;
  /** Stops all of its processes where they are, or lets them go on: a machine that does not answer. */
  freeze(frozen: boolean): void;
  stop(): Promise<void>;
}

/**
 * A server of its own in a temporary folder, on a socket there, as the user postgres where this one is root.
 * @param settings as `max_connections=14`
 */
export function startPostgresql(...settings: readonly string[]): Promise<PostgresqlServer> {
  return start(settings, ({ data, run }) => run('initdb', '-D', data, ...INITDB));
}

const INITDB = ['-A', 'trust', '-U', 'vitap', '-E', 'UTF8', '--no-sync'] as const;

/** The same with its files on another disk; its log comes in pieces of a megabyte. @param disk a folder there */
export function startPostgresqlOn(disk: string, ...settings: readonly string[]): Promise<PostgresqlServer> {
  const data = join(disk, 'data');
  return start(settings, ({ run }) => run('initdb', '-D', data, ...INITDB, '--wal-segsize=1'), data);
}

interface NewServer {
  /** Folder that is made. */
  readonly data: string;
  run(program: string, ...args: readonly string[]): void;
}

async function start(
  settings: readonly string[],
  make: (server: NewServer) => void,
  elsewhere: string | null = null,
): Promise<PostgresqlServer> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-postgresql-'));
  const user = process.getuid?.() === 0 ? idsOf('postgres') : null;
  if (user !== null) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
  const options = { ...(user ?? {}), cwd: folder, env: { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8' } };
  const data = elsewhere ?? join(folder, 'data');
  if (elsewhere !== null && user !== null) chownSync(dirname(elsewhere), user.uid, user.gid);
  make({
    data,
    run: (program, ...args) => execFileSync(join(POSTGRESQL, program), args, { ...options, stdio: 'ignore' }),
  });
  let pid = 0;
  let running: ChildProcess;
  const launch = async (): Promise<() => Promise<void>> => {
    const all = ['listen_addresses=', ...settings].flatMap((each) => ['-c', each]);
    const server = spawn(join(POSTGRESQL, 'postgres'), ['-D', data, '-k', folder, '-p', PORT, ...all], {
      ...options,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let words = '';
    server.stderr.on('data', (chunk: Buffer) => {
      words = `${words}${chunk.toString()}`.slice(-MOST_WORDS);
    });
    await once(server, 'spawn');
    pid = server.pid as number;
    running = server;
    const ended = new Promise<void>((resolve) => server.on('close', () => resolve()));
    for (let tries = 0; !answers(folder); tries++) {
      if (hasEnded(server)) throw new Error(`PostgreSQL did not start: ${words}`);
      if (tries > START_TRIES) throw new Error(`PostgreSQL did not answer in time: ${words}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return async () => {
      // SIGQUIT: every process of it ends at once, and nothing is put away.
      server.kill('SIGQUIT');
      await ended;
    };
  };
  let stop = await launch();
  const psql = (database: string, statement: string): string =>
    execFileSync(
      join(POSTGRESQL, 'psql'),
      ['-h', folder, '-p', PORT, '-U', 'vitap', '-d', database, '-Atqc', statement],
      {
        encoding: 'utf8',
      },
    ).trim();
  const url = (name: string): string => `postgresql:///${name}?host=${folder}&port=${PORT}&user=vitap`;
  return {
    database(name) {
      psql('postgres', `create database ${name}`);
      return url(name);
    },
    url,
    psql,
    async crash() {
      await stop();
      stop = await launch();
    },
    hasEnded: () => hasEnded(running),
    follower: () =>
      start(settings, ({ data: copy, run }) =>
        run('pg_basebackup', '-D', copy, '-R', '-c', 'fast', '--no-sync', '-h', folder, '-p', PORT, '-U', 'vitap'),
      ),
    freeze(frozen) {
      const children = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
        .trim()
        .split('\n')
        .map(Number);
      for (const each of [pid, ...children]) process.kill(each, frozen ? 'SIGSTOP' : 'SIGCONT');
    },
    async stop() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(folder: string): boolean {
  if (!existsSync(join(folder, `.s.PGSQL.${PORT}`))) return false;
  try {
    execFileSync(join(POSTGRESQL, 'pg_isready'), ['-q', '-h', folder, '-p', PORT], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function idsOf(name: string): { uid: number; gid: number } {
  const id = (option: string): number => Number(execFileSync('id', [option, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
