import { CannotRun } from '../console/failure.ts';
import { readInputText } from '../console/input-file.ts';
import { refuseSharedKey } from '../console/private-key-file.ts';

/** A server of ours to which a token goes, as a person names it. */
export interface TokenAddress {
  readonly server: string;
  readonly tokenFile: string;
  /** Pin of the server's key; null: its certificate is judged as usual. */
  readonly pin: string | null;
}

/** What a person typed of it. */
export interface TypedAddress {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly pin?: string;
}

/**
 * The lab that a person names: by options, and what no option names by `VITAP_LAB`, `VITAP_LAB_TOKEN_FILE` and
 * `VITAP_LAB_PIN`. An empty variable names nothing.
 * @param typed null: the verb has no such options
 * @throws {CannotRun} no server or no file with a token
 */
export function labAddress(
  typed: TypedAddress | null,
  env: Readonly<Record<string, string | undefined>>,
): TokenAddress {
  const { VITAP_LAB, VITAP_LAB_TOKEN_FILE, VITAP_LAB_PIN } = env;
  const server = typed?.server ?? (VITAP_LAB || null);
  const tokenFile = typed?.tokenFile ?? (VITAP_LAB_TOKEN_FILE || null);
  if (server === null || tokenFile === null) {
    const by = (option: string, variable: string): string =>
      typed === null ? `in ${variable}` : `with ${option} or in ${variable}`;
    throw new CannotRun(
      `which lab? name it ${by('--server', 'VITAP_LAB')}, and the file with its token ${by('--token-file', 'VITAP_LAB_TOKEN_FILE')}`,
    );
  }
  return { server, tokenFile, pin: typed?.pin ?? (VITAP_LAB_PIN || null) };
}

const LARGEST_TOKEN_FILE = 4096;

/**
 * Scheme, name and port of the server, without a slash at the end, and the token.
 * @throws {CannotRun} no origin, another machine without TLS, or no token; an ordinary file error is left as it is
 */
export function readTokenAddress({ server, tokenFile, pin }: TokenAddress): {
  readonly origin: string;
  readonly token: string;
} {
  const url = URL.canParse(server) ? new URL(server) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.search !== '') {
    throw new CannotRun(`a lab is named by its origin, as https://lab.example:8640, and this is none: ${server}`);
  }
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url.protocol === 'http:' && !loopback) {
    throw new CannotRun(`${url.origin} is another machine, and a token does not go there without TLS: use https`);
  }
  if (pin !== null && url.protocol === 'http:') throw new CannotRun('a pin is of a server with TLS: use https');
  refuseSharedKey(tokenFile, 'this token');
  const token = (readInputText(tokenFile, 'a token', LARGEST_TOKEN_FILE).split('\n')[0] ?? '').trim();
  if (!/^[\w.~+/=-]{16,512}$/.test(token)) throw new CannotRun(`${tokenFile}: its first line is no token of a lab`);
  return { origin: url.origin, token };
}
