import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LinkEvent } from '../../../src/hal/card-link.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { VpcdLink } from '../../../src/hal/vpcd/index.ts';
import { cardLinkContract } from '../../contract/card-link.ts';
import { produced, TOY, ToyCard, toyCommand } from '../../contract/toy-card.ts';
import { FakeVpcd, message } from './fake-vpcd.ts';

cardLinkContract('vpcd, with a peer that plays pcscd', 'leaves', async () => {
  const peer = await FakeVpcd.listen();
  const link = new VpcdLink({ interface: 'contact', clock: systemClock, port: peer.port });
  return { link, peer, dispose: () => peer.leave() };
});

/** How long a peer may say nothing where that is not what is tested. */
const SILENCE_MS = 30_000;

describe('vpcd link', () => {
  let peer: FakeVpcd;
  let link: VpcdLink;
  let card: ToyCard;
  let events: LinkEvent['type'][];
  let ended: Promise<void>;
  const serve = (options: Partial<ConstructorParameters<typeof VpcdLink>[0]> = {}): void => {
    link = new VpcdLink({ interface: 'contact', clock: systemClock, port: peer.port, ...options });
    ended = link.serve(card, ({ type }) => events.push(type));
    ended.catch(() => {});
  };
  beforeEach(async () => {
    peer = await FakeVpcd.listen();
    card = new ToyCard();
    events = [];
  });
  afterEach(async () => {
    link.stop();
    await ended.catch(() => {});
    await peer.leave();
  });

  /** A port on which nobody listens. */
  async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }

  it('says where it is and what it can carry', () => {
    serve();
    expect(link.name).toBe(`vpcd:127.0.0.1:${peer.port}`);
    expect([link.limits.largestCommand, link.limits.largestResponse]).toEqual([65_535, 65_535]);
  });

  it('answers to the ATR before there is power', async () => {
    serve();
    await peer.accept();
    expect(await peer.getAtr()).toEqual(Buffer.from(card.atr()));
    expect(card.told.powerOn).toBe(0);
  });

  it.each([
    ['power off', '0001 00', { powerOn: 0, reset: 0, fieldOff: 1 }],
    ['power on', '0001 01', { powerOn: 1, reset: 0, fieldOff: 0 }],
    ['reset', '0001 02', { powerOn: 0, reset: 1, fieldOff: 0 }],
  ])('answers nothing to %s', async (_, control, told) => {
    serve();
    await peer.accept();
    peer.send(Buffer.concat([Buffer.from(control.replace(' ', ''), 'hex'), Buffer.of(0, 1, 4)]));
    // The answer to the question after it is the first thing to come.
    expect(await peer.receive()).toEqual(Buffer.from(card.atr()));
    expect(card.told).toMatchObject(told);
  });

  it('gives power by itself when a command comes without, as after a swap that pcscd did not see', async () => {
    serve();
    await peer.accept();
    await peer.transmit(toyCommand(TOY.odd, 4));
    await peer.transmit(toyCommand(TOY.odd, 4));
    expect(events).toEqual(['attached', 'power-on', 'exchange', 'exchange']);
    expect(card.told).toMatchObject({ powerOn: 1, process: 2 });
    await peer.powerOff();
    await peer.transmit(toyCommand(TOY.odd, 4));
    expect(card.told).toMatchObject({ powerOn: 2, process: 3 });
  });

  it.each([0, 1, 2, 3])('leaves a command of %i bytes to the card', async (length) => {
    serve();
    await peer.accept();
    peer.send(message(Uint8Array.of(0x09, 0x99, 0x00).subarray(0, length)));
    expect(await peer.receive()).toEqual(Buffer.of(0x6d, 0x00));
    expect(card.told.process).toBe(1);
  });

  it('answers commands that come together, in order, and one that comes in pieces', async () => {
    serve();
    await peer.accept();
    const commands = [4, 300, 20].map((length) => toyCommand(TOY.echo, length, length));
    const stream = Buffer.concat(commands.map(message));
    peer.send(stream.subarray(0, 150));
    await vi.waitFor(() => expect(card.told.process).toBe(1), 20_000);
    peer.send(stream.subarray(150));
    for (const command of commands) expect(await peer.receive()).toEqual(Buffer.of(...command, 0x90, 0x00));
  });

  it('does not overwrite long answers that the peer has not read yet', async () => {
    serve();
    await peer.accept();
    const lengths = [65_533, 65_000, 64_000, 63_000, 65_533, 65_000, 64_000, 63_000];
    const commands = lengths.map((length) => message(toyCommand(TOY.produce, 5, length)));
    peer.send(Buffer.concat(commands));
    for (const length of lengths) expect(Buffer.compare(await peer.receive(), produced(length))).toBe(0);
  });

  it.each([
    ['no-port', 'ECONNREFUSED', async () => ({ port: await freePort() }), /nobody listens on 127\.0\.0\.1 port \d+/],
    ['no-port', 'unknown host', async () => ({ host: 'no-such-host.invalid' }), /no-such-host\.invalid/],
  ] as const)('fails at the start with %s: %s', async (kind, _, where, words) => {
    serve(await where());
    await expect(ended).rejects.toMatchObject({ kind, message: expect.stringMatching(words) });
    expect(events).toEqual([]);
  });

  it('reaches a host by its name', async () => {
    serve({ host: 'localhost' });
    await peer.powerOn();
    expect(await peer.transmit(toyCommand(TOY.odd, 4))).toEqual(Uint8Array.of(0x12, 0x34));
  });

  it('waits for a peer that is not there yet, when asked to', async () => {
    await peer.leave();
    serve({ waitForPeer: true });
    await peer.comeBack();
    await peer.powerOn();
    await vi.waitFor(() => expect(events).toEqual(['attached', 'power-on']), 20_000);
  });

  it('says that it waits when the peer takes the connection and says nothing', async () => {
    serve({ silenceMs: 20 });
    await peer.accept();
    await vi.waitFor(() => expect(events).toEqual(['waiting']), 20_000);
    await peer.powerOn();
    await vi.waitFor(() => expect(events).toEqual(['waiting', 'attached', 'power-on']), 20_000);
  });

  it('tries again without a word of loss when a silent peer hangs up', async () => {
    serve();
    await peer.accept();
    peer.hangUp();
    await peer.accept();
    await peer.getAtr();
    expect(events).toEqual(['attached']);
    expect(card.told.fieldOff).toBe(0);
  });

  it('waits twice as long after each try, a second at most, and begins anew when it was served', async () => {
    const waits: number[] = [];
    const { setTimeout: timer } = globalThis;
    const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms: number) => {
      if (ms !== SILENCE_MS) waits.push(ms);
      return timer(run, ms === SILENCE_MS ? ms : 0);
    }) as typeof setTimeout);
    try {
      await peer.leave();
      serve({ waitForPeer: true, silenceMs: SILENCE_MS });
      await vi.waitFor(() => expect(waits.length).toBeGreaterThanOrEqual(7), 20_000);
      expect(waits.slice(0, 7)).toEqual([50, 100, 200, 400, 800, 1000, 1000]);
      await peer.comeBack();
      await peer.accept();
      await peer.getAtr();
      waits.length = 0;
      peer.hangUp();
      await vi.waitFor(() => expect(waits.length).toBeGreaterThan(0), 20_000);
      expect(waits[0]).toBe(50);
    } finally {
      spy.mockRestore();
    }
  });

  it('forgets half a message of a connection that was lost', async () => {
    serve();
    await peer.accept();
    await peer.getAtr();
    peer.send(Buffer.of(0x00, 0x10, 0x00, 0xe0));
    peer.hangUp();
    await vi.waitFor(() => expect(events).toContain('lost'), 20_000);
    await peer.accept();
    expect(await peer.getAtr()).toEqual(Buffer.from(card.atr()));
    expect(card.told.process).toBe(0);
  });

  it('never sends an empty answer: a card that gives one is at fault', async () => {
    card.process = () => 0;
    serve();
    await peer.accept();
    await peer.getAtr();
    peer.send(message(toyCommand(TOY.echo, 4)));
    await expect(ended).rejects.toThrow(RangeError);
    expect(peer.received).toHaveLength(0);
  });

  it('lets a listener that fails end it, and nothing else', async () => {
    link = new VpcdLink({ interface: 'contact', clock: systemClock, port: peer.port });
    ended = link.serve(card, () => {
      throw new Error('a bug of the listener');
    });
    ended.catch(() => {});
    await peer.accept();
    peer.send(Buffer.of(0, 1, 4));
    await expect(ended).rejects.toThrow('a bug of the listener');
  });
});
