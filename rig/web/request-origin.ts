import { WebRefusal } from './refusal.ts';

/** What these checks look at. */
export interface RequestSource {
  readonly method: string;
  /** As it was sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly localPort?: number | undefined };
}

const DEFAULT_PORTS = { http: 80, https: 443 } as const;
export type Scheme = keyof typeof DEFAULT_PORTS;

/**
 * A browser sends a page of another origin's requests too: the server on loopback is open to every page that its user
 * visits. Programs send neither Origin nor Sec-Fetch-Site, and are told apart by what they sign or know.
 * @throws {WebRefusal} another Host (DNS rebinding, or another server's port), another Origin, a request across sites
 */
export function checkSource(request: RequestSource, scheme: Scheme, isOwnName: (name: string) => boolean): void {
  const { method, url, headers, socket } = request;
  const { host } = headers;
  const named = typeof host === 'string' ? readHost(host) : null;
  // A whole address in place of a path counts more than Host (RFC 9112): it is for a proxy, which nobody is here.
  if (!/^[/*]/.test(url)) throw new WebRefusal('host-refused');
  const port = named?.port ?? DEFAULT_PORTS[scheme];
  if (named === null || port !== socket.localPort || !isOwnName(named.name)) throw new WebRefusal('host-refused');
  const { origin } = headers;
  if (origin !== undefined && origin !== `${scheme}://${host}`) throw new WebRefusal('origin-refused');
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  // Following a link to a page of ours shows the page and sends nothing.
  const follows = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (!(follows && method === 'GET')) throw new WebRefusal('origin-refused');
}

/** A Host header: name in lower case without the brackets of IPv6, and the port if it is there; null when it is none. */
function readHost(host: string): { name: string; port: number | null } | null {
  const [, v6, other, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z.-]+))(?::(\d{1,5}))?$/.exec(host) ?? [];
  const name = (v6 ?? other)?.toLowerCase();
  return name === undefined ? null : { name, port: port === undefined ? null : Number(port) };
}
