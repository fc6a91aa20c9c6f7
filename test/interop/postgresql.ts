import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasEnded } from '../child-end.ts';

/** Where Debian has the programs of PostgreSQL 15. */
export const POSTGRESQL = '/usr/lib/postgresql/15/bin';

/** No port of the network is used: it is a part of the socket's name. */
const PORT = '54329';

export interface PostgresqlServer {
  /** URL of a database that is made now. */
  database(name: string): string;
  /** Runs a statement as psql does. */
  psql(database: string, statement: string): string;
  /** Ends the server at once, as a loss of power would, and starts it again. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** A server of its own in a temporary folder, on a socket there, as the user postgres where this one is root. */
export async function startPostgresql(): Promise<PostgresqlServer> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-postgresql-'));
  const user = process.getuid?.() === 0 ? idsOf('postgres') : null;
  if (user !== null) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
  const options = { ...(user ?? {}), cwd: folder, env: { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8' } };
  const data = join(folder, 'data');
  execFileSync(join(POSTGRESQL, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'vitap', '-E', 'UTF8', '--no-sync'], {
    ...options,
    stdio: 'ignore',
  });
  const start = async (): Promise<() => Promise<void>> => {
    const server = spawn(
      join(POSTGRESQL, 'postgres'),
      ['-D', data, '-k', folder, '-p', PORT, '-c', 'listen_addresses='],
      {
        ...options,
        stdio: 'ignore',
      },
    );
    const ended = new Promise<void>((resolve) => server.on('close', () => resolve()));
    for (let tries = 0; !answers(folder); tries++) {
      if (tries > 200 || hasEnded(server)) throw new Error('PostgreSQL did not start');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return async () => {
      // SIGQUIT: every process of it ends at once, and nothing is put away.
      server.kill('SIGQUIT');
      await ended;
    };
  };
  let stop = await start();
  const psql = (database: string, statement: string): string =>
    execFileSync(
      join(POSTGRESQL, 'psql'),
      ['-h', folder, '-p', PORT, '-U', 'vitap', '-d', database, '-Atqc', statement],
      {
        encoding: 'utf8',
      },
    ).trim();
  return {
    database(name) {
      psql('postgres', `create database ${name}`);
      return `postgresql:///${name}?host=${folder}&port=${PORT}&user=vitap`;
    },
    psql,
    async crash() {
      await stop();
      stop = await start();
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
