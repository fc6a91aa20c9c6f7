import { StoreError } from './store-error.ts';

/** The URLs of a database whose URL names several hosts, as libpq takes it: the one that writes is looked for. */
export class DatabaseHosts {
  readonly #urls: readonly string[];
  #place = 0;

  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  get count(): number {
    return this.#urls.length;
  }

  /** The one to which a new connection goes. */
  get current(): string {
    return this.#urls[this.#place] as string;
  }

  /** That one does not answer or does not write: the next one is current, unless another connection has gone on already. */
  leave(url: string): void {
    if (this.current === url) this.#place = (this.#place + 1) % this.#urls.length;
  }
}

export const NO_DATABASE_URL =
  'the URL of the database cannot be read: write postgresql://USER@HOST:PORT/DATABASE, or postgresql://USER@/DATABASE?host=/FOLDER for a socket';
const PARTS = /^(postgres(?:ql)?:\/\/)((?:[^@/?]*@)?)([^/?]*)(.*)$/i;
const NO_HOST = /^(?::(\d*))?$/;

/**
 * `postgresql://user@one:5432,two:5432/database`, or `postgresql://user@/database?host=/one,/two&port=5432,5433`.
 * @throws {StoreError} `denied`: no URL, or a password in it: a command line is readable for everybody on the machine, and
 * ends in histories
 */
export function databaseHosts(text: string): DatabaseHosts {
  const [, scheme = '', user = '', hosts = '', after = ''] = PARTS.exec(text) ?? [];
  const urls = hosts.split(',').flatMap((host) => inQuery(parsed(scheme, user, host, after)));
  if (urls.some((url) => url.password !== '' || url.searchParams.has('password'))) {
    throw new StoreError('denied', 'the URL of the database holds a password: put it into PGPASSWORD or ~/.pgpass');
  }
  if (!urls.every(isReadable)) throw new StoreError('denied', NO_DATABASE_URL);
  return new DatabaseHosts(urls.map(({ href }) => href));
}

function parsed(scheme: string, user: string, host: string, after: string): URL {
  // libpq takes a user or a port without a host, and a URL does not: its parser sees a host, which then goes.
  const isThere = !NO_HOST.test(host);
  const text = `${scheme}${user}${isThere ? '' : 'host'}${host}${after}`;
  if (!URL.canParse(text)) throw new StoreError('denied', NO_DATABASE_URL);
  const url = new URL(text);
  return isThere ? url : withoutHost(url, scheme, after);
}

/** User, password and port in the query, where the client library looks first. */
function withoutHost({ username, password, port }: URL, scheme: string, after: string): URL {
  const url = new URL(`${scheme}${after}`);
  for (const [name, value] of Object.entries({ user: decoded(username), password, port })) {
    if (value === null) throw new StoreError('denied', NO_DATABASE_URL);
    if (value !== '' && !url.searchParams.has(name)) url.searchParams.set(name, value);
  }
  return url;
}

/** Whether the client library can take it apart: it throws errors of its own at a wrong escape or port. */
function isReadable({ username, hostname, pathname, searchParams }: URL): boolean {
  const port = searchParams.get('port') ?? '';
  return [username, hostname, pathname].every((part) => decoded(part) !== null) && /^\d*$/.test(port) && +port < 65_536;
}

/** Null: its escapes are no UTF-8. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** A URL for each of the hosts in its query; ports are one for all, or one for each. */
function inQuery(url: URL): URL[] {
  // The client library does not know it, and whoever keeps things needs one that writes.
  url.searchParams.delete('target_session_attrs');
  const hosts = url.searchParams.get('host')?.split(',') ?? [];
  const ports = url.searchParams.get('port')?.split(',') ?? [];
  if (hosts.length < 2) return [url];
  if (ports.length > 1 && ports.length !== hosts.length) throw new StoreError('denied', NO_DATABASE_URL);
  return hosts.map((host, place) => {
    const one = new URL(url);
    one.searchParams.set('host', host);
    const port = ports[place] ?? ports[0];
    if (port !== undefined) one.searchParams.set('port', port);
    return one;
  });
}
