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
