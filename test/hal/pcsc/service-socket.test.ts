import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HalError } from '../../../src/hal/errors.ts';
import { PcscReader } from '../../../src/hal/pcsc/index.ts';
import { deniedOrGone, requireService } from '../../../src/hal/pcsc/service-socket.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';

// Elsewhere the service has no socket to look at.
describe.runIf(process.platform === 'linux')('the socket of the PC/SC service', () => {
  let folder: string;
  const held: Socket[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-pcsc-'));
    vi.stubEnv('PCSCLITE_CSOCK_NAME', join(folder, 'pcscd.comm'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  /** Listens as pcscd would. @returns how to end it */
  async function listen(answer: 'answers' | 'is silent' = 'answers'): Promise<() => Promise<unknown>> {
    const server = createServer((socket) => {
      held.push(socket);
      socket.on('error', () => {});
      // 4.4, as pcscd 1.9.9 says it.
      if (answer === 'answers') socket.on('data', () => socket.write(Buffer.from('040000000400000000000000', 'hex')));
    });
    await new Promise<void>((resolve) => server.listen(process.env.PCSCLITE_CSOCK_NAME, resolve));
    return () =>
      new Promise((resolve) => {
        server.close(resolve);
        for (const socket of held.splice(0)) socket.destroy();
      });
  }

  it('is where the environment says, and somebody answers', async () => {
    const end = await listen();
    await requireService();
    await end();
  });

  it('says whether a denied access was one: a service that refuses still answers, one that died does not', async () => {
    const denied = new HalError('permission', 'polkit');
    const end = await listen();
    expect(await deniedOrGone(denied)).toBe(denied);
    await end();
    expect(await deniedOrGone(denied)).toMatchObject({ kind: 'no-service' });
    const other = new HalError('card-removed', 'gone');
    expect(await deniedOrGone(other)).toBe(other);
  });

  it('is there and nobody answers: no service, and why', async () => {
    const end = await listen('is silent');
    await expect(requireService(50)).rejects.toMatchObject({
      kind: 'no-service',
      message: expect.stringMatching(/runs but has not answered for 0.05 s/),
    });
    await end();
  });

  it('is not waited for any longer when a signal fires', async () => {
    const end = await listen('is silent');
    const stop = new AbortController();
    const refused = expect(requireService(60_000, [stop.signal])).rejects.toMatchObject({ kind: 'aborted' });
    stop.abort();
    await refused;
    await expect(requireService(60_000, [stop.signal])).rejects.toMatchObject({ kind: 'aborted' });
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
