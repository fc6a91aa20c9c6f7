import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PcscReader } from '../../../src/hal/pcsc/index.ts';
import { requireService } from '../../../src/hal/pcsc/service-socket.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';

// Elsewhere the service has no socket to look at.
describe.runIf(process.platform === 'linux')('the socket of the PC/SC service', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-pcsc-'));
    vi.stubEnv('PCSCLITE_CSOCK_NAME', join(folder, 'pcscd.comm'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  /** Listens as pcscd would. @returns how to end it */
  async function listen(): Promise<() => Promise<unknown>> {
    const server = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(process.env.PCSCLITE_CSOCK_NAME, resolve));
    return () => new Promise((resolve) => server.close(resolve));
  }

  it('is where the environment says, and somebody answers', async () => {
    const end = await listen();
    await requireService();
    await end();
  });

  it('is not there: no service, and what to do', async () => {
    await expect(requireService()).rejects.toMatchObject({
      kind: 'no-service',
      message: expect.stringMatching(/does not run: start pcscd/),
    });
  });

  it('keeps a reader from waiting for a service that does not run', async () => {
    const reader = new PcscReader({ clock: systemClock });
    await expect(reader.list()).rejects.toMatchObject({ kind: 'no-service' });
    await expect(reader.connect({ timeoutMs: 60_000 })).rejects.toMatchObject({ kind: 'no-service' });
    await reader.close();
    await expect(reader.list()).rejects.toMatchObject({ kind: 'aborted' });
  });
});
