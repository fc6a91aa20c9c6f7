import { connect, type Socket } from 'node:net';
import { HalError } from '../errors.ts';

const SOCKET = '/run/pcscd/pcscd.comm';

/**
 * How a client of pcsc-lite says hello: the header (bytes that follow, command CMD_VERSION) and the protocol's version,
 * 4.4, with room for the answer. pcscd answers any version, and a client that is not like it too.
 */
const HELLO: Buffer = Buffer.alloc(20);
for (const [index, word] of [12, 0x11, 4, 4, 0].entries()) {
  // In the machine's own byte order: both ends are on this machine.
  new Uint32Array(HELLO.buffer, HELLO.byteOffset + 4 * index, 1)[0] = word;
}

/** How long the service may take to answer where nobody says otherwise. */
export const SERVICE_LIMIT_MS = 5000;

const QUEUE_RETRY_MS = 20;

/** Where pcscd listens. */
export function serviceSocket(): string {
  return process.env.PCSCLITE_CSOCK_NAME ?? SOCKET;
}

/**
 * Makes sure that a PC/SC service runs and answers: nfc-pcsc would wait for it in a busy loop, and every call to one
 * that is stopped waits for ever, some of them on the thread that hears Ctrl-C. Where systemd holds the socket, this
 * starts the service. Elsewhere than on Linux there is nothing to look at, and it returns at once.
 * @param limitMs how long the service may take to answer
 * @param signals any of them ends the wait
 * @throws {HalError} `no-service`, `permission`, `aborted`
 */
export async function requireService(
  limitMs: number = SERVICE_LIMIT_MS,
  signals: readonly AbortSignal[] = [],
): Promise<void> {
  if (process.platform !== 'linux') return;
  const path = serviceSocket();
  await new Promise<void>((resolve, reject) => {
    let socket: Socket;
    let retry: NodeJS.Timeout | undefined;
    const settle = (error: HalError | null): void => {
      clearTimeout(timer);
      clearTimeout(retry);
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
      socket.destroy();
      if (error === null) resolve();
      else reject(error);
    };
    const onAbort = (): void => settle(new HalError('aborted', 'the wait for the PC/SC service was cancelled'));
    const timer = setTimeout(() => settle(silence(limitMs)), limitMs);
    for (const signal of signals) signal.addEventListener('abort', onAbort);
    const attempt = (): void => {
      socket = connect({ path });
      socket.on('connect', () => socket.write(HELLO));
      // Whatever it says, it lives.
      socket.on('data', () => settle(null));
      socket.on('end', () => settle(null));
      socket.on('error', (error: NodeJS.ErrnoException) => {
        // Its queue, of one client, is full: for a moment, or because it is stopped.
        if (error.code === 'EAGAIN') retry = setTimeout(attempt, QUEUE_RETRY_MS);
        else settle(absence(path, error));
      });
    };
    attempt();
    if (signals.some((signal) => signal.aborted)) onAbort();
  });
}

/**
 * What an error of the binding was: pcsc-lite says "access denied" also where the service died while it said hello, as
 * one that refuses a user closes the connection too. A service that refuses still answers.
 */
export async function deniedOrGone(error: HalError): Promise<HalError> {
  if (error.kind !== 'permission') return error;
  try {
    await requireService();
    return error;
  } catch (absent) {
    return absent instanceof HalError ? absent : error;
  }
}

function silence(limitMs: number): HalError {
  return new HalError(
    'no-service',
    `the PC/SC service (pcscd) runs but has not answered for ${limitMs / 1000} s: it is stopped or hangs; restart it (sudo systemctl restart pcscd)`,
  );
}

function absence(path: string, error: NodeJS.ErrnoException): HalError {
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new HalError('permission', `this user may not use the PC/SC service (${path})`, { cause: error });
  }
  return new HalError(
    'no-service',
    'the PC/SC service does not run: start pcscd (sudo systemctl start pcscd), or install the package pcscd',
    { cause: error },
  );
}
