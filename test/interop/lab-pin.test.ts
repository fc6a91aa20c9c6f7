import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { keyPin, pinnedAgent, pinnedFetch } from '../../rig/web/pinned-fetch.ts';
import { openWebSocket } from '../../src/hal/distant/index.ts';
import { describeNeeds } from './real-parts.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-pin-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeNeeds(['openssl'], "a server's key that a bench pins", () => {
  const certificate = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  const openssl = (...words: string[]): Buffer => execFileSync('openssl', words, { stdio: ['pipe', 'pipe', 'ignore'] });
  openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=lab.test', '-keyout', key, '-out', certificate],
  );
  /** By openssl alone. */
  const spki = execFileSync('sh', [
    '-c',
    `openssl x509 -in ${certificate} -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary`,
  ]);
  const pin = spki.toString('base64url');
  const wrong = Buffer.alloc(32, 7).toString('base64url');

  it('is named as openssl computes it', () => {
    expect(keyPin(new X509Certificate(readFileSync(certificate)).raw)).toBe(pin);
  });

  it('is asked, and no other server hears the token', async () => {
    const heard: (string | undefined)[] = [];
    const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, answer) => {
      heard.push(request.headers.authorization);
      request.resume().on('end', () => answer.setHeader('content-type', 'text/plain').end(`hello ${request.method}`));
    });
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (_socket, request) => heard.push(request.headers.authorization));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const headers = { authorization: 'Bearer secret' };
    try {
      await expect(pinnedFetch(wrong)(`https://${origin}/`, { headers })).rejects.toThrow('another key');
      await expect(
        openWebSocket({ url: `wss://${origin}/`, headers, timeoutMs: 5000, agent: pinnedAgent(wrong) }),
      ).rejects.toThrow('another key');
      // A certificate that nobody signed is not taken without a pin.
      await expect(fetch(`https://${origin}/`, { headers })).rejects.toThrow();
      await expect(openWebSocket({ url: `wss://${origin}/`, headers, timeoutMs: 5000 })).rejects.toThrow();
      expect(heard).toEqual([]);
      const answer = await pinnedFetch(pin)(`https://${origin}/`, { method: 'POST', headers, body: 'x' });
      expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
        200,
        'text/plain',
        'hello POST',
      ]);
      const channel = await openWebSocket({
        url: `wss://${origin}/`,
        headers,
        timeoutMs: 5000,
        agent: pinnedAgent(pin),
      });
      expect(heard).toEqual(['Bearer secret', 'Bearer secret']);
      channel.close();
    } finally {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      server.close();
    }
  });
});
