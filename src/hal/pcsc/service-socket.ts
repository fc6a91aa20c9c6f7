import { connect } from 'node:net';
import { HalError } from '../errors.ts';

const SOCKET = '/run/pcscd/pcscd.comm';

/**
 * Makes sure that a PC/SC service runs, for nfc-pcsc would wait for it in a busy loop. Where systemd holds the socket,
 * this starts the service. Elsewhere than on Linux there is nothing to look at, and it returns at once.
 * @throws {HalError} `no-service`, `permission`
 */
export async function requireService(): Promise<void> {
  if (process.platform !== 'linux') return;
  const path = process.env.PCSCLITE_CSOCK_NAME ?? SOCKET;
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ path });
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', (error) => reject(absence(path, error)));
  });
}

function absence(path: string, error: NodeJS.ErrnoException): HalError {
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new HalError('permission', `This user may not use the PC/SC service (${path}).`, { cause: error });
  }
  return new HalError(
    'no-service',
    'The PC/SC service does not run: start pcscd (sudo systemctl start pcscd), or install the package pcscd.',
    { cause: error },
  );
}
