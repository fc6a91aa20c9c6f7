import { spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { stuckPcscCalls } from './channel.ts';
import { serviceSocket } from './service-socket.ts';

/** A call may open another connection after the one that it lost. */
const ROUNDS = 4;
const ROUND_MS = 250;
const STEP_MS = 10;
const PERL_LIMIT_MS = 2000;

/** Of the sockets that it is given, shuts down those whose other end has that path, in both directions. */
const SHUT_DOWN = `
my ($path, $count) = @ARGV;
for my $number (3 .. 2 + $count) {
  open(my $socket, "+<&=", $number) or next;
  my $peer = getpeername($socket);
  shutdown($socket, 2) if defined $peer && index($peer, $path) >= 0;
}`;

/**
 * Makes calls return that the service never answers, by shutting their connections down. A thread in such a call cannot
 * be stopped, and `process.exit` would wait for it for good. Node has no way to shut a socket down for reading: perl
 * does it, which every Debian has, on sockets that it inherits. For the end of a process only: nothing of the service
 * can be used afterwards.
 * @returns whether no call is stuck any more
 */
export async function releaseStuckCalls(): Promise<boolean> {
  for (let round = 0; round < ROUNDS && stuckPcscCalls() > 0; round++) {
    const sockets = openSockets();
    if (sockets.length === 0) break;
    const perl = spawnSync('perl', ['-e', SHUT_DOWN, serviceSocket(), `${sockets.length}`], {
      stdio: ['ignore', 'ignore', 'ignore', ...sockets],
      timeout: PERL_LIMIT_MS,
    });
    if (perl.status !== 0) break;
    for (let ms = 0; ms < ROUND_MS && stuckPcscCalls() > 0; ms += STEP_MS) await pause(STEP_MS);
  }
  return stuckPcscCalls() === 0;
}

function openSockets(): number[] {
  try {
    return readdirSync('/proc/self/fd').map(Number).filter(isSocket);
  } catch {
    // Elsewhere than on Linux nobody says which they are.
    return [];
  }
}

function isSocket(descriptor: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
  } catch {
    // Closed meanwhile: the folder's own descriptor, for one.
    return false;
  }
}
