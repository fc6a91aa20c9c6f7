import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { limitedFetch } from '../../../rig/web/limited-fetch.ts';

let server: Server;
afterEach(() => void server.close());

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

/**
 * A server that breaks the connection of the first requests, as one does that gives an idle connection up in the moment in
 * which it is used again, or that is killed.
 * @returns its address, and how many requests it saw
 */
async function serve(broken: number): Promise<{ readonly url: string; seen(): number }> {
  let seen = 0;
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => {
      if (++seen <= broken) socket.resetAndDestroy();
      else socket.end(OK);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, seen: () => seen };
}

describe('a connection that breaks before its answer', () => {
  it('is no reason for a refusal where the request may be carried out twice', async () => {
    const { url, seen } = await serve(1);
    expect((await limitedFetch(url, {}, { idempotent: true })).text).toBe('ok');
    expect(seen()).toBe(2);
  });

  it('is told where nobody knows whether it was carried out', async () => {
    const { url, seen } = await serve(1);
    await expect(limitedFetch(url, { method: 'POST' })).rejects.toThrow('cannot be reached: the connection broke');
    expect(seen()).toBe(1);
  });

  it('is made once more, and not for ever', async () => {
    const { url, seen } = await serve(9);
    await expect(limitedFetch(url, {}, { idempotent: true })).rejects.toThrow('the connection broke');
    expect(seen()).toBe(2);
  });
});
