import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serve } from '../rig/web/served.ts';
import { describeNeeds } from './real-parts.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-listening-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A certificate and its key, by OpenSSL. */
function certificateFor(names: string): { certificate: string; key: string } {
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const named = ['-subj', '/CN=other.example', '-addext', `subjectAltName=${names}`];
  execFileSync('openssl', [...made, ...named, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  execFileSync('chmod', ['600', key]);
  return { certificate, key };
}

function statusAt(address: string): Promise<number | undefined> {
  const { hostname, port, host } = new URL(address);
  return new Promise((resolve, reject) => {
    // No name service knows these names.
    const options = { host: '127.0.0.1', port, path: '/openapi.json', headers: { host }, rejectUnauthorized: false };
    request({ ...options, servername: /^[\d[]/.test(hostname) ? '' : hostname, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describeNeeds(['openssl'], 'the address that a server with TLS prints is one that it answers at', () => {
  it.each([
    ['0.0.0.0', 'DNS:lab.example,IP:127.0.0.1', 'https://lab.example'],
    ['0.0.0.0', 'DNS:*.lab.example,DNS:Bench.lab.example', 'https://bench.lab.example'],
    ['0.0.0.0', 'IP:192.0.2.7', 'https://192.0.2.7'],
    ['127.0.0.1', 'DNS:lab.example', 'https://127.0.0.1'],
  ])('on %s, certified as %s', async (host, names, origin) => {
    const at = await serve(() => {}, { host, tls: certificateFor(names) });
    try {
      expect(at.pageAddress()).toBe(`${origin}:${at.port}/#${at.server.secret}`);
      expect(await statusAt(at.origin)).toBe(200);
    } finally {
      await at.server.close();
    }
  });
});
