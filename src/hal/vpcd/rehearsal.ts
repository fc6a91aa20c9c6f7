import { createServer, type Socket } from 'node:net';
import type { LinkedCard } from '../card-link.ts';
import type { Clock } from '../clock.ts';
import { VpcdLink } from './index.ts';
import { CONTROL, LENGTH_BYTES } from './messages.ts';

/** Enough for the engine to compile what an exchange runs. */
const EXCHANGES = 400;

/**
 * Serves a scratch card to a vpcd of our own on loopback, so that the first real exchange runs compiled code.
 * @param commands sent over and over
 */
export async function rehearse(card: LinkedCard, commands: readonly Uint8Array[], clock: Clock): Promise<void> {
  const server = createServer({ noDelay: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const link = new VpcdLink({ interface: 'contact', clock, host: '127.0.0.1', port });
  const talked = new Promise<void>((resolve) => server.once('connection', (socket) => talk(socket, commands, resolve)));
  const served = link.serve(card);
  try {
    await Promise.race([talked, served]);
  } finally {
    link.stop();
    await served;
    server.close();
  }
}

/** What vpcd sends: the power, then commands, each when the last one was answered. */
function talk(socket: Socket, commands: readonly Uint8Array[], done: () => void): void {
  const messages = commands.map((command) => message(command));
  let sent = 0;
  const send = (): void => {
    if (sent === EXCHANGES) {
      done();
      return;
    }
    socket.write(messages[sent++ % messages.length] as Uint8Array);
  };
  socket.on('error', done);
  socket.on('close', done);
  socket.on('data', send);
  socket.write(message(Uint8Array.of(CONTROL.powerOn)));
  send();
}

function message(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES + body.length);
  bytes[0] = body.length >> 8;
  bytes[1] = body.length & 0xff;
  bytes.set(body, LENGTH_BYTES);
  return bytes;
}
