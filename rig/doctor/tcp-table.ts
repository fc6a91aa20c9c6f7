/** A row of Linux's table of TCP sockets. */
export interface TcpSocket {
  readonly localPort: number;
  readonly state: 'listen' | 'established' | 'other';
}

/** States as the kernel numbers them in that table. */
const STATES: Readonly<Record<string, TcpSocket['state']>> = { '0A': 'listen', '01': 'established' };

/** Reads the text of /proc/net/tcp or /proc/net/tcp6; rows of another shape are left out. */
export function readTcpSockets(text: string): readonly TcpSocket[] {
  const sockets: TcpSocket[] = [];
  for (const line of text.split('\n')) {
    // sl, local_address, rem_address, st
    const match = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /.exec(line);
    if (match === null) continue;
    sockets.push({ localPort: Number.parseInt(match[1]!, 16), state: STATES[match[2]!] ?? 'other' });
  }
  return sockets;
}
