import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import {
  DistantReader,
  FarEnd,
  MOST_MESSAGE_CHARACTERS,
  openWebSocket,
  webSocketChannel,
} from '../../../src/hal/distant/index.ts';
import type { Channel } from '../../../src/hal/distant/messages.ts';
import { createLoopback } from '../../../src/hal/loopback/index.ts';
import type { Reader } from '../../../src/hal/reader.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { type ReaderSubject, readerContract } from '../../contract/reader.ts';
import { type CardOnLink, putOnLink, whileServed } from '../../contract/served-link.ts';
import { TOY, ToyCard, toyCommand } from '../../contract/toy-card.ts';

/** Two ends of a channel in memory; what one closes both hear. */
function wire(): readonly [Channel, Channel] {
  const heard: ((text: string) => void)[] = [];
  const told: ((reason: string) => void)[] = [];
  const end = (own: number): Channel => ({
    send: (text) => heard[1 - own]?.(text),
    close: () => {
      for (const each of told) each('closed');
    },
    onText: (take) => {
      heard[own] = take;
    },
    onClose: (take) => void told.push(take),
  });
  return [end(0), end(1)];
}

/** A far end on a real WebSocket: a loopback reader, with the cards that a test puts in. */
async function farReader(): Promise<{
  readonly channel: Channel;
  readonly loopback: ReturnType<typeof createLoopback>;
  readonly server: WebSocketServer;
}> {
  const loopback = createLoopback({ interface: 'contact', clock: systemClock, name: 'far loopback' });
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: MOST_MESSAGE_CHARACTERS });
  await once(server, 'listening');
  server.on(
    'connection',
    (socket) => new FarEnd(webSocketChannel(socket), { reader: loopback.reader, name: 'far loopback' }),
  );
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { channel: await openWebSocket({ url, headers: {}, timeoutMs: 5000 }), loopback, server };
}

readerContract('lab, at another machine over a WebSocket', async (): Promise<ReaderSubject> => {
  const { channel, loopback, server } = await farReader();
  const { link, reader } = loopback;
  let inserted: CardOnLink | null = null;
  return {
    reader: new DistantReader(channel, systemClock),
    readerName: 'far loopback',
    largestCommand: link.limits.largestCommand,
    insert: async (card) => {
      inserted = putOnLink(link, card);
    },
    remove: async () => {
      await inserted?.remove();
    },
    missesCard: async () => {},
    occupy: async () => {
      await reader.connect({ timeoutMs: 0 });
    },
    dispose: async () => {
      await inserted?.remove();
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
});

describe('a reader at another machine', () => {
  it('tells the time at the card from that of the network', async () => {
    const { channel, loopback, server } = await farReader();
    const reader = new DistantReader(channel, systemClock);
    await whileServed(loopback.link, new ToyCard(), async () => {
      const session = await reader.connect({ timeoutMs: 5000 });
      const before = systemClock.nowNs();
      const { startNs, endNs, networkNs } = await session.transmit(toyCommand(TOY.echo, 8));
      const after = systemClock.nowNs();
      expect(networkNs).toBeGreaterThan(0);
      expect(startNs).toBeGreaterThanOrEqual(before);
      expect(endNs).toBeLessThanOrEqual(after);
      expect(endNs - startNs + networkNs!).toBeLessThanOrEqual(after - before);
      await reader.close();
    });
    server.close();
  });

  it('asks once and hears once for an exchange, so that it costs one round trip', async () => {
    const { channel, loopback, server } = await farReader();
    let [sent, came] = [0, 0];
    const counted: Channel = {
      ...channel,
      send: (text) => {
        sent++;
        channel.send(text);
      },
      onText: (take) =>
        channel.onText((text) => {
          came++;
          take(text);
        }),
    };
    const reader = new DistantReader(counted, systemClock);
    await whileServed(loopback.link, new ToyCard(), async () => {
      const session = await reader.connect({ timeoutMs: 5000 });
      [sent, came] = [0, 0];
      for (let i = 0; i < 3; i++) await session.transmit(toyCommand(TOY.echo, 8));
      expect([sent, came]).toEqual([3, 3]);
      await reader.close();
    });
    server.close();
  });

  it('is lost when the way to it is, with all that waits', async () => {
    const { channel, server } = await farReader();
    const reader = new DistantReader(channel, systemClock);
    const waiting = expect(reader.connect({ timeoutMs: 60_000 })).rejects.toMatchObject({ kind: 'reader-lost' });
    await reader.list();
    for (const client of server.clients) client.terminate();
    await waiting;
    await expect(reader.list()).rejects.toMatchObject({ kind: 'reader-lost' });
    server.close();
  });

  it('hears what is said as soon as the way is open', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    server.on('connection', (socket) => socket.send('first'));
    const channel = await openWebSocket({
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      headers: {},
      timeoutMs: 5000,
    });
    // Long after the message came.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const heard = await new Promise<string>((resolve) => channel.onText(resolve));
    expect(heard).toBe('first');
    channel.close();
    server.close();
  });

  it('gives no other reader than its own', async () => {
    const { channel, server } = await farReader();
    const reader = new DistantReader(channel, systemClock);
    await expect(reader.connect({ timeoutMs: 0, reader: 'another' })).rejects.toMatchObject({ kind: 'no-reader' });
    await reader.close();
    server.close();
  });

  it.each([
    ['no JSON', 'hello'],
    ['no number', '{"ok":"done"}'],
    ['an answer to nothing', '{"id":77,"readers":[]}'],
    ['too much', JSON.stringify({ id: 1, readers: 'x'.repeat(200_000) })],
  ])('does not go on with an other end that sends %s', async (_, text) => {
    let hear = (_text: string): void => {};
    let closed = false;
    const channel: Channel = {
      send: () => hear(text),
      close: () => {
        closed = true;
      },
      onText: (take) => {
        hear = take;
      },
      onClose: () => {},
    };
    await expect(new DistantReader(channel, systemClock).list()).rejects.toMatchObject({ kind: 'protocol' });
    expect(closed).toBe(true);
  });

  it.each([
    ['a list that is none', { readers: 7 }],
    ['a reader without a name', { readers: [{ cardPresent: true, atr: null }] }],
    ['an ATR that is none', { readers: [{ name: 'a', cardPresent: true, atr: 'XY' }] }],
  ])('refuses %s', async (_, answer) => {
    let hear = (_text: string): void => {};
    const channel: Channel = {
      send: () => hear(JSON.stringify({ id: 1, ...answer })),
      close: () => {},
      onText: (take) => {
        hear = take;
      },
      onClose: () => {},
    };
    await expect(new DistantReader(channel, systemClock).list()).rejects.toMatchObject({ kind: 'protocol' });
  });

  it('is given up when the person wants an end and nobody answers: on the way, and while a card is waited for', async () => {
    // Says nothing to a handshake.
    const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const stop = new AbortController();
    const opening = openWebSocket({ url, headers: {}, timeoutMs: 60_000, signal: stop.signal });
    await once(silent, 'connection');
    stop.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
    silent.close();

    let closed = false;
    const close = (): void => {
      closed = true;
    };
    const channel: Channel = { send: () => {}, close, onText: () => {}, onClose: () => {} };
    const ending = new AbortController();
    const reader = new DistantReader(channel, systemClock, ending.signal);
    const session = reader.connect({ timeoutMs: 60_000, signal: ending.signal });
    ending.abort();
    await expect(session).rejects.toMatchObject({ kind: 'aborted' });
    await reader.close();
    expect(closed).toBe(true);
  });

  it('an other end that has vanished does not hold up the closing', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [[, request], channel] = await Promise.all([
      once(server, 'connection') as Promise<[unknown, IncomingMessage]>,
      openWebSocket({ url, headers: {}, timeoutMs: 5000 }),
    ]);
    // It reads nothing any more, the question to close neither.
    request.socket.pause();
    const over = new Promise((resolve) => channel.onClose(resolve));
    channel.close();
    expect(await over).toBe('the other end of the way to the reader has gone');
    for (const client of server.clients) client.terminate();
    server.close();
  });

  it('says at which bench it stands', async () => {
    const loopback = createLoopback({ interface: 'contact', clock: systemClock, name: 'ACS 00 00' });
    const [near, far] = wire();
    void new FarEnd(far, { reader: loopback.reader, name: null, at: 'bench one' });
    const reader = new DistantReader(near, systemClock);
    await whileServed(loopback.link, new ToyCard(), async () => {
      expect((await reader.connect({ timeoutMs: 5000 })).reader).toBe('ACS 00 00 at bench one');
      await reader.close();
    });
  });

  it('a card that answers after the other end has gone is given back', async () => {
    const [near, far] = wire();
    const ended: string[] = [];
    let answer = (): void => {};
    const reader = {
      driver: 'test',
      list: async () => [],
      close: async () => {},
      connect: () =>
        new Promise((resolve) => {
          answer = () => resolve({ reader: 'r', disconnect: async (how: string) => void ended.push(how) });
        }),
    } as unknown as Reader;
    const end = new FarEnd(far, { reader, name: null });
    const asked = new DistantReader(near, systemClock).connect({ timeoutMs: 5000 });
    asked.catch(() => {});
    near.close();
    await end.ended;
    answer();
    await vi.waitFor(() => expect(ended).toEqual(['reset']));
  });

  it('says why a server refuses, by its kind', async () => {
    await expect(openWebSocket({ url: 'ws://127.0.0.1:1', headers: {}, timeoutMs: 1000 })).rejects.toMatchObject({
      kind: 'no-service',
    });
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: 0,
      verifyClient: (_info: unknown, done: (ok: boolean, status: number, message: string) => void) =>
        done(false, 404, JSON.stringify({ message: 'no bench has blue-42' })),
    });
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(openWebSocket({ url, headers: {}, timeoutMs: 1000 })).rejects.toMatchObject({ kind: 'no-reader' });
    server.close();
  });
});
