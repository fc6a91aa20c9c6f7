import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import type { WebServer } from '../../rig/web/server.ts';
import { type Served, serve } from '../rig/web/served.ts';
import { describeNeeds } from './real-parts.ts';

const running: Served[] = [];
const folder = mkdtempSync(join(tmpdir(), 'vitap-web-'));
afterEach(async () => {
  for (const { server } of running.splice(0)) await server.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function started(...given: Parameters<typeof serve>): Promise<Served> {
  const served = await serve(...given);
  running.push(served);
  return served;
}

const hello = ({ app }: WebServer): void => {
  app.get('/hello', { config: { access: 'open' } }, async () => ({ says: 'hello' }));
};

describeNeeds(['openssl'], 'web server with TLS', () => {
  const cert = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  const other = join(folder, 'other.pem');
  const make = (keyFile: string, certFile: string): void => {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...[
          '-subj',
          '/CN=issuer.test',
          '-addext',
          'subjectAltName=DNS:issuer.test',
          '-keyout',
          keyFile,
          '-out',
          certFile,
        ],
      ],
      { stdio: 'ignore' },
    );
    chmodSync(keyFile, 0o600);
  };
  make(key, cert);
  make(other, join(folder, 'other-cert.pem'));

  const askTls = (port: number, host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        path: '/hello',
        rejectUnauthorized: false,
        headers: { host },
        agent: false,
      };
      httpsRequest(options, (answer) => resolve(answer.resume().statusCode ?? 0))
        .on('error', reject)
        .end();
    });

  it('its own names are those of the certificate', async () => {
    const at = await started(hello, { host: '0.0.0.0', tls: { certificate: cert, key } });
    expect(at.origin).toBe(`https://issuer.test:${at.port}`);
    expect(await askTls(at.port, `issuer.test:${at.port}`)).toBe(200);
    expect(await askTls(at.port, `localhost:${at.port}`)).toBe(421);
    expect(await askTls(at.port, `attacker.example:${at.port}`)).toBe(421);
  });

  it.each([
    ['no certificate', key, key, /key\.pem: no certificate in PEM$/],
    ['another key', cert, other, /other\.pem: not the private key .* of .*cert\.pem$/],
    ['no key', cert, cert, /others than its owner have rights to this private key|not the private key/],
  ])('%s', async (_name, certificate, keyFile, message) => {
    await expect(serve(hello, { host: '0.0.0.0', tls: { certificate, key: keyFile } })).rejects.toMatchObject({
      name: 'CannotRun',
      message: expect.stringMatching(message),
    });
  });

  it.runIf(process.platform !== 'win32')('a key that others may read is refused', async () => {
    const open = join(folder, 'open.pem');
    make(open, join(folder, 'open-cert.pem'));
    chmodSync(open, 0o644);
    const tls = { certificate: join(folder, 'open-cert.pem'), key: open };
    await expect(serve(hello, { tls })).rejects.toMatchObject({ message: expect.stringContaining('chmod 600') });
  });
});
