import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { holderSocketPath, listenForHolder, tellPhone } from '../../../../rig/life/phone/holder-socket.ts';
import type { Phone } from '../../../../rig/life/phone/phone.ts';

let folder: string;
let server: Server | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-holder-'));
});
afterEach(() => {
  server?.close();
  server = null;
  rmSync(folder, { recursive: true, force: true });
});

it('ends although somebody is connected who says nothing', async () => {
  const stop = await listenForHolder({ folder } as Phone, () => {});
  const silent = connect(holderSocketPath(folder));
  await once(silent, 'connect');
  const gone = once(silent, 'close');
  await Promise.all([stop(), gone]);
});

it.each([
  // What was asked is not read when the process ends: its system resets the connection.
  ['before it answers', null],
  ['in the middle of its answer', '{"view":{"li'],
])('a phone that is killed %s is told in a sentence', async (_, said) => {
  server = createServer({ pauseOnConnect: said === null }, (socket) => {
    socket.on('error', () => {});
    if (said === null) setTimeout(() => socket.destroy(), 200);
    else socket.on('data', () => socket.end(said));
  }).listen(holderSocketPath(folder));
  await once(server, 'listening');
  await expect(tellPhone(folder, { do: 'view' })).rejects.toThrow('the running phone ended before it had answered');
});
