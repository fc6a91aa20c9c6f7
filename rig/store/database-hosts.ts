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

const NONE = 'the URL of the database is none: postgresql://USER@HOST:PORT/DATABASE';
const PARTS = /^(postgres(?:ql)?:\/\/(?:[^@/?]*@)?)([^/?]*)(.*)$/i;

/**
 * `postgresql://user@one:5432,two:5432/database`, or `?host=/one,/two&port=5432,5433`.
 * @throws {StoreError} `denied`: no URL, or a password in it: a command line is readable for everybody on the machine, and
 * ends in histories
 */
export function databaseHosts(text: string): DatabaseHosts {
  const [, before = '', hosts = '', after = ''] = PARTS.exec(text) ?? [];
  const urls = hosts.split(',').flatMap((host) => inQuery(parsed(`${before}${host}${after}`)));
  if (urls.some((url) => url.password !== '' || url.searchParams.has('password'))) {
    throw new StoreError('denied', 'the URL of the database holds a password: put it into PGPASSWORD or ~/.pgpass');
  }
  return new DatabaseHosts(urls.map(({ href }) => href));
}

function parsed(text: string): URL {
  if (!URL.canParse(text)) throw new StoreError('denied', NONE);
  return new URL(text);
}

/** A URL for each of the hosts in its query; ports are one for all, or one for each. */
function inQuery(url: URL): URL[] {
  // The client library does not know it, and whoever keeps things needs one that writes.
  url.searchParams.delete('target_session_attrs');
  const hosts = url.searchParams.get('host')?.split(',') ?? [];
  const ports = url.searchParams.get('port')?.split(',') ?? [];
  if (hosts.length < 2) return [url];
  if (ports.length > 1 && ports.length !== hosts.length) throw new StoreError('denied', NONE);
  return hosts.map((host, place) => {
    const one = new URL(url);
    one.searchParams.set('host', host);
    const port = ports[place] ?? ports[0];
    if (port !== undefined) one.searchParams.set('port', port);
    return one;
  });
}
