import { WebRefusal } from './refusal.ts';

/** What these checks look at. */
export interface RequestSource {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * A browser sends a page of another origin's requests too: the server on loopback is open to every page that its user
 * visits. Programs send neither Origin nor Sec-Fetch-Site, and are told apart by what they sign or know.
 * @param scheme `http` or `https`
 * @throws {WebRefusal} another Host (DNS rebinding), another Origin, a request across sites
 */
export function checkSource(
  { method, headers }: RequestSource,
  scheme: string,
  isOwnName: (name: string) => boolean,
): void {
  const { host } = headers;
  const name = typeof host === 'string' ? nameOf(host) : null;
  if (name === null || !isOwnName(name)) throw new WebRefusal('host-refused');
  const { origin } = headers;
  if (origin !== undefined && origin !== `${scheme}://${host}`) throw new WebRefusal('origin-refused');
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  // Following a link to a page of ours shows the page and sends nothing.
  const follows = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (!(follows && method === 'GET')) throw new WebRefusal('origin-refused');
}

/** A Host header without its port and the brackets of IPv6, in lower case; null when it is none. */
function nameOf(host: string): string | null {
  const [, v6, other] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z.-]+))(?::\d{1,5})?$/.exec(host) ?? [];
  return (v6 ?? other)?.toLowerCase() ?? null;
}
