import { execFile, execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { limitedFetch } from '../../rig/web/limited-fetch.ts';
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

  it.each<[string, object, string]>([
    ['nobody who is trusted signed', {}, 'its certificate is signed by nobody who is trusted here'],
    ['is of another name', { days: 2, name: 'other.test', trusted: true }, 'its certificate is of another name'],
    ['has expired', { days: -1, name: 'localhost', trusted: true }, 'its certificate has expired'],
  ])('a certificate that %s is named as the reason', async (_name, given, words) => {
    const {
      days = 2,
      name = 'localhost',
      trusted = false,
    } = given as { days?: number; name?: string; trusted?: boolean };
    const [cert, ownKey, request] = ['own.pem', 'own.key', 'own.csr'].map((each) => join(folder, each)) as [
      string,
      string,
      string,
    ];
    openssl(
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', ownKey].concat(
        '-subj',
        `/CN=${name}`,
        '-out',
        request,
      ),
    );
    openssl('x509', '-req', '-in', request, '-signkey', ownKey, '-days', String(days), '-out', cert);
    await served(createServer({ cert: readFileSync(cert), key: readFileSync(ownKey) }), async (port) => {
      const asked = `
        import { limitedFetch } from ${JSON.stringify(new URL('../../dist/rig/web/limited-fetch.js', import.meta.url))};
        import { openWebSocket } from ${JSON.stringify(new URL('../../dist/src/hal/distant/index.js', import.meta.url))};
        const say = (error) => console.log(error.message);
        await limitedFetch('https://localhost:${port}/').catch(say);
        await openWebSocket({ url: 'wss://localhost:${port}/', headers: {}, timeoutMs: 5000 }).catch(say);`;
      // Whom a process trusts is read at its start.
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', asked], {
        env: { ...process.env, ...(trusted && { NODE_EXTRA_CA_CERTS: cert }) },
      });
      const said = stdout.trim().split('\n');
      expect(said).toHaveLength(2);
      for (const each of said) expect(each).toContain(`https://localhost:${port} cannot be reached: ${words}`);
    });
  });

  it('says when one end speaks TLS and the other does not', async () => {
    const tls = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
    await served(tls, async (port) => {
      const broke = 'cannot be reached: the connection broke: does it speak TLS there (https), or does it not?';
      await expect(limitedFetch(`http://127.0.0.1:${port}/`, {})).rejects.toThrow(broke);
      const pinned = { fetch: pinnedFetch(wrong) };
      const other = 'cannot be reached: the server has another key than the one that was pinned';
      await expect(limitedFetch(`https://127.0.0.1:${port}/`, {}, pinned)).rejects.toThrow(other);
    });
    await served(createHttpServer(), async (port) => {
      const words = 'cannot be reached: it does not speak TLS there: is it http?';
      await expect(limitedFetch(`https://127.0.0.1:${port}/`, {})).rejects.toThrow(words);
      await expect(limitedFetch(`https://127.0.0.1:${port}/`, {}, { fetch: pinnedFetch(pin) })).rejects.toThrow(words);
    });
  });
});

async function served(server: Server, work: (port: number) => Promise<void>): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}
